//! A snapshot as a picture: tables, their columns, and who refers to whom.

mod layout;
mod mermaid;
mod svg;

pub use mermaid::mermaid;
pub use svg::svg;

use crate::Relation;
use crate::snapshot::{Column, Name, Snapshot, Table};

/// A line of the picture: columns of one table that hold the key of another.
struct Line<'a> {
    table: &'a Table,
    columns: &'a [String],
    far: &'a Name,
    references: &'a [String],
    /// The foreign key's name; none where the database knows nothing of the line.
    key: Option<&'a str>,
}

/// Foreign keys, and what structs declare besides.
fn lines<'a>(snapshot: &'a Snapshot, relations: &'a [Relation]) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for table in &snapshot.tables {
        for key in &table.foreign_keys {
            lines.push(Line {
                table,
                columns: &key.columns,
                far: &key.table,
                references: &key.references,
                key: Some(&key.name),
            });
        }
    }
    for relation in relations {
        let known = lines.iter().any(|line| {
            line.table.name == relation.table && line.columns == relation.columns && *line.far == relation.far
        });
        if !known && let Some(table) = snapshot.table(&relation.table) {
            let Relation { columns, far, references, .. } = relation;
            lines.push(Line { table, columns, far, references, key: None });
        }
    }
    lines.retain(|line| snapshot.table(line.far).is_some());
    lines
}

impl Line<'_> {
    /// Whether one row at most refers to the same far row.
    fn is_alone(&self) -> bool {
        let is_whole = |columns: &[String]| {
            columns.len() == self.columns.len() && self.columns.iter().all(|column| columns.contains(column))
        };
        self.table.primary_key.as_ref().is_some_and(|own| is_whole(&own.columns))
            || self.table.uniques.iter().any(|unique| is_whole(&unique.columns))
    }

    /// Whether a row may refer to nothing.
    fn is_optional(&self) -> bool {
        self.columns.iter().filter_map(|name| self.table.column(name)).any(|column| column.nullable)
    }
}

/// `PK`, `FK`, `UK`.
fn marks(table: &Table, column: &Column, lines: &[Line<'_>]) -> Vec<&'static str> {
    let refers =
        lines.iter().any(|line| line.table.name == table.name && line.columns.contains(&column.name));
    let unique = table.uniques.iter().any(|unique| unique.columns == [column.name.clone()]);
    let marks = [(table.is_key(&column.name), "PK"), (refers, "FK"), (unique, "UK")];
    marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect()
}
