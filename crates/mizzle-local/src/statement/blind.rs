//! Statements that look at no row: what they do depends on their values alone.

use squawk_syntax::SyntaxKind as K;

use super::{Mode, Tree};

/// Functions that look at no table; any other may.
const BLIND: &[&str] = &[
    "clock_timestamp",
    "coalesce",
    "current_date",
    "current_timestamp",
    "gen_random_uuid",
    "greatest",
    "least",
    "lower",
    "md5",
    "nextval",
    "now",
    "nullif",
    "random",
    "statement_timestamp",
    "transaction_timestamp",
    "upper",
];

/// Whether it is an `INSERT … VALUES` with nothing in it that reads.
pub(super) fn of(tree: &Tree) -> bool {
    if tree.kind() != Some(K::INSERT) || tree.mode() != Mode::Plain || !tree.is_whole() {
        return false;
    }
    let mut values = false;
    for node in tree.nodes() {
        match node.kind() {
            K::VALUES if node.parent().is_some_and(|parent| parent.kind() == K::INSERT) => values = true,
            K::CALL_EXPR => {
                let text = node.text().to_string().to_lowercase();
                let name = text.split('(').next().unwrap_or_default().trim();
                if !BLIND.contains(&name.strip_prefix("pg_catalog.").unwrap_or(name)) {
                    return false;
                }
            }
            K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::TABLE | K::VALUES | K::WITH_CLAUSE => {
                return false;
            }
            K::CONFLICT_DO_UPDATE_SET | K::CONFLICT_DO_SELECT => return false,
            _ => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use crate::statement::Statement;

    #[test]
    fn an_insert_is_blind_when_its_values_say_everything() {
        for (sql, expect) in [
            ("insert into t values ($1, 'x')", true),
            ("insert into a.t (x, y) values (1, now()), (default, lower($1)) returning x, y", true),
            ("insert into t values (1) on conflict do nothing", true),
            ("insert into t (id) values (pg_catalog.gen_random_uuid()) returning id + 1", true),
            ("insert into t default values", false),
            ("insert into t values (1) on conflict (id) do update set a = 2", false),
            ("insert into t select 1", false),
            ("insert into t values ((select 1))", false),
            ("insert into t values (1) returning (select count(*) from t)", false),
            ("insert into t values (exists (select from t))", false),
            ("insert into t values (1 in (values (1)))", false),
            ("insert into t values (1 in (table t))", false),
            ("with x as (select 1) insert into t values (1)", false),
            ("insert into t values (f(1))", false),
            ("insert into t values (\"now\"())", false),
            ("insert into t values (public.now())", false),
            ("insert into t values (query_to_xml('select 1', true, true, '')::text)", false),
            ("update t set a = 1", false),
            ("delete from t", false),
        ] {
            assert_eq!(Statement::read(sql)[0].blind, expect, "{sql}");
        }
    }
}
