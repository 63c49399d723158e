//! Where tables stand in the picture: to the right of those they refer to, near those they are joined with.
//!
//! ```text
//! owner ──┐            columns by the longest way to a table that refers to none, as far right as those allow that refer
//!         ├── pet      to it; in a column, tables in the order of the middle of what they refer to
//! clinic ─┘
//! setting  word        tables without a line stand below, as on shelves
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::Line;
use crate::snapshot::{Name, Snapshot, Table};

/// Heights and gaps in pixels of the picture's units.
pub(super) const ROW: usize = 22;
pub(super) const HEAD: usize = 30;
pub(super) const FOOT: usize = 6;
const GAP: (usize, usize) = (90, 32);
const MARGIN: usize = 24;
/// A column of tables goes on beside itself behind this, at least; shelves are as wide as the picture, and this at least.
const LONG: usize = 900;

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

    fn bottom(&self) -> usize {
        self.y + self.height
    }
}

/// The places of all tables, and the size of the picture.
pub(super) struct Layout {
    pub(super) places: BTreeMap<Name, Place>,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) fn layout(snapshot: &Snapshot, lines: &[Line<'_>], width: impl Fn(&Table) -> usize) -> Layout {
    let joined: BTreeSet<&Name> = lines.iter().flat_map(|line| [&line.table.name, line.far]).collect();
    let (joined, alone): (Vec<&Table>, Vec<&Table>) =
        snapshot.tables.iter().partition(|table| joined.contains(&table.name));
    let mut places = columns(&joined, lines, &width);
    shelves(&alone, &width, &mut places);
    // A line that comes back to its own column bows out to the right of it.
    let right = places.values().map(|place| place.right() + GAP.0 / 2).max().unwrap_or(0);
    let bottom = places.values().map(Place::bottom).max().unwrap_or(0);
    Layout { places, width: right + MARGIN / 2, height: bottom + MARGIN }
}

/// Tables that are joined with others.
fn columns(tables: &[&Table], lines: &[Line<'_>], width: impl Fn(&Table) -> usize) -> BTreeMap<Name, Place> {
    let depths = depths(tables, lines);
    let total: usize = tables.iter().map(|table| height(table) + GAP.1).sum();
    // About as tall as wide, however many tables there are.
    let tall = LONG.max((total * 300).isqrt());
    let mut columns: BTreeMap<usize, Vec<&Table>> = BTreeMap::new();
    for table in tables {
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
    places
}

/// Tables that nothing joins, in rows below the others.
fn shelves(tables: &[&Table], width: impl Fn(&Table) -> usize, places: &mut BTreeMap<Name, Place>) {
    let below = |places: &BTreeMap<Name, Place>| places.values().map(|place| place.bottom() + GAP.1).max();
    let end = places.values().map(Place::right).max().unwrap_or(0).max(LONG);
    let (mut x, mut y) = (MARGIN, below(places).unwrap_or(MARGIN));
    for table in tables {
        if x > MARGIN && x + width(table) > end {
            (x, y) = (MARGIN, below(places).unwrap_or(MARGIN));
        }
        let place = Place { x, y, width: width(table), height: height(table) };
        x = place.right() + GAP.1;
        places.insert(table.name.clone(), place);
    }
}

fn height(table: &Table) -> usize {
    HEAD + table.columns.len() * ROW + FOOT
}

/// How far right each table stands.
fn depths<'a>(tables: &[&'a Table], lines: &[Line<'a>]) -> BTreeMap<&'a Name, usize> {
    let mut depths: BTreeMap<&Name, usize> = tables.iter().map(|table| (&table.name, 0)).collect();
    let lines: Vec<&Line<'_>> = lines.iter().filter(|line| *line.far != line.table.name).collect();
    // A circle has no end: after as many rounds as there are tables all others stand where they belong.
    for _ in 0..tables.len() {
        let before = depths.clone();
        for line in &lines {
            let least = (depths[line.far] + 1).min(tables.len());
            let depth = depths.entry(&line.table.name).or_default();
            *depth = least.max(*depth);
        }
        if depths == before {
            break;
        }
    }
    // Beside the first that refers to it, so that no line is longer than it has to be.
    for _ in 0..tables.len() {
        let before = depths.clone();
        for table in tables {
            let children = lines.iter().filter(|line| *line.far == table.name);
            let most = children.map(|line| depths[&line.table.name].saturating_sub(1)).min();
            let depth = depths.entry(&table.name).or_default();
            *depth = most.unwrap_or(0).max(*depth);
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
