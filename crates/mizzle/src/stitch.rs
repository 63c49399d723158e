//! The answers of a flight, joined row to row by key, and read into Rust values.
//!
//! Keys are compared as they came, in binary: for every type that can be a key, equal values have equal bytes once `plain_bytes`
//! has taken off what does not count. So nothing is decoded twice and, for keys of one column, nothing is copied.

use std::borrow::Cow;
use std::collections::HashMap;

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;

use crate::connection::Answer;
use crate::model::Model;
use crate::row::PgRow;

/// Where the keys are in the rows of one statement, and what stands beside the rows.
pub(crate) struct Layout {
    /// The columns by which a row is given to its parent.
    pub(crate) key: Vec<usize>,
    /// For each relation, in order: the columns by which a row finds its related rows, and these.
    pub(crate) beside: Vec<(Vec<usize>, Layout)>,
}

/// The answers of a flight, in the order of its statements.
type Answers = std::vec::IntoIter<Answer>;

/// The rows of one statement, with what stands beside them.
pub(crate) struct Loaded {
    rows: Vec<PgRow>,
    beside: Vec<Related>,
}

/// The related rows of all parents.
struct Related {
    loaded: Loaded,
    /// Numbers of rows, those of one group one after the other, each group in the order of the rows.
    order: Vec<usize>,
    /// Where each group begins in `order`; one more than there are groups.
    starts: Vec<usize>,
    /// The group of each parent.
    group_of: Vec<Option<usize>>,
}

/// Reads one row: its columns from left to right, its relations likewise.
#[derive(Clone)]
pub struct Reader<'a> {
    row: &'a PgRow,
    column: usize,
    /// The relations that are still to be read, for all rows.
    beside: &'a [Related],
    /// Which of them it is.
    number: usize,
}

impl Loaded {
    /// Takes the answers in the order of the statements.
    pub(crate) fn stitch(layout: &Layout, answers: &mut Answers) -> Self {
        let rows = answers.next().map_or_else(Vec::new, |answer| answer.rows);
        let beside = layout
            .beside
            .iter()
            .map(|(from_parent, layout)| Related::stitch(&rows, from_parent, layout, answers))
            .collect();
        Self { rows, beside }
    }

    /// One reader for each row.
    pub(crate) fn readers(&self) -> impl ExactSizeIterator<Item = Reader<'_>> {
        (0..self.rows.len()).map(|number| self.reader(number))
    }

    fn reader(&self, number: usize) -> Reader<'_> {
        Reader { row: &self.rows[number], column: 0, beside: &self.beside, number }
    }
}

impl Related {
    fn stitch(parents: &[PgRow], from_parent: &[usize], layout: &Layout, answers: &mut Answers) -> Self {
        let loaded = Loaded::stitch(layout, answers);
        let rows = &loaded.rows;
        let mut groups: HashMap<Cow<'_, [u8]>, usize> = HashMap::with_capacity(parents.len());
        let mut sizes: Vec<usize> = Vec::with_capacity(parents.len());
        // an index gives the rows of one parent one after the other: most keys need not be looked up
        let mut latest: Option<(Cow<'_, [u8]>, usize)> = None;
        let group_of_row: Vec<Option<usize>> = rows
            .iter()
            .map(|row| {
                let key = row.key(&layout.key)?;
                let group = match &latest {
                    Some((known, group)) if *known == key => *group,
                    _ => {
                        let group = *groups.entry(key.clone()).or_insert_with(|| {
                            sizes.push(0);
                            sizes.len() - 1
                        });
                        latest = Some((key, group));
                        group
                    }
                };
                sizes[group] += 1;
                Some(group)
            })
            .collect();
        let mut starts = vec![0];
        starts.extend(sizes.iter().scan(0, |end, size| {
            *end += size;
            Some(*end)
        }));
        let mut next = starts.clone();
        let mut order = vec![0; starts[sizes.len()]];
        for (row, group) in group_of_row.iter().enumerate() {
            if let Some(group) = *group {
                order[next[group]] = row;
                next[group] += 1;
            }
        }
        let group_of = parents.iter().map(|row| groups.get(&row.key(from_parent)?).copied()).collect();
        drop((groups, latest));
        Self { order, starts, group_of, loaded }
    }

    fn rows_of(&self, parent: usize) -> impl ExactSizeIterator<Item = Reader<'_>> {
        let order = match self.group_of[parent] {
            Some(group) => &self.order[self.starts[group]..self.starts[group + 1]],
            None => &[],
        };
        order.iter().map(|number| self.loaded.reader(*number))
    }
}

impl<'a> Reader<'a> {
    /// Reads a row beside which there is nothing.
    pub(crate) fn of_row(row: &'a PgRow) -> Self {
        Self { row, column: 0, beside: &[], number: 0 }
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
    pub(crate) fn related(&mut self) -> impl ExactSizeIterator<Item = Reader<'a>> + use<'a> {
        let (related, later) = self.beside.split_first().expect("a plan has what its reader reads");
        self.beside = later;
        related.rows_of(self.number)
    }

    /// What the next relation was aggregated to; `None` if there was no row.
    pub(crate) fn aggregate<ST, T: FromSqlRow<ST, Pg>>(&mut self) -> QueryResult<Option<T>> {
        let Some(Reader { row, .. }) = self.related().next() else { return Ok(None) };
        let last = row.len() - 1;
        row.read_columns(last..last + 1).map(Some)
    }
}
