//! Three tables for the tests: a parent with a unique index, its child, and one without a key.

use super::{Catalog, Change, WriteSet};

/// `par (id numeric primary key, email text unique, v int)`, `child (id int primary key, pid references par
/// deferrable)` with a partial unique index, `bare (a int, g int generated)`.
pub(super) fn catalog() -> Catalog {
    let text = "\
1 table|1|public|par
1 table|2|public|child
1 table|3|public|bare
2 column|1|id|numeric(12,2)|numeric|
2 column|1|email|text|text|
2 column|1|v|integer|integer|
2 column|2|id|integer|integer|
2 column|2|pid|numeric|numeric|
2 column|3|a|integer|integer|
2 column|3|g|integer|integer|s
3 key|1|10|true|false|0
3 key|1|11|false|false|1
3 key|2|20|true|false|0
4 odd|2
5 foreign|2|10|1|1|true|child_pid_fkey
9 entry|1|1";
    let rows: Vec<Vec<Option<String>>> =
        text.lines().map(|line| line.split('|').map(|cell| Some(cell.to_owned())).collect()).collect();
    Catalog::of(&rows)
}

/// `table: old -> new`, one line each; `-` stands for no row.
pub(super) fn changes(lines: &[&str]) -> Vec<Change> {
    let image = |text: &str| (text != "-").then(|| text.into());
    let change = |line: &&str| {
        let (table, rest) = line.split_once(": ").expect("a table");
        let (old, new) = rest.split_once(" -> ").expect("an arrow");
        Change { table: table.parse().expect("an oid"), old: image(old), new: image(new) }
    };
    lines.iter().map(change).collect()
}

pub(super) fn written(statements: &[&[&str]]) -> WriteSet {
    let mut writes = WriteSet::default();
    for lines in statements {
        writes.apply(&catalog(), &changes(lines));
    }
    writes
}
