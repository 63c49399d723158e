//! Every transaction is REPEATABLE READ.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "isolation-level",
    title: "Every transaction is REPEATABLE READ.",
    why: "The level is fixed. It is snapshot isolation: two transactions that each read what the other writes \
           may both commit, unless one of them locks it with FOR UPDATE.",
    state: Some("0A000"),
    source: "supported-sql-features",
    hint: "REPEATABLE READ, or nothing; lock what a decision depends on with SELECT … FOR UPDATE",
    bad: "\
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT name FROM pet;
COMMIT;",
    good: "\
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT name FROM pet;
COMMIT;",
    severity: Severity::Error,
    says: "`{}` is no isolation level of Aurora DSQL",
    look: Look::Statement(look),
};

/// `DEFERRABLE` belongs to SERIALIZABLE; of both nothing is left.
fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    if !matches!(statement.kind(), Some(K::BEGIN | K::SET_TRANSACTION)) {
        return Vec::new();
    }
    let levels = statement.all(&[
        K::SERIALIZABLE,
        K::READ_COMMITTED,
        K::READ_UNCOMMITTED,
        K::DEFERRABLE,
        K::NOT_DEFERRABLE,
    ]);
    let hit = |node: squawk_syntax::SyntaxNode| {
        let span = statement.span_of(&node);
        let said = statement.said(span.clone());
        let level = said.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("level")).skip(1);
        let level = level.collect::<Vec<_>>().join(" ");
        let hit =
            Hit::at(script.source, span.clone(), RULE.message(if level.is_empty() { said } else { &level }));
        match said.split_once(char::is_whitespace) {
            Some((word, _)) if word.eq_ignore_ascii_case("isolation") => {
                hit.fix([Edit::replace(span, "ISOLATION LEVEL REPEATABLE READ")])
            }
            _ => hit,
        }
    };
    levels.map(hit).collect()
}
