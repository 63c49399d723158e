//! The picture as text that Mermaid draws.

use std::fmt::Write;

use super::{lines, marks};
use crate::Relation;
use crate::snapshot::{Name, Snapshot};

/// An entity-relationship diagram in Mermaid: foreign keys as lines, relations that the database knows nothing of dotted.
pub fn mermaid(snapshot: &Snapshot, relations: &[Relation]) -> String {
    let lines = lines(snapshot, relations);
    let mut text = "erDiagram\n".to_owned();
    for table in &snapshot.tables {
        let _ = writeln!(text, "    {} {{", entity(&table.name));
        for column in &table.columns {
            let marks = marks(table, column, &lines);
            let marks = if marks.is_empty() { String::new() } else { format!(" {}", marks.join(", ")) };
            let comment = column.comment.as_deref().and_then(|text| text.lines().next());
            let comment = comment.map(|text| format!(" \"{}\"", text.replace('"', "'"))).unwrap_or_default();
            let _ =
                writeln!(text, "        {} {}{marks}{comment}", word(&column.sql_type), word(&column.name));
        }
        text += "    }\n";
    }
    for line in &lines {
        let near = if line.is_alone() { "o|" } else { "o{" };
        let far = if line.is_optional() { "|o" } else { "||" };
        let stroke = if line.key.is_some() { "--" } else { ".." };
        let (from, to) = (entity(line.far), entity(&line.table.name));
        let _ = writeln!(text, "    {from} {far}{stroke}{near} {to} : \"{}\"", line.columns.join(", "));
    }
    text
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
