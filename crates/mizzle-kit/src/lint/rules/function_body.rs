//! A function changes no catalog.

use super::super::body;
use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::{Class, Statement};

pub(super) static RULE: Rule = Rule {
    id: "function-body",
    title: "A function changes no catalog.",
    why: "What is refused alone is refused in a function too, and reported by its own rule. Whether DDL may \
           stand there nobody says; the local DSQL refuses it, since it would escape the rule of one DDL \
           statement in a transaction.",
    state: Some("0A000"),
    source: "pattern",
    hint: "Run it as a statement of its own",
    bad: "CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'CREATE TABLE forgotten (id uuid PRIMARY \
           KEY)';",
    good: "CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'DELETE FROM pet WHERE owner_id IS NULL';",
    severity: Severity::Error,
    says: "`{}` in the text of a function",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let inner = body::statements(script, statement);
    let ddl = inner.iter().filter(|statement| statement.class() == Class::Ddl);
    let hit = |statement: &Statement<'_>| {
        Hit::at(script.source, statement.head(), RULE.message(statement.said(statement.head())))
    };
    ddl.map(hit).collect()
}
