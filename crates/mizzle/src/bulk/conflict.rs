//! What becomes of a row that is there already.

use super::keyset::quoted;
use crate::def::TableDef;

/// What becomes of a row that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnConflict {
    /// The chunk fails with a unique violation.
    Fail,
    DoNothing,
    /// By these columns, which are unique; by the primary key if there are none.
    DoUpdate(Vec<&'static str>),
}

impl OnConflict {
    /// The clause behind an INSERT that fills these columns. A column that a row leaves to its default stays as it is; one that every
    /// update sets (`touched`, with its parameter) is set unless the row has a value for it.
    pub(super) fn clause(&self, table: &TableDef, filled: &[&str], touched: &[(&str, String)]) -> Clause {
        let unique = match self {
            Self::Fail => return Clause::default(),
            Self::DoNothing => return Clause::nothing(" ON CONFLICT DO NOTHING"),
            Self::DoUpdate(unique) if unique.is_empty() => table.primary_key,
            Self::DoUpdate(unique) => unique,
        };
        let given: Vec<&&str> = filled
            .iter()
            .filter(|name| !unique.contains(name) && !table.primary_key.contains(name))
            .collect();
        let unique: Vec<String> = unique.iter().map(|name| quoted(name)).collect();
        let unique = unique.join(", ");
        if given.is_empty() {
            return Clause::nothing(&format!(" ON CONFLICT ({unique}) DO NOTHING"));
        }
        let value = |name: &str| {
            touched.iter().find(|(touched, _)| *touched == name).map_or_else(
                || format!("EXCLUDED.{}", quoted(name)),
                |(_, value)| format!("COALESCE(EXCLUDED.{}, {value})", quoted(name)),
            )
        };
        let mut changes: Vec<String> =
            given.iter().map(|name| format!("{} = {}", quoted(name), value(name))).collect();
        let besides = touched.iter().filter(|(name, _)| !filled.contains(name));
        changes.extend(besides.map(|(name, value)| format!("{} = {value}", quoted(name))));
        Clause { sql: format!(" ON CONFLICT ({unique}) DO UPDATE SET {}", changes.join(", ")), updates: true }
    }
}

/// `ON CONFLICT …`, and whether it updates anything.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Clause {
    pub(super) sql: String,
    pub(super) updates: bool,
}

impl Clause {
    fn nothing(sql: &str) -> Self {
        Self { sql: sql.to_owned(), updates: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::def::TableKind;

    fn check(rule: &OnConflict, filled: &[&str], expect: &str) {
        assert_eq!(rule.clause(&OWNER, filled, &[]).sql, expect);
    }

    const OWNER: TableDef = TableDef {
        schema: None,
        name: "owner",
        kind: TableKind::Table,
        columns: &[],
        primary_key: &["id"],
        primary_key_name: "owner_pkey",
        uniques: &[],
        checks: &[],
        foreign_keys: &[],
        relations: &[],
        indexes: &[],
        comment: None,
        renamed_from: None,
    };

    #[test]
    fn what_a_row_leaves_out_stays_as_it_is() {
        check(&OnConflict::Fail, &["id", "name"], "");
        check(&OnConflict::DoNothing, &["id", "name"], " ON CONFLICT DO NOTHING");
        let by_key = OnConflict::DoUpdate(Vec::new());
        check(
            &by_key,
            &["id", "name", "city"],
            r#" ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name", "city" = EXCLUDED."city""#,
        );
        check(&by_key, &["id"], r#" ON CONFLICT ("id") DO NOTHING"#);
        let by_name = OnConflict::DoUpdate(vec!["name"]);
        check(
            &by_name,
            &["id", "name", "city"],
            r#" ON CONFLICT ("name") DO UPDATE SET "city" = EXCLUDED."city""#,
        );
    }

    #[test]
    fn what_every_update_sets_is_set_unless_the_row_says_otherwise() {
        let touched = [("changed", "$4".to_owned())];
        let clause = |filled: &[&str]| OnConflict::DoUpdate(Vec::new()).clause(&OWNER, filled, &touched);
        assert_eq!(
            clause(&["id", "name", "changed"]).sql,
            r#" ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name", "changed" = COALESCE(EXCLUDED."changed", $4)"#
        );
        assert_eq!(
            clause(&["id", "name"]).sql,
            r#" ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name", "changed" = $4"#
        );
        assert_eq!(clause(&["id"]), Clause::nothing(r#" ON CONFLICT ("id") DO NOTHING"#));
    }
}
