//! The picture as a drawing for browsers.

use std::fmt::Write;

use super::layout::{HEAD, Place, ROW, layout};
use super::{Line, lines, marks};
use crate::Relation;
use crate::snapshot::{Column, Name, PUBLIC, Snapshot, Table};

/// The width of a letter, and of the room beside a text.
const LETTER: usize = 8;
const PAD: usize = 12;
/// How far a line goes straight on at its ends, and the least and the most that it bows out behind that.
const STUB: usize = 16;
const BOW: (usize, usize) = (28, 140);

/// Colours, and the ends of lines: a crow's foot for many, a bar for one, a ring for none.
const STYLE: &str = r##"<style>
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2933; }
  .paper { fill: #ffffff; }
  .box { fill: #ffffff; stroke: #9aa5b1; }
  .head { fill: #243b53; }
  .name { fill: #ffffff; font-weight: bold; }
  .row { fill: #f0f4f8; }
  .type { fill: #627d98; }
  .key { font-weight: bold; }
  .mark { fill: #b44d12; font-size: 10px; }
  .line { fill: none; stroke: #486581; stroke-width: 1.4; }
  .loose { stroke-dasharray: 5 4; }
  .end { fill: none; stroke: #486581; stroke-width: 1.4; }
  .ring { fill: #ffffff; }
  .line:hover { stroke: #b44d12; stroke-width: 2.5; }
</style>
<defs>
  <marker id="many" viewBox="0 0 16 12" refX="16" refY="6" markerWidth="16" markerHeight="12" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="end" d="M 6 6 L 16 1 M 6 6 L 16 11 M 6 6 L 16 6"/></marker>
  <marker id="alone" viewBox="0 0 16 12" refX="16" refY="6" markerWidth="16" markerHeight="12" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="end" d="M 0 6 L 16 6 M 10 1 L 10 11"/></marker>
  <marker id="one" viewBox="0 0 16 12" refX="16" refY="6" markerWidth="16" markerHeight="12" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="end" d="M 0 6 L 16 6 M 10 1 L 10 11 M 7 1 L 7 11"/></marker>
  <marker id="maybe" viewBox="0 0 16 12" refX="16" refY="6" markerWidth="16" markerHeight="12" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="end" d="M 0 6 L 16 6 M 12 1 L 12 11"/><circle class="end ring" cx="6" cy="6" r="3.5"/></marker>
</defs>
"##;

/// An entity-relationship diagram in SVG: a table stands to the right of those it refers to. Foreign keys are lines,
/// relations that the database knows nothing of are dashed.
pub fn svg(snapshot: &Snapshot, relations: &[Relation]) -> String {
    let lines = lines(snapshot, relations);
    let layout = layout(snapshot, &lines, |table| Widths::of(table, &lines).total(table));
    let (width, height) = (layout.width, layout.height);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n{STYLE}<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
    );
    // Below the tables, so that no line runs through a text.
    for line in &lines {
        text += &drawn(snapshot, line, &layout.places[&line.table.name], &layout.places[line.far]);
    }
    for table in &snapshot.tables {
        text += &boxed(table, &layout.places[&table.name], &lines);
    }
    text + "</svg>\n"
}

/// The widths of a box's three columns: names, types, marks.
struct Widths {
    name: usize,
    sql_type: usize,
    marks: usize,
}

impl Widths {
    fn of(table: &Table, lines: &[Line<'_>]) -> Self {
        let widest = |of: &dyn Fn(&Column) -> usize| table.columns.iter().map(of).max().unwrap_or(0);
        Self {
            name: widest(&|column| letters(&column.name)),
            sql_type: widest(&|column| letters(&shown(column))),
            marks: widest(&|column| marks(table, column, lines).join(" ").len()),
        }
    }

    fn total(&self, table: &Table) -> usize {
        let row = (self.name + self.sql_type + self.marks) * LETTER + 4 * PAD;
        row.max(letters(&plain(&table.name)) * LETTER + 2 * PAD)
    }
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

/// The type, with a question mark where there may be none.
fn shown(column: &Column) -> String {
    format!("{}{}", column.sql_type, if column.nullable { "?" } else { "" })
}

fn boxed(table: &Table, place: &Place, lines: &[Line<'_>]) -> String {
    let Place { x, y, width, height } = place;
    let widths = Widths::of(table, lines);
    let mut text = "<g>".to_owned();
    if let Some(comment) = &table.comment {
        let _ = write!(text, "<title>{}</title>", escaped(comment));
    }
    let _ = writeln!(
        text,
        "<rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>\n\
         <path class=\"head\" d=\"M {x} {} v -{} a 5 5 0 0 1 5 -5 h {} a 5 5 0 0 1 5 5 v {} z\"/>\n\
         <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
        y + HEAD,
        HEAD - 5,
        width - 10,
        HEAD - 5,
        x + PAD,
        y + 20,
        escaped(&plain(&table.name)),
    );
    for (at, column) in table.columns.iter().enumerate() {
        let top = y + HEAD + at * ROW;
        if at % 2 == 1 {
            let _ = writeln!(
                text,
                "<rect class=\"row\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{ROW}\"/>",
                x + 1,
                width - 2
            );
        }
        let base = top + 16;
        let key = if table.is_key(&column.name) { " class=\"key\"" } else { "" };
        let middle = x + PAD + widths.name * LETTER + PAD;
        let comment = column.comment.as_deref().map(|text| format!("<title>{}</title>", escaped(text)));
        let _ = write!(
            text,
            "<text{key} x=\"{}\" y=\"{base}\">{}{}</text><text class=\"type\" x=\"{middle}\" y=\"{base}\">{}</text>",
            x + PAD,
            escaped(&column.name),
            comment.unwrap_or_default(),
            escaped(&shown(column)),
        );
        let marks = marks(table, column, lines).join(" ");
        if !marks.is_empty() {
            let end = x + width - PAD;
            let _ = write!(
                text,
                "<text class=\"mark\" text-anchor=\"end\" x=\"{end}\" y=\"{base}\">{marks}</text>"
            );
        }
        text.push('\n');
    }
    text + "</g>\n"
}

/// From the column that refers to the column referred to.
fn drawn(snapshot: &Snapshot, line: &Line<'_>, near: &Place, far: &Place) -> String {
    let height = |place: &Place, table: Option<&Table>, column: Option<&String>| {
        let at = |table: &Table| table.columns.iter().position(|found| Some(&found.name) == column);
        place.y + HEAD + table.and_then(at).unwrap_or(0) * ROW + ROW / 2
    };
    let y1 = height(near, Some(line.table), line.columns.first());
    let y2 = height(far, snapshot.table(line.far), line.references.first());
    let bow = |between: usize| (between / 2).clamp(BOW.0, BOW.1);
    let (x1, s1, c1, c2, s2, x2) = if far.right() < near.x {
        let bow = bow(near.x - far.right());
        (near.x, near.x - STUB, near.x - bow, far.right() + bow, far.right() + STUB, far.right())
    } else if near.right() < far.x {
        let bow = bow(far.x - near.right());
        (near.right(), near.right() + STUB, near.right() + bow, far.x - bow, far.x - STUB, far.x)
    } else {
        let out = near.right().max(far.right()) + STUB + BOW.0;
        (near.right(), near.right() + STUB, out, out, far.right() + STUB, far.right())
    };
    let start = if line.is_alone() { "alone" } else { "many" };
    let end = if line.is_optional() { "maybe" } else { "one" };
    let loose = if line.key.is_some() { "" } else { " loose" };
    let columns = |columns: &[String]| columns.join(", ");
    let title = format!(
        "{}({}) → {}({}){}",
        plain(&line.table.name),
        columns(line.columns),
        plain(line.far),
        columns(line.references),
        line.key.map(|key| format!(", {key}")).unwrap_or_default()
    );
    format!(
        "<path class=\"line{loose}\" d=\"M {x1} {y1} H {s1} C {c1} {y1}, {c2} {y2}, {s2} {y2} H {x2}\" marker-start=\"url(#{start})\" \
         marker-end=\"url(#{end})\"><title>{}</title></path>\n",
        escaped(&title)
    )
}

/// A name without the quotes of SQL.
fn plain(name: &Name) -> String {
    if name.schema == PUBLIC { name.name.clone() } else { format!("{}.{}", name.schema, name.name) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
