//! One rule: what it looks for, and the page that tells of it.

use std::ops::Range;

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::finding::{Hit, Severity};
use super::model::Model;
use super::script::Script;
use super::statement::Statement;

/// What the lint knows to look for.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as suppressions and pages spell it.
    pub id: &'static str,
    /// One sentence.
    pub title: &'static str,
    /// Why it matters, and what Aurora DSQL does.
    pub why: &'static str,
    /// The SQLSTATE that Aurora DSQL refuses with; none when it accepts.
    pub state: Option<&'static str>,
    /// Where the fact comes from: pages of the user guide, or a tool whose authors saw it.
    pub source: &'static str,
    /// What to write instead.
    pub hint: &'static str,
    /// SQL that it finds.
    pub bad: &'static str,
    /// SQL that does the same and is clean.
    pub good: &'static str,
    pub(crate) severity: Severity,
    /// What is said of a finding; `{}` stands for what was found.
    pub(crate) says: &'static str,
    pub(crate) look: Look,
}

/// How a rule looks.
#[derive(Debug)]
pub(crate) enum Look {
    /// For nodes of these kinds, anywhere.
    Kinds(&'static [SyntaxKind]),
    /// For nodes of the second kinds in a node of the first.
    Clauses(&'static [SyntaxKind], &'static [SyntaxKind]),
    /// For the same, which can go without harm.
    Spare(&'static [SyntaxKind], &'static [SyntaxKind]),
    /// At one statement of a text.
    Statement(fn(&Script<'_>, &Statement<'_>) -> Vec<Hit>),
    /// At a whole text.
    Script(fn(&Script<'_>) -> Vec<Hit>),
    /// At one statement and the tables as they are before it.
    Before(fn(&Statement<'_>, &Model) -> Vec<Hit>),
    /// At all tables, when every text has been read.
    Model(fn(&Model) -> Vec<Hit>),
    /// The lint itself reports it.
    Own,
}

impl Rule {
    pub(crate) fn message(&self, found: &str) -> String {
        self.message_of(&[found])
    }

    /// Fills the places of the message one after the other.
    pub(crate) fn message_of(&self, found: &[&str]) -> String {
        found.iter().fold(self.says.to_owned(), |message, found| message.replacen("{}", found, 1))
    }

    /// What it finds in one statement.
    pub(crate) fn hits(&self, script: &Script<'_>, statement: &Statement<'_>, model: &Model) -> Vec<Hit> {
        let hit = |span: Range<usize>, shown: Range<usize>| {
            let found = statement.said(shown).split_whitespace().collect::<Vec<_>>().join(" ");
            Hit::at(statement.source, span, self.message(&found))
        };
        let clauses = |within: &'static [SyntaxKind], kinds: &'static [SyntaxKind]| {
            let inside = move |node: &SyntaxNode| {
                within.is_empty() || node.ancestors().skip(1).any(|over| within.contains(&over.kind()))
            };
            statement.all(kinds).filter(inside).collect::<Vec<_>>()
        };
        match self.look {
            Look::Kinds(kinds) => {
                let found = outermost(statement.all(kinds).collect());
                found.iter().map(|node| hit(statement.head_of(node), statement.head_of(node))).collect()
            }
            Look::Clauses(within, kinds) => {
                let found = outermost(clauses(within, kinds));
                found.iter().map(|node| hit(statement.span_of(node), statement.head_of(node))).collect()
            }
            Look::Spare(within, kinds) => {
                let found = outermost(clauses(within, kinds));
                let spare = |node: &SyntaxNode| {
                    let span = statement.span_of(node);
                    hit(span.clone(), statement.head_of(node)).fix([script.remove(span)])
                };
                found.iter().map(spare).collect()
            }
            Look::Statement(look) => look(script, statement),
            Look::Before(look) => look(statement, model),
            Look::Script(_) | Look::Model(_) | Look::Own => Vec::new(),
        }
    }
}

/// Those that are in no other of them.
fn outermost(nodes: Vec<SyntaxNode>) -> Vec<SyntaxNode> {
    let all = nodes.clone();
    nodes.into_iter().filter(|node| !node.ancestors().skip(1).any(|over| all.contains(&over))).collect()
}
