//! The rows of a flight, read into Rust values and joined row to row by key, as they come.
//!
//! What stands beside a row is sent before it, so that it is here when the row is. So a row is read while the server is at the
//! next ones, and nothing is kept but what is handed out:
//!
//! ```text
//! visits   each is read into the list of its pet's key
//! pets     each takes the visits of its key from there, and is read into the list of its owner's key
//! owners   each takes the pets of its key, and is done
//! ```
//!
//! Rows that may stand beside several others, as owners do beside their pets, are kept as they came and read for each of these.
//!
//! Keys are compared as they came, in binary: for every type that can be a key, equal values have equal bytes once `plain_bytes`
//! has taken off what does not count. So no key is decoded, and of each group one is copied.

use std::any::Any;
use std::collections::HashMap;
use std::slice::IterMut;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;

use crate::connection::Receive;
use crate::model::Model;
use crate::row::PgRow;

/// Where the keys of one statement's rows are, what becomes of the rows, and what stands beside them.
pub(crate) struct Layout {
    /// The columns by which a row is given to its parent.
    pub(crate) key: Vec<usize>,
    /// The columns by which the parent finds it.
    pub(crate) parent: Vec<usize>,
    /// Reads each row as it comes; none if the rows are kept, to be read as often as they are asked for.
    pub(crate) read: Option<Reading>,
    /// How many relations its rows have. Their layouts come behind this one, each with its own relations behind it.
    pub(crate) beside: usize,
}

/// A way to read rows, whatever they are read as: where their values go.
pub(crate) type Reading = Arc<dyn Fn() -> Box<dyn Values> + Send + Sync>;

/// Reads one row with what stands beside it.
pub(crate) type ReadRow<T> = fn(&mut Reader<'_>) -> QueryResult<T>;

/// Puts the answers of a flight together, the last statement's first.
pub(crate) struct Stitch<'a> {
    /// Of the statements whose answers are still to come.
    layouts: &'a [Layout],
    /// The answers beside whose rows the next ones stand, the first relation's at the end.
    done: Vec<Gathered>,
    /// The first row that did not read as its type.
    failed: QueryResult<()>,
}

/// The rows of one statement, by the key of the row beside which they stand.
struct Gathered {
    key: Vec<usize>,
    parent: Vec<usize>,
    rows: Rows,
    /// What stands beside them.
    beside: Vec<Gathered>,
    groups: HashMap<Box<[u8]>, usize>,
    /// The group of the latest row, and its key: an index gives the rows of one parent one after the other.
    latest: Option<usize>,
    latest_key: Vec<u8>,
}

/// What has become of rows, by group.
enum Rows {
    Kept(Vec<Vec<PgRow>>),
    Read(Box<dyn Values>),
}

/// Values of one type, by group.
pub(crate) trait Values: Send {
    fn read(&mut self, group: usize, row: &mut Reader<'_>) -> QueryResult<()>;
    fn as_any(&mut self) -> &mut dyn Any;
}

struct ValuesOf<T> {
    read: ReadRow<T>,
    groups: Vec<Vec<T>>,
    /// The latest values, which are of group `at` and not in its list yet: so lists have the length that they need.
    latest: Vec<T>,
    at: usize,
}

/// Reads one row: its columns from left to right, its relations likewise.
pub struct Reader<'a> {
    row: &'a PgRow,
    column: usize,
    /// The relations that are still to be read, for all rows.
    beside: IterMut<'a, Gathered>,
}

/// Where rows go that are read as `T`.
pub(crate) fn reading<T: Send + 'static>(read: ReadRow<T>) -> Reading {
    Arc::new(move || Box::new(ValuesOf { read, groups: Vec::new(), latest: Vec::new(), at: 0 }))
}

impl<'a> Stitch<'a> {
    /// Nothing has come yet.
    pub(crate) fn new(layouts: &'a [Layout]) -> Self {
        Self { layouts, done: Vec::with_capacity(layouts.len()), failed: Ok(()) }
    }

    /// The rows of the first statement, which came last.
    pub(crate) fn finish<T: Send + 'static>(mut self) -> QueryResult<Vec<T>> {
        self.failed?;
        Ok(self.done.pop().map(|mut first| first.all()).unwrap_or_default())
    }
}

impl Receive for Stitch<'_> {
    fn begin(&mut self) {
        let Some((layout, before)) = self.layouts.split_last() else { return };
        self.layouts = before;
        let beside = self.done.drain(self.done.len() - layout.beside..).rev().collect();
        self.done.push(Gathered::new(layout, beside));
    }

    fn row(&mut self, row: PgRow) {
        if let (Ok(()), Some(coming)) = (&self.failed, self.done.last_mut()) {
            self.failed = coming.take(row);
        }
    }
}

impl Gathered {
    fn new(layout: &Layout, beside: Vec<Self>) -> Self {
        let rows = match &layout.read {
            Some(reading) => Rows::Read(reading()),
            None => Rows::Kept(Vec::new()),
        };
        let Layout { key, parent, .. } = layout;
        Self {
            key: key.clone(),
            parent: parent.clone(),
            rows,
            beside,
            groups: HashMap::new(),
            latest: None,
            latest_key: Vec::new(),
        }
    }

    fn take(&mut self, row: PgRow) -> QueryResult<()> {
        let Some(group) = self.group(&row) else { return Ok(()) };
        match &mut self.rows {
            Rows::Read(values) => {
                values.read(group, &mut Reader::with(&row, &mut self.beside))?;
            }
            Rows::Kept(groups) if group == groups.len() => groups.push(vec![row]),
            Rows::Kept(groups) => groups[group].push(row),
        }
        Ok(())
    }

    /// The group of a row, which may be a new one; none for a key that is NULL.
    fn group(&mut self, row: &PgRow) -> Option<usize> {
        let key = row.key(&self.key)?;
        if let Some(latest) = self.latest
            && *self.latest_key == *key
        {
            return Some(latest);
        }
        self.latest_key.clear();
        self.latest_key.extend_from_slice(&key);
        let next = self.groups.len();
        let group = match self.groups.get(&*key) {
            Some(group) => *group,
            None => *self.groups.entry(key.into()).or_insert(next),
        };
        self.latest = Some(group);
        Some(group)
    }

    /// The group of the rows beside this parent.
    fn group_of(&self, parent: &PgRow) -> Option<usize> {
        self.groups.get(&*parent.key(&self.parent)?).copied()
    }

    /// The rows beside this parent.
    fn of<T: Send + 'static>(&mut self, parent: &PgRow, read: ReadRow<T>) -> QueryResult<Vec<T>> {
        let Some(group) = self.group_of(parent) else { return Ok(Vec::new()) };
        match &mut self.rows {
            Rows::Read(values) => Ok(values_of(values).take(group)),
            Rows::Kept(groups) => {
                groups[group].iter().map(|row| read(&mut Reader::with(row, &mut self.beside))).collect()
            }
        }
    }

    /// The first of these rows.
    fn first_of<T: Send + 'static>(&mut self, parent: &PgRow, read: ReadRow<T>) -> QueryResult<Option<T>> {
        let Some(group) = self.group_of(parent) else { return Ok(None) };
        match &mut self.rows {
            Rows::Read(values) => Ok(values_of(values).take(group).into_iter().next()),
            Rows::Kept(groups) => {
                groups[group].first().map(|row| read(&mut Reader::with(row, &mut self.beside))).transpose()
            }
        }
    }

    /// All rows, which are of one group.
    fn all<T: Send + 'static>(&mut self) -> Vec<T> {
        match &mut self.rows {
            Rows::Read(values) => std::mem::take(&mut values_of(values).latest),
            Rows::Kept(_) => Vec::new(),
        }
    }
}

fn values_of<T: Send + 'static>(values: &mut Box<dyn Values>) -> &mut ValuesOf<T> {
    values.as_any().downcast_mut().expect("what reads a relation has said how its rows are read")
}

impl<T: Send + 'static> Values for ValuesOf<T> {
    fn read(&mut self, group: usize, row: &mut Reader<'_>) -> QueryResult<()> {
        if group != self.at {
            self.settle();
            self.at = group;
        }
        self.latest.push((self.read)(row)?);
        Ok(())
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

impl<T> ValuesOf<T> {
    /// Puts the latest values into the list of their group.
    fn settle(&mut self) {
        if self.groups.len() <= self.at {
            self.groups.resize_with(self.at + 1, Vec::new);
        }
        self.groups[self.at].reserve_exact(self.latest.len());
        self.groups[self.at].append(&mut self.latest);
    }

    fn take(&mut self, group: usize) -> Vec<T> {
        if !self.latest.is_empty() {
            self.settle();
        }
        std::mem::take(&mut self.groups[group])
    }
}

impl<'a> Reader<'a> {
    /// Reads a row beside which there is nothing.
    pub(crate) fn of_row(row: &'a PgRow) -> Self {
        Self::with(row, &mut [])
    }

    fn with(row: &'a PgRow, beside: &'a mut [Gathered]) -> Self {
        Self { row, column: 0, beside: beside.iter_mut() }
    }

    /// Reads the next column as a Rust value.
    pub(crate) fn value<ST, T: FromSqlRow<ST, Pg>>(&mut self) -> QueryResult<T> {
        let at = self.column;
        self.column += 1;
        self.row.read_columns(at..at + 1)
    }

    /// Reads the next columns as a whole row.
    ///
    /// # Errors
    /// When a column does not read as its field.
    pub fn model<M: Model>(&mut self) -> QueryResult<M> {
        let at = self.column;
        self.column += M::DEF.columns.len();
        self.row.read_columns::<M::SqlType, M>(at..self.column)
    }

    /// The rows of the next relation.
    pub(crate) fn related<T: Send + 'static>(&mut self, read: ReadRow<T>) -> QueryResult<Vec<T>> {
        let row = self.row;
        self.next().of(row, read)
    }

    /// The first row of the next relation.
    pub(crate) fn related_one<T: Send + 'static>(&mut self, read: ReadRow<T>) -> QueryResult<Option<T>> {
        let row = self.row;
        self.next().first_of(row, read)
    }

    /// What the next relation was aggregated to, which stands behind the key; `None` if there was no row.
    pub(crate) fn aggregate<ST, T: FromSqlRow<ST, Pg> + Send + 'static>(&mut self) -> QueryResult<Option<T>> {
        self.related_one(|Reader { row, .. }| row.read_columns(row.len() - 1..row.len()))
    }

    fn next(&mut self) -> &'a mut Gathered {
        self.beside.next().expect("a plan has what its reader reads")
    }
}
