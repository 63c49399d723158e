//! Rows as they come, cut into chunks that one transaction takes.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};

use super::Ranges;
use super::shape::{Row, Shapes};
use crate::connection::Answer;
use crate::error::Error;
use crate::model::NewRow;
use crate::row::PgRow;
use crate::statement::Statement;

/// Rows of one transaction.
pub(super) struct Chunk {
    pub(super) rows: Vec<Row>,
}

/// Where chunks come from.
pub(super) struct Chunks<S> {
    rows: Pin<Box<S>>,
    shapes: Shapes,
    skip: Ranges,
    limit: Limit,
    position: u64,
    /// The rows of the next chunk so far, and their bytes.
    open: Vec<Row>,
    bytes: usize,
    /// Nothing comes after an error.
    ended: bool,
}

/// How large a chunk gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// A row that cannot be written as SQL.
pub(super) struct Unwritable {
    pub(super) position: u64,
    pub(super) cause: Error,
}

impl Chunk {
    pub(super) fn positions(&self) -> Ranges {
        let mut positions = Ranges::default();
        for row in &self.rows {
            positions.add(row.position..row.position + 1);
        }
        positions
    }

    /// One statement for each shape, in the order in which the shapes come.
    pub(super) fn statements(&self) -> Vec<Statement> {
        self.groups().iter().map(|rows| rows[0].shape.insert(rows)).collect()
    }

    /// What these statements returned, each row with the position of the one given. If some were left out, it is only near.
    pub(super) fn positioned(&self, answers: Vec<Answer>) -> Vec<(u64, PgRow)> {
        let mut rows: Vec<(u64, PgRow)> = Vec::new();
        for (group, answer) in self.groups().iter().zip(answers) {
            rows.extend(group.iter().map(|row| row.position).zip(answer.rows));
        }
        rows.sort_by_key(|(position, _)| *position);
        rows
    }

    fn groups(&self) -> Vec<Vec<&Row>> {
        let mut groups: Vec<Vec<&Row>> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|group| Arc::ptr_eq(&group[0].shape, &row.shape)) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        groups
    }

    pub(super) fn halves(mut self) -> (Self, Self) {
        let rows = self.rows.split_off(self.rows.len() / 2);
        (self, Self { rows })
    }
}

impl<S> Chunks<S>
where
    S: Stream<Item: NewRow>,
{
    pub(super) fn new(rows: S, shapes: Shapes, skip: Ranges, limit: Limit) -> Self {
        let rows = Box::pin(rows);
        Self { rows, shapes, skip, limit, position: 0, open: Vec::new(), bytes: 0, ended: false }
    }

    /// As many rows as fit; `None` at the end. Dropped half-way, it goes on where it was.
    pub(super) async fn next(&mut self) -> Option<Result<Chunk, Unwritable>> {
        while !self.ended {
            let Some(row) = self.rows.next().await else {
                self.ended = true;
                break;
            };
            let position = self.position;
            self.position += 1;
            if self.skip.contains(position) {
                continue;
            }
            match self.shapes.row(position, &row) {
                Ok(row) => {
                    if let Some(chunk) = self.add(row) {
                        return Some(Ok(chunk));
                    }
                }
                Err(cause) => {
                    self.ended = true;
                    self.open.clear();
                    return Some(Err(Unwritable { position, cause }));
                }
            }
        }
        let rows = std::mem::take(&mut self.open);
        (!rows.is_empty()).then_some(Ok(Chunk { rows }))
    }

    /// Adds a row; gives the rows before it, if it is too much for them, or all, if no more will fit.
    fn add(&mut self, row: Row) -> Option<Chunk> {
        let weight = row.weight();
        let too_much = !self.open.is_empty() && self.bytes + weight > self.limit.bytes;
        let mut full = None;
        if too_much {
            full = Some(std::mem::take(&mut self.open));
            self.bytes = 0;
        }
        self.bytes += weight;
        self.open.push(row);
        if full.is_none() && self.open.len() >= self.limit.rows {
            full = Some(std::mem::take(&mut self.open));
            self.bytes = 0;
        }
        full.map(|rows| Chunk { rows })
    }
}
