//! Tables as adjudication needs them: columns, keys, unique indexes, foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use super::image::columns;
use super::key::{Form, Values};

/// The SELECT whose rows [`Catalog::of`] reads.
pub(crate) const QUESTION: &str = include_str!("catalog.sql");

/// Every table of the clients, by oid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Catalog {
    pub(super) tables: BTreeMap<u32, Table>,
    /// Functions that may write, and views that call them; in lower case.
    writers: BTreeSet<String>,
    /// Whether a table's own definition may look at rows: functions of the clients, views that check.
    looks: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) primary: Option<Key>,
    /// Unique indexes besides the primary key, partial ones and ones on expressions left out.
    pub(super) unique: Vec<Key>,
    /// Whether there are unique indexes that are partial or on expressions.
    pub(super) odd: bool,
    pub(super) foreign: Vec<Foreign>,
    /// Tables that refer to this one.
    pub(super) children: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// As SQL wants it, quoted if need be.
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) form: Form,
    pub(super) generated: bool,
}

/// A unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) index: u32,
    /// Places in the row, in the index's order.
    pub(super) places: Vec<usize>,
    /// `NULLS NOT DISTINCT`.
    pub(super) nulls_equal: bool,
}

/// A foreign key, from the side of the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) name: String,
    pub(super) parent: u32,
    /// The parent's index, and the child's places in that index's order.
    pub(super) key: Key,
    /// Checked at the end if the client says so.
    pub(super) deferrable: bool,
}

/// A row read column by column.
pub(super) struct Row(Vec<Option<String>>);

impl Catalog {
    /// Reads the answer to [`QUESTION`]; facts about tables that are not there are left out.
    pub(crate) fn of(rows: &[Vec<Option<String>>]) -> Catalog {
        let mut catalog = Catalog::default();
        for row in rows {
            let cell = |at: usize| row.get(at).and_then(Option::as_deref).unwrap_or_default();
            let number = |at: usize| cell(at).parse::<u32>().unwrap_or_default();
            let places = |at: usize| {
                cell(at).split(',').filter_map(|place| place.parse().ok()).collect::<Vec<usize>>()
            };
            if cell(0) == "6 writer" {
                catalog.writers.insert(cell(2).to_lowercase());
                continue;
            }
            if cell(0) == "7 looks" {
                catalog.looks = true;
                continue;
            }
            let table = catalog.tables.entry(number(1)).or_default();
            match cell(0) {
                "1 table" => (table.schema, table.name) = (cell(2).to_owned(), cell(3).to_owned()),
                "2 column" => table.columns.push(Column {
                    name: cell(2).to_owned(),
                    kind: cell(3).to_owned(),
                    form: Form::of(cell(4)),
                    generated: !cell(5).is_empty(),
                }),
                "3 key" => {
                    let key =
                        Key { index: number(2), places: places(5), nulls_equal: cell(4).starts_with('t') };
                    if cell(3).starts_with('t') { table.primary = Some(key) } else { table.unique.push(key) }
                }
                "4 odd" => table.odd = true,
                "5 foreign" => {
                    let parent = number(4);
                    let key = Key { index: number(2), places: places(3), nulls_equal: false };
                    let deferrable = cell(5).starts_with('t');
                    table.foreign.push(Foreign { name: cell(6).to_owned(), parent, key, deferrable });
                    let child = number(1);
                    catalog.tables.entry(parent).or_default().children.push(child);
                }
                _ => {}
            }
        }
        catalog
    }

    /// Whether an INSERT of values looks at nothing but foreign keys and unique indexes, whatever its table.
    pub(crate) fn is_plain(&self) -> bool {
        !self.looks
    }

    /// Whether a query may write because of a function it calls. Who merely names one is taken for a writer as well:
    /// that costs a little time and changes nothing else.
    pub(crate) fn may_write(&self, sql: &str) -> bool {
        if self.writers.is_empty() {
            return false;
        }
        let sql = sql.to_lowercase();
        self.writers.iter().any(|name| sql.contains(name.as_str()))
    }
}

impl Table {
    /// The name with its schema, quoted.
    pub(super) fn reached(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    pub(super) fn row(&self, image: &str) -> Row {
        Row(columns(image))
    }
}

impl Row {
    /// The values of a key; none when a NULL keeps the row out of it.
    pub(super) fn key(&self, table: &Table, key: &Key) -> Option<Values> {
        let values = key.places.iter().map(|place| {
            let form = table.columns.get(*place).map_or(Form::Text, |column| column.form);
            let value = self.0.get(*place)?.as_ref()?;
            Some(form.of_value(value))
        });
        let values: Vec<Option<String>> = values.collect();
        let whole = key.nulls_equal || values.iter().all(Option::is_some);
        whole.then(|| values.into())
    }

    pub(super) fn value(&self, place: usize) -> Option<&str> {
        self.0.get(place)?.as_deref()
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use crate::txn::fixture::catalog;

    #[test]
    fn the_answer_is_read_into_tables() {
        let catalog = catalog();
        let (parent, child) = (&catalog.tables[&1], &catalog.tables[&2]);
        assert_eq!((parent.reached().as_str(), parent.columns.len()), ("\"public\".\"par\"", 3));
        assert_eq!(parent.primary.as_ref().map(|key| (key.index, key.places.clone())), Some((10, vec![0])));
        assert_eq!(parent.unique[0].places, [1]);
        assert_eq!(parent.children, [2]);
        assert_eq!((child.foreign[0].parent, child.foreign[0].key.index, child.odd), (1, 10, true));
    }

    #[test]
    fn a_null_keeps_a_row_out_of_a_key_unless_nulls_are_equal() {
        let catalog = catalog();
        let table = &catalog.tables[&1];
        let row = table.row("(1.50,,x)");
        let mut unique = table.unique[0].clone();
        assert_eq!(row.key(table, &unique), None);
        unique.nulls_equal = true;
        assert_eq!(row.key(table, &unique).as_deref(), Some(&[None][..]));
        let primary = table.primary.as_ref().expect("a key");
        assert_eq!(row.key(table, primary).as_deref(), Some(&[Some("1.5".to_owned())][..]));
    }
}
