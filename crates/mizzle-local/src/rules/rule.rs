//! One row of the table of refusals: the shape of a statement, and what is said to it.

use squawk_syntax::SyntaxKind;

use super::shape::Shape;
use crate::refusal::Refusal;
use crate::statement::Tree;

/// One refusal. Build rows with the functions below, one for each of the service's patterns of speech.
pub(super) struct Rule {
    shape: Shape,
    pub(super) state: &'static str,
    says: Says,
    hint: Option<&'static str>,
    /// Where the fact comes from: a page of the user guide, or the tool whose authors saw it. `pattern` marks a text
    /// that no public source gives and that follows what the service says elsewhere.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(super) source: &'static str,
}

/// The service's patterns of speech. `{}` stands for what the shape found.
enum Says {
    Text(&'static str),
    /// `unsupported statement: <node>`, PostgreSQL's parse node without `Stmt`.
    Statement(&'static str),
    /// `unsupported <command> <action> statement`.
    Action(&'static str, &'static str),
    /// `<clause> not supported for <command>`.
    Clause(&'static str, &'static str),
    /// PostgreSQL 16 has no such production.
    Syntax,
}

/// `unsupported statement: <node>`.
pub(super) const fn statement(kind: SyntaxKind, node: &'static str, source: &'static str) -> Rule {
    statement_like(Shape::Is(kind), node, source)
}

/// [`statement`], for what one kind of node does not tell.
pub(super) const fn statement_like(shape: Shape, node: &'static str, source: &'static str) -> Rule {
    row(shape, "0A000", Says::Statement(node), source)
}

/// `unsupported ALTER TABLE <action> statement`.
pub(super) const fn alter(part: SyntaxKind, action: &'static str, source: &'static str) -> Rule {
    alter_like(Shape::Has(SyntaxKind::ALTER_TABLE, part), action, source)
}

/// [`alter`], for what one kind of node does not tell.
pub(super) const fn alter_like(shape: Shape, action: &'static str, source: &'static str) -> Rule {
    row(shape, "0A000", Says::Action("ALTER TABLE", action), source)
}

/// `unsupported <command> <action> statement`.
pub(super) const fn action(
    shape: Shape,
    command: &'static str,
    action: &'static str,
    source: &'static str,
) -> Rule {
    row(shape, "0A000", Says::Action(command, action), source)
}

/// `<clause> not supported for <command>`.
pub(super) const fn clause(
    shape: Shape,
    clause: &'static str,
    command: &'static str,
    source: &'static str,
) -> Rule {
    row(shape, "0A000", Says::Clause(clause, command), source)
}

/// A text of its own.
pub(super) const fn no(shape: Shape, text: &'static str, source: &'static str) -> Rule {
    row(shape, "0A000", Says::Text(text), source)
}

/// A text of its own, under another SQLSTATE than 0A000.
pub(super) const fn error(
    shape: Shape,
    state: &'static str,
    text: &'static str,
    source: &'static str,
) -> Rule {
    row(shape, state, Says::Text(text), source)
}

/// What PostgreSQL 16 cannot read, whatever the PostgreSQL behind can.
pub(super) const fn newer(shape: Shape, source: &'static str) -> Rule {
    row(shape, "42601", Says::Syntax, source)
}

const fn row(shape: Shape, state: &'static str, says: Says, source: &'static str) -> Rule {
    Rule { shape, state, says, hint: None, source }
}

impl Rule {
    /// The rule with what to do instead.
    pub(super) const fn hint(mut self, hint: &'static str) -> Rule {
        self.hint = Some(hint);
        self
    }

    /// Whether it refuses this node of PostgreSQL's.
    pub(super) fn is_about(&self, node: &str) -> bool {
        matches!(self.says, Says::Statement(refused) if refused == node)
    }

    /// What is said to the statement, if its shape fits.
    pub(super) fn refusal(&self, tree: &Tree) -> Option<Refusal> {
        let found = self.shape.find(tree)?;
        let text = match self.says {
            Says::Text(text) => text.to_owned(),
            Says::Statement(node) => format!("unsupported statement: {node}"),
            Says::Action(command, action) => format!("unsupported {command} {action} statement"),
            Says::Clause(clause, command) => format!("{clause} not supported for {command}"),
            Says::Syntax => "syntax error at or near \"{}\"".to_owned(),
        };
        let refusal = Refusal::new(self.state, text.replace("{}", &found));
        Some(match self.hint {
            Some(hint) => refusal.with_hint(hint),
            None => refusal,
        })
    }
}
