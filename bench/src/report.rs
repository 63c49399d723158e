//! What a benchmark found, as a table for people or as one JSON document.

use std::fmt::Write;

/// The rows of one benchmark.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) theirs: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) rows: Vec<Row>,
    /// More members of the JSON object, already written as JSON.
    pub(crate) extra: Vec<(&'static str, String)>,
    /// A line under the table.
    pub(crate) note: Option<String>,
}

/// One kind of work: medians of both sides.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) theirs: f64,
    pub(crate) ours: f64,
}

/// What the medians count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Milliseconds,
    /// Operations a second.
    Rate,
}

impl Report {
    pub(crate) fn to_table(&self) -> String {
        let head = match self.unit {
            Unit::Milliseconds => "median, in turns",
            Unit::Rate => "median operations a second, in turns",
        };
        let mut table = format!("{head:<42} {:>10} {:>10} {:>7}\n", self.theirs, self.ours, "ratio");
        for Row { name, theirs, ours } in &self.rows {
            let shown = |value: f64| match self.unit {
                Unit::Milliseconds => format!("{value:.2}ms"),
                Unit::Rate => format!("{value:.0}"),
            };
            let (ratio, theirs, ours) = (ours / theirs, shown(*theirs), shown(*ours));
            let _ = writeln!(table, "{name:<42} {theirs:>10} {ours:>10} {ratio:>7.2}");
        }
        if let Some(note) = &self.note {
            let _ = writeln!(table, "{note}");
        }
        table
    }

    /// `{"unit": …, "rows": [{"name": …, "<theirs>": …, "<ours>": …, "ratio": …}, …], …}`.
    pub(crate) fn to_json(&self) -> String {
        let unit = match self.unit {
            Unit::Milliseconds => "milliseconds",
            Unit::Rate => "operations a second",
        };
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|Row { name, theirs, ours }| {
                let ratio = ours / theirs;
                let (of_theirs, of_ours) = (self.theirs, self.ours);
                // Names are our own words: nothing in them needs an escape.
                format!(
                    "    {{\"name\": \"{name}\", \"{of_theirs}\": {theirs}, \"{of_ours}\": {ours}, \"ratio\": {ratio}}}"
                )
            })
            .collect();
        let extra: String =
            self.extra.iter().map(|(name, value)| format!(",\n  \"{name}\": {value}")).collect();
        format!("{{\n  \"unit\": \"{unit}\",\n  \"rows\": [\n{}\n  ]{extra}\n}}", rows.join(",\n"))
    }
}
