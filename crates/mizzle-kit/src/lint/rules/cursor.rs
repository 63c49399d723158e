//! There are no cursors.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "cursor",
    title: "There are no cursors.",
    why: "Drivers that read large results through server-side cursors (`DECLARE`, or `FETCH` by portal in SQL) \
           have to read them in pages.",
    state: Some("0A000"),
    source: "orms",
    hint: "Read in pages by key: WHERE id > $1 ORDER BY id LIMIT 1000",
    bad: "\
BEGIN;
DECLARE pets CURSOR FOR SELECT name FROM pet;
COMMIT;",
    good: "SELECT name FROM pet WHERE id > '00000000-0000-0000-0000-000000000000' ORDER BY id LIMIT 1000;",
    severity: Severity::Error,
    says: "`{}` needs a cursor",
    look: Look::Kinds(&[K::DECLARE, K::FETCH, K::MOVE, K::CLOSE]),
};
