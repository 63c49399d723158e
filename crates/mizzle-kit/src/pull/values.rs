//! The values of an enum, found in the check that keeps others out.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::camel;
use crate::snapshot::{Column, Table};
use crate::sql::{mentions, strings, words_of};

/// Words that stand in such a check whatever the column is called.
const WORDS: [&str; 7] = ["any", "array", "in", "text", "character", "varying", "varchar"];

/// An enum: its check, its type and its values.
pub(super) struct Values {
    pub(super) check: String,
    sql_type: String,
    values: Vec<String>,
}

impl Values {
    /// The values of a text column whose check says `column IN (…)` and no more, in PostgreSQL's words or in ours.
    pub(super) fn of(table: &Table, column: &Column) -> Option<Self> {
        let is_text = column.sql_type == "text" || column.sql_type.starts_with("varchar(");
        let name = format!("{}_{}_check", table.name.name, column.name);
        let check = table.checks.iter().find(|check| check.name == name).filter(|_| is_text)?;
        let words = words_of(&check.sql);
        let plain = words.iter().all(|word| WORDS.contains(&word.as_str()) || *word == column.name);
        let once = words.iter().filter(|word| **word == column.name).count() == 1;
        let listed = words.iter().any(|word| word == "in" || word == "any");
        let symbols = check.sql.contains("<>") || check.sql.contains('|') || check.sql.contains('~');
        let values = strings(&check.sql);
        let variants: BTreeSet<String> = values.iter().map(|value| camel(value)).collect();
        let good = values.iter().all(|value| !value.is_empty())
            && variants.len() == values.len()
            && !values.is_empty();
        let is_enum = plain && once && listed && !symbols && good && mentions(&check.sql, &column.name);
        is_enum.then(|| Self { check: name, sql_type: column.sql_type.clone(), values })
    }

    /// The variant of a value.
    pub(super) fn variant(&self, value: &str) -> Option<String> {
        self.values.iter().any(|known| known == value).then(|| camel(value))
    }

    /// The enum's source.
    pub(super) fn to_source(&self, name: &str) -> String {
        let mut text = "\n#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]\n".to_owned();
        if self.sql_type != "text" {
            let _ = writeln!(text, "#[db_enum({})]", self.sql_type);
        }
        let _ = writeln!(text, "pub enum {name} {{");
        for value in &self.values {
            let _ = writeln!(text, "    #[db_enum(rename = {value:?})]\n    {},", camel(value));
        }
        text + "}\n"
    }
}
