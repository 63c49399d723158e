//! A snapshot as a picture: tables, their columns, and who refers to whom.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::snapshot::{Column, ForeignKey, Name, Snapshot, Table};

/// An entity-relationship diagram in Mermaid.
pub fn mermaid(snapshot: &Snapshot) -> String {
    let mut text = "erDiagram\n".to_owned();
    for table in &snapshot.tables {
        let _ = writeln!(text, "    {} {{", entity(&table.name));
        for column in &table.columns {
            let marks = marks(table, column);
            let marks = if marks.is_empty() { String::new() } else { format!(" {}", marks.join(", ")) };
            let comment = column.comment.as_deref().and_then(|text| text.lines().next());
            let comment = comment.map(|text| format!(" \"{}\"", text.replace('"', "'"))).unwrap_or_default();
            let _ =
                writeln!(text, "        {} {}{marks}{comment}", word(&column.sql_type), word(&column.name));
        }
        text += "    }\n";
    }
    for table in &snapshot.tables {
        for key in &table.foreign_keys {
            let (near, far) = ends(table, key);
            let (from, to) = (entity(&key.table), entity(&table.name));
            let _ = writeln!(text, "    {from} {far}--{near} {to} : \"{}\"", key.columns.join(", "));
        }
    }
    text
}

/// How many rows stand at each end: of the table that refers, and of the one referred to.
fn ends(table: &Table, key: &ForeignKey) -> (&'static str, &'static str) {
    let is_whole = |columns: &[String]| {
        columns.len() == key.columns.len() && key.columns.iter().all(|column| columns.contains(column))
    };
    let alone = table.primary_key.as_ref().is_some_and(|own| is_whole(&own.columns))
        || table.uniques.iter().any(|unique| is_whole(&unique.columns));
    let optional = key.columns.iter().filter_map(|name| table.column(name)).any(|column| column.nullable);
    (if alone { "o|" } else { "o{" }, if optional { "|o" } else { "||" })
}

fn marks(table: &Table, column: &Column) -> Vec<&'static str> {
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    let unique = table.uniques.iter().any(|unique| unique.columns == [column.name.clone()]);
    let marks = [(table.is_key(&column.name), "PK"), (refers, "FK"), (unique, "UK")];
    marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect()
}

fn entity(name: &Name) -> String {
    format!("\"{}\"", name.to_string().replace('"', ""))
}

/// What Mermaid takes for one word.
fn word(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        ',' | ' ' | '.' => '_',
        letter => letter,
    });
    letters.filter(|letter| *letter != '"').collect()
}

/// Widths and heights in pixels of the picture's units.
const LETTER: usize = 8;
const LINE: usize = 20;
const GAP: usize = 60;
const MARGIN: usize = 20;

/// Where a table stands in the picture.
struct Place {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// An entity-relationship diagram in SVG: a table stands to the right of those it refers to.
pub fn svg(snapshot: &Snapshot) -> String {
    let places = places(snapshot);
    let width = places.values().map(|place| place.x + place.width).max().unwrap_or(0) + MARGIN;
    let height = places.values().map(|place| place.y + place.height).max().unwrap_or(0) + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for table in &snapshot.tables {
        for key in &table.foreign_keys {
            if let (Some(near), Some(far)) = (places.get(&table.name), places.get(&key.table)) {
                text += &line(snapshot, table, key, near, far);
            }
        }
    }
    for table in &snapshot.tables {
        text += &boxed(table, &places[&table.name]);
    }
    text + "</svg>\n"
}

/// Columns of tables, by how far each is from one that refers to none.
fn places(snapshot: &Snapshot) -> BTreeMap<Name, Place> {
    let mut depths: BTreeMap<&Name, usize> = snapshot.tables.iter().map(|table| (&table.name, 0)).collect();
    // A circle has no end: nobody stands further right than there are tables.
    for _ in 0..snapshot.tables.len() {
        let before = depths.clone();
        for table in &snapshot.tables {
            let far = table.foreign_keys.iter().filter(|key| key.table != table.name);
            let depth =
                far.filter_map(|key| depths.get(&key.table)).map(|depth| depth + 1).max().unwrap_or(0);
            depths.insert(&table.name, depth.min(snapshot.tables.len()));
        }
        if depths == before {
            break;
        }
    }
    let mut places = BTreeMap::new();
    let mut x = MARGIN;
    let mut columns: BTreeMap<usize, Vec<&Table>> = BTreeMap::new();
    for table in &snapshot.tables {
        columns.entry(depths[&table.name]).or_default().push(table);
    }
    for tables in columns.values() {
        let mut y = MARGIN;
        let widest = tables.iter().map(|table| width(table)).max().unwrap_or(0);
        for table in tables {
            let height = (table.columns.len() + 1) * LINE + LINE / 2;
            places.insert(table.name.clone(), Place { x, y, width: width(table), height });
            y += height + GAP / 2;
        }
        x += widest + GAP;
    }
    places
}

fn width(table: &Table) -> usize {
    let lines = table.columns.iter().map(|column| row(table, column).chars().count());
    let longest = lines.chain([table.name.to_string().chars().count()]).max().unwrap_or(0);
    longest * LETTER + 2 * LETTER
}

fn row(table: &Table, column: &Column) -> String {
    let nullable = if column.nullable { "?" } else { "" };
    let marks = marks(table, column).join(" ");
    format!("{} {}{nullable} {marks}", column.name, column.sql_type).trim_end().to_owned()
}

fn boxed(table: &Table, place: &Place) -> String {
    let Place { x, y, width, height } = place;
    let mut text = format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"#f8f8f8\" stroke=\"#444\"/>\n\
         <text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n\
         <line x1=\"{x}\" y1=\"{line}\" x2=\"{}\" y2=\"{line}\" stroke=\"#444\"/>\n",
        x + LETTER,
        y + LINE - 5,
        escaped(&table.name.to_string()),
        x + width,
        line = y + LINE + 2,
    );
    for (at, column) in table.columns.iter().enumerate() {
        let (x, y) = (x + LETTER, y + (at + 2) * LINE - 3);
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\">{}</text>", escaped(&row(table, column)));
    }
    text
}

/// From the column that refers to the column referred to.
fn line(snapshot: &Snapshot, table: &Table, key: &ForeignKey, near: &Place, far: &Place) -> String {
    let at = |table: &Table, name: Option<&String>| {
        table.columns.iter().position(|column| Some(&column.name) == name).unwrap_or(0)
    };
    let target = snapshot.table(&key.table).map_or(0, |far| at(far, key.references.first()));
    let y1 = near.y + (at(table, key.columns.first()) + 2) * LINE - 8;
    let y2 = far.y + (target + 2) * LINE - 8;
    let (x1, x2) = (near.x, far.x + far.width);
    let (left, right) = (x1.saturating_sub(GAP / 2), x2 + GAP / 2);
    format!(
        "<path d=\"M {x1} {y1} C {left} {y1}, {right} {y2}, {x2} {y2}\" fill=\"none\" stroke=\"#888\"><title>{}</title></path>\n",
        escaped(&key.name)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
