//! Tables cannot be locked.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "lock-table",
    title: "Tables cannot be locked.",
    why: "Nobody waits on Aurora DSQL: of two transactions that change the same row, the later to commit fails \
           with 40001.",
    state: Some("0A000"),
    source: "lint, skill",
    hint: "Lock the rows that the decision depends on with SELECT … FOR UPDATE, and retry on 40001",
    bad: "\
BEGIN;
LOCK TABLE owner IN EXCLUSIVE MODE;
UPDATE owner SET city = 'Bern' WHERE name = 'Ann';
COMMIT;",
    good: "\
BEGIN;
SELECT id FROM owner WHERE name = 'Ann' FOR UPDATE;
UPDATE owner SET city = 'Bern' WHERE name = 'Ann';
COMMIT;",
    severity: Severity::Error,
    says: "`{}` locks a table",
    look: Look::Kinds(&[K::LOCK]),
};
