//! Where tables stand in the picture: to the right of those they refer to, near those they are joined with.
//!
//! ```text
//! owner ──┐            columns by the longest way to a table that refers to none; in a column, tables in the order of
//!         ├── pet      the middle of what they refer to; a column that would be too long goes on beside itself
//! clinic ─┘
//! ```

use std::collections::BTreeMap;

use super::Line;
use crate::snapshot::{Name, Snapshot, Table};

/// Heights and gaps in pixels of the picture's units.
pub(super) const ROW: usize = 22;
pub(super) const HEAD: usize = 30;
pub(super) const FOOT: usize = 6;
const GAP: (usize, usize) = (90, 32);
const MARGIN: usize = 24;
/// A column of tables goes on beside itself behind this, at least.
const TALL: usize = 900;

/// Where a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Place {
    pub(super) fn right(&self) -> usize {
        self.x + self.width
    }
}

/// The places of all tables, and the size of the picture.
pub(super) struct Layout {
    pub(super) places: BTreeMap<Name, Place>,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) fn layout(snapshot: &Snapshot, lines: &[Line<'_>], width: impl Fn(&Table) -> usize) -> Layout {
    let depths = depths(snapshot, lines);
    let total: usize = snapshot.tables.iter().map(|table| height(table) + GAP.1).sum();
    // About as tall as wide, however many tables there are.
    let tall = TALL.max((total * 300).isqrt());
    let mut columns: BTreeMap<usize, Vec<&Table>> = BTreeMap::new();
    for table in &snapshot.tables {
        columns.entry(depths[&table.name]).or_default().push(table);
    }
    let mut places = BTreeMap::new();
    let mut x = MARGIN;
    for mut tables in columns.into_values() {
        tables.sort_by_key(|table| (middle(table, lines, &places), &table.name));
        let mut y = MARGIN;
        let mut widest = 0;
        for table in tables {
            if y > MARGIN && y + height(table) > tall {
                x += widest + GAP.0;
                (y, widest) = (MARGIN, 0);
            }
            let place = Place { x, y, width: width(table), height: height(table) };
            y += place.height + GAP.1;
            widest = widest.max(place.width);
            places.insert(table.name.clone(), place);
        }
        x += widest + GAP.0;
    }
    // A line that comes back to its own column bows out to the right of it.
    let right = places.values().map(|place| place.right() + GAP.0 / 2).max().unwrap_or(0);
    let bottom = places.values().map(|place| place.y + place.height).max().unwrap_or(0);
    Layout { places, width: right + MARGIN / 2, height: bottom + MARGIN }
}

fn height(table: &Table) -> usize {
    HEAD + table.columns.len() * ROW + FOOT
}

/// How far each table is from one that refers to none.
fn depths<'a>(snapshot: &'a Snapshot, lines: &[Line<'a>]) -> BTreeMap<&'a Name, usize> {
    let mut depths: BTreeMap<&Name, usize> = snapshot.tables.iter().map(|table| (&table.name, 0)).collect();
    // A circle has no end: after as many rounds as there are tables all others stand where they belong.
    for _ in 0..snapshot.tables.len() {
        let before = depths.clone();
        for line in lines.iter().filter(|line| *line.far != line.table.name) {
            let least = (depths[line.far] + 1).min(snapshot.tables.len());
            let depth = depths.entry(&line.table.name).or_default();
            *depth = least.max(*depth);
        }
        if depths == before {
            break;
        }
    }
    depths
}

/// The middle of what a table refers to, as far as that has its place.
fn middle(table: &Table, lines: &[Line<'_>], places: &BTreeMap<Name, Place>) -> usize {
    let far: Vec<usize> = lines
        .iter()
        .filter(|line| line.table.name == table.name)
        .filter_map(|line| places.get(line.far))
        .map(|place| place.y + place.height / 2)
        .collect();
    if far.is_empty() { 0 } else { far.iter().sum::<usize>() / far.len() }
}
