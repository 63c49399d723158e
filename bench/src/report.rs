//! What a benchmark found, as a table for people or as one JSON document.

use std::fmt::Write;

/// The rows of one benchmark.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// Who was measured; the first is what the others are measured by.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
    /// More members of the JSON object, already written as JSON.
    pub(crate) extra: Vec<(&'static str, String)>,
    /// Lines under the table.
    pub(crate) notes: Vec<String>,
}

/// One kind of work: a median for each column, none where it was left out.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) medians: Vec<Option<f64>>,
}

/// What the medians count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Microseconds,
    /// Operations a second.
    Rate,
}

impl Report {
    /// A table in Markdown: the first column in its unit, the others as ratios to it.
    pub(crate) fn to_table(&self) -> String {
        let head = match self.unit {
            Unit::Microseconds => "median time",
            Unit::Rate => "median operations a second",
        };
        let mut cells = vec![vec![head.to_owned()]];
        cells[0].extend(self.columns.iter().map(|&column| column.to_owned()));
        for row in &self.rows {
            let mut line = vec![row.name.clone()];
            line.extend((0..self.columns.len()).map(|at| self.cell(row, at)));
            cells.push(line);
        }
        let width = |at: usize| cells.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..=self.columns.len()).map(width).collect();
        let mut table = String::new();
        for (at, line) in cells.iter().enumerate() {
            let _ = write!(table, "| {:<1$} |", line[0], widths[0]);
            for (cell, width) in line.iter().zip(&widths).skip(1) {
                let _ = write!(table, " {cell:>width$} |");
            }
            table.push('\n');
            if at == 0 {
                let _ = write!(table, "|{}|", "-".repeat(widths[0] + 2));
                widths[1..].iter().for_each(|width| {
                    let _ = write!(table, "{}:|", "-".repeat(width + 1));
                });
                table.push('\n');
            }
        }
        for note in &self.notes {
            let _ = writeln!(table, "\n{note}");
        }
        table
    }

    fn cell(&self, row: &Row, at: usize) -> String {
        match (at, row.medians[at], self.unit) {
            (_, None, _) => "–".to_owned(),
            (0, Some(value), Unit::Microseconds) => format!("{:.2} ms", value / 1e3),
            (0, Some(value), Unit::Rate) => format!("{value:.0}"),
            (_, Some(_), _) => row.ratio(at).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
        }
    }

    /// `{"unit": …, "rows": [{"case": …, "<column>": {"median": …, "ratio": …}, …], "notes": […], …}`; a column that
    /// was left out is `null`.
    pub(crate) fn to_json(&self) -> String {
        let unit = match self.unit {
            Unit::Microseconds => "microseconds",
            Unit::Rate => "operations a second",
        };
        let rows: Vec<String> = self.rows.iter().map(|row| self.row(row)).collect();
        let notes: Vec<String> = self.notes.iter().map(|note| quoted(note)).collect();
        let extra: String =
            self.extra.iter().map(|(name, value)| format!(",\n  \"{name}\": {value}")).collect();
        format!(
            "{{\n  \"unit\": \"{unit}\",\n  \"rows\": [\n{}\n  ],\n  \"notes\": [{}]{extra}\n}}",
            rows.join(",\n"),
            notes.join(", ")
        )
    }

    fn row(&self, row: &Row) -> String {
        let mut line = format!("    {{\"case\": {}", quoted(&row.name));
        for (at, column) in self.columns.iter().enumerate() {
            let _ = match (row.medians[at], row.ratio(at)) {
                (Some(median), Some(ratio)) => {
                    write!(line, ", \"{column}\": {{\"median\": {median:.1}, \"ratio\": {ratio:.3}}}")
                }
                _ => write!(line, ", \"{column}\": null"),
            };
        }
        line + "}"
    }
}

impl Row {
    fn ratio(&self, at: usize) -> Option<f64> {
        Some(self.medians[at]? / self.medians[0]?)
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            letter if letter.is_control() => write!(quoted, "\\u{:04x}", u32::from(letter)),
            letter => write!(quoted, "{letter}"),
        };
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::{Report, Row, Unit};

    fn report() -> Report {
        Report {
            name: "typed",
            unit: Unit::Microseconds,
            columns: vec!["raw", "ours", "theirs"],
            rows: vec![Row { name: "a row".to_owned(), medians: vec![Some(2_000.0), Some(1_000.0), None] }],
            extra: Vec::new(),
            notes: vec!["theirs is left out: \"no\"".to_owned()],
        }
    }

    #[test]
    fn the_table_has_the_first_column_in_its_unit_and_ratios_beside_it() {
        let expected = "\
| median time |     raw | ours | theirs |
|-------------|--------:|-----:|-------:|
| a row       | 2.00 ms | 0.50 |      – |

theirs is left out: \"no\"
";
        assert_eq!(report().to_table(), expected);
    }

    #[test]
    fn the_json_has_medians_and_ratios_and_says_null_for_what_was_left_out() {
        let json = report().to_json();
        assert!(json.contains(
            "{\"case\": \"a row\", \"raw\": {\"median\": 2000.0, \"ratio\": 1.000}, \
             \"ours\": {\"median\": 1000.0, \"ratio\": 0.500}, \"theirs\": null}"
        ));
        assert!(json.contains("\"notes\": [\"theirs is left out: \\\"no\\\"\"]"));
    }
}
