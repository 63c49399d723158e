//! A key holds 1 KiB.

use super::super::finding::{Hit, Severity};
use super::super::model::{Model, Table};
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "key-too-wide",
    title: "A key holds 1 KiB.",
    why: "All columns of a key count together, those of the primary key also in every index. The declaration \
           is accepted; a row whose key is longer is refused with 54000 `key size too large`. Some saw about \
           1,981 bytes pass. A character of varchar may take four bytes.",
    state: None,
    source: "CHAP_quotas, skill",
    hint: "Shorter columns, fewer of them, or a hash of the value",
    bad: "\
CREATE TABLE page (
    site varchar(600) NOT NULL,
    path varchar(600) NOT NULL,
    PRIMARY KEY (site, path)
);",
    good: "\
CREATE TABLE page (
    site varchar(100) NOT NULL,
    path varchar(600) NOT NULL,
    PRIMARY KEY (site, path)
);",
    severity: Severity::Warning,
    says: "the key `{}` of `{}` is declared wider than 1 KiB",
    look: Look::Model(look),
};

const MOST: u64 = 1_024;
const REFUSED: u64 = 2_000;

fn look(model: &Model) -> Vec<Hit> {
    // A column that alone is too wide for any key is refused, and another rule's.
    let width = |table: &Table, columns: &[&String]| -> u64 {
        let widths = columns.iter().filter_map(|name| table.column(name)?.width);
        widths.filter(|width| *width <= REFUSED).sum()
    };
    let mut hits = Vec::new();
    for table in model.tables() {
        let primary: Vec<&String> = table.primary_key.iter().flatten().collect();
        let indexes =
            table.indexes.iter().map(|index| (index.keys.iter().flatten().collect::<Vec<_>>(), &index.at));
        let uniques = table.uniques.iter().map(|unique| (unique.iter().collect::<Vec<_>>(), &table.at));
        let all = std::iter::once((primary.clone(), &table.at)).chain(indexes).chain(uniques);
        for (columns, at) in all.filter(|(columns, _)| width(table, columns) > MOST) {
            let names: Vec<&str> = columns.iter().map(|name| name.as_str()).collect();
            hits.push(Hit::about(at.clone(), RULE.message_of(&[&names.join(", "), &table.name])));
        }
    }
    hits
}
