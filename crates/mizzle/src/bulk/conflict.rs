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
    /// The clause behind an INSERT that fills these columns. A column that a row leaves to its default stays as it is.
    pub(super) fn clause(&self, table: &TableDef, filled: &[&str]) -> String {
        let unique = match self {
            Self::Fail => return String::new(),
            Self::DoNothing => return " ON CONFLICT DO NOTHING".to_owned(),
            Self::DoUpdate(unique) if unique.is_empty() => table.primary_key,
            Self::DoUpdate(unique) => unique,
        };
        let changes: Vec<String> = filled
            .iter()
            .filter(|name| !unique.contains(name) && !table.primary_key.contains(name))
            .map(|name| format!("{0} = EXCLUDED.{0}", quoted(name)))
            .collect();
        let unique: Vec<String> = unique.iter().map(|name| quoted(name)).collect();
        let unique = unique.join(", ");
        if changes.is_empty() {
            format!(" ON CONFLICT ({unique}) DO NOTHING")
        } else {
            format!(" ON CONFLICT ({unique}) DO UPDATE SET {}", changes.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &OnConflict, filled: &[&str], expect: &str) {
        let table = TABLE;
        assert_eq!(rule.clause(&table, filled), expect);
    }

    const TABLE: TableDef =
        TableDef { schema: None, name: "owner", columns: &[], primary_key: &["id"], indexes: &[] };

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
}
