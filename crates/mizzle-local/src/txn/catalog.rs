//! Tables as adjudication needs them: columns, keys, unique indexes, foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use super::capture::Change;
use super::hidden::Hidden;
use super::image::columns;
use super::key::{Form, Values};
use super::mode::Modes;

/// The SELECT whose rows [`Catalog::of`] reads.
pub(crate) const QUESTION: &str = include_str!("catalog.sql");

/// Every table of the clients, by oid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Catalog {
    pub(super) tables: BTreeMap<u32, Table>,
    /// What writes or locks rows for whoever names it.
    hidden: Hidden,
    /// Whether a table's own definition may look at rows: functions of the clients, views that check.
    looks: bool,
    /// Expressions of the catalog that ask for the time by keyword.
    pub(super) timed: Vec<Timed>,
    /// Names that more than tables go by.
    ambiguous: BTreeSet<String>,
    /// Whether somebody may read some columns of a table and not the others.
    partly_readable: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) primary: Option<Key>,
    /// Unique indexes besides the primary key, partial ones and ones on expressions left out.
    pub(super) unique: Vec<Key>,
    /// Whether there are unique indexes that are partial or on expressions.
    pub(super) odd: bool,
    pub(super) foreign: Vec<Foreign>,
    /// The columns of every index but the primary key and partial ones, expressions left out.
    pub(super) entries: Vec<Vec<usize>>,
    /// How many checks it has, if one of them may refuse a row that is there.
    pub(super) unsteady: u32,
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

/// A stored expression that asks for the time by keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timed {
    /// The catalog's table, or `body` for the text of a function.
    pub(super) kind: String,
    pub(super) oid: u32,
    /// The table or view that has it, else 0.
    pub(super) relation: u32,
    pub(super) body: String,
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
            match cell(0) {
                "6 hidden" => {
                    catalog.hidden.take(cell(2), cell(3), cell(4));
                    continue;
                }
                "7 other" => {
                    catalog.ambiguous.insert(cell(2).to_owned());
                    continue;
                }
                "9 timed" => {
                    let (oid, kind, body) = (number(1), cell(2).to_owned(), cell(4).to_owned());
                    catalog.timed.push(Timed { kind, oid, relation: number(3), body });
                    continue;
                }
                "7 looks" => {
                    catalog.looks = true;
                    continue;
                }
                "8 partly" => {
                    catalog.partly_readable = true;
                    continue;
                }
                _ => {}
            }
            let table = catalog.tables.entry(number(1)).or_default();
            match cell(0) {
                "1 table" => {
                    (table.oid, table.schema, table.name) =
                        (number(1), cell(2).to_owned(), cell(3).to_owned());
                }
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
                "9 unsteady" => table.unsteady = number(2),
                "9 entry" => table.entries.push(places(2)),
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
        catalog.hidden.close();
        catalog
    }

    /// Whether an INSERT of values looks at nothing but foreign keys and unique indexes, whatever its table.
    pub(crate) fn is_plain(&self) -> bool {
        !self.looks
    }

    /// Whether a query may write because of something it names.
    pub(crate) fn hides_write(&self, sql: &str) -> bool {
        self.hidden.writes(sql)
    }

    /// The modes in which a statement may lock rows because of something it names.
    pub(crate) fn hides_lock(&self, sql: &str) -> Option<Modes> {
        self.hidden.locks(sql)
    }

    /// Whether somebody may read some columns of a table and not the others.
    pub(crate) fn is_partly_readable(&self) -> bool {
        self.partly_readable
    }

    /// Whether a mark on a row of `parent` is a foreign key's: the statement changed a child and does not name it.
    pub(crate) fn is_only_referred_to(&self, parent: u32, changes: &[Change], sql: &str) -> bool {
        let refers = |change: &Change| {
            let child = self.tables.get(&change.table);
            child.is_some_and(|child| child.foreign.iter().any(|foreign| foreign.parent == parent))
        };
        let sql = sql.to_lowercase();
        let named = |name: &str| sql.contains(&name.to_lowercase());
        changes.iter().any(refers)
            && !self.tables.get(&parent).is_some_and(|table| named(&table.name))
            && !self.ambiguous.iter().any(|name| named(name))
            && self.hidden.locks(&sql).is_none()
    }

    /// Whether a name is a table's, whatever the search path is.
    pub(crate) fn is_table(&self, schema: Option<&str>, name: &str) -> bool {
        let called = |table: &Table| table.name == name && schema.is_none_or(|schema| table.schema == schema);
        !self.ambiguous.contains(name) && self.tables.values().any(called)
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

    /// Bytes that a change writes: the row, and an entry of an index with the key of the row in it wherever one
    /// comes or goes.
    pub(super) fn weigh(&self, old: Option<&Row>, new: Option<&Row>) -> usize {
        let key = |row: &Row| self.primary.as_ref().map_or(0, |key| row.size_of(&key.places));
        let row = new.or(old).map_or(0, Row::size);
        let entries = self.entries.iter().map(|places| {
            let same = |place: &usize| match (old, new) {
                (Some(old), Some(new)) => old.value(*place) == new.value(*place),
                _ => false,
            };
            // A row that stays under its key leaves entries of unchanged columns alone.
            let kept = places.iter().chain(self.primary.iter().flat_map(|key| &key.places)).all(same);
            let both = old.into_iter().chain(new);
            if kept { 0 } else { both.map(|row| row.size_of(places) + key(row)).sum() }
        });
        row + entries.sum::<usize>()
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

    /// Bytes of all its values, as text.
    pub(super) fn size(&self) -> usize {
        self.0.iter().flatten().map(String::len).sum()
    }

    /// Bytes of some of its values.
    pub(super) fn size_of(&self, places: &[usize]) -> usize {
        places.iter().filter_map(|place| self.value(*place)).map(str::len).sum()
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
