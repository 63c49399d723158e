//! What was measured, as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use super::cost::Cost;
use super::source::{CRATES, DIESEL, MIZZLE};

/// What the compiler is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Case {
    Check,
    Edited,
    Build,
}

/// One cost of each round.
#[derive(Default)]
pub(super) struct Report {
    costs: BTreeMap<(Case, &'static str), Vec<Cost>>,
}

impl Report {
    pub(super) fn add(&mut self, case: Case, name: &'static str, cost: Cost) {
        self.costs.entry((case, name)).or_default().push(cost);
    }

    pub(super) fn to_json(&self) -> String {
        let rows: Vec<String> = self
            .cases()
            .into_iter()
            .map(|case| {
                let columns: Vec<String> = CRATES
                    .iter()
                    .map(|(name, _)| {
                        let Cost { processor, clock } = self.median(case, name);
                        let ratio = self.ratio(case, name);
                        format!(
                            "\"{name}\": {{\"processor_seconds\": {processor:.3}, \"clock_seconds\": {clock:.3}, \"ratio\": {ratio:.3}}}"
                        )
                    })
                    .collect();
                format!("  \"{case}\": {{{}}}", columns.join(", "))
            })
            .collect();
        format!("{{\n{}\n}}\n", rows.join(",\n"))
    }

    fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = self.costs.keys().map(|(case, _)| *case).collect();
        cases.dedup();
        cases
    }

    fn median(&self, case: Case, name: &'static str) -> Cost {
        Cost::median(&self.costs[&(case, name)])
    }

    /// Processor time as a part of plain Diesel's.
    fn ratio(&self, case: Case, name: &'static str) -> f64 {
        self.median(case, name).processor / self.median(case, DIESEL).processor
    }
}

impl fmt::Display for Report {
    /// Processor seconds and their ratio to plain Diesel's, then seconds on the clock; the ratios of Mizzle stand in the last
    /// line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = |f: &mut fmt::Formatter<'_>, title: &str| {
            write!(f, "{title:<26}")?;
            CRATES.iter().try_for_each(|(name, _)| write!(f, " {name:>15}"))?;
            writeln!(f)
        };
        head(f, "processor seconds (ratio)")?;
        for case in self.cases() {
            write!(f, "{:<26}", case.to_string())?;
            for (name, _) in CRATES {
                write!(f, " {:>8.2} ({:.2})", self.median(case, name).processor, self.ratio(case, name))?;
            }
            writeln!(f)?;
        }
        head(f, "seconds on the clock")?;
        for case in self.cases() {
            write!(f, "{:<26}", case.to_string())?;
            CRATES.iter().try_for_each(|(name, _)| write!(f, " {:>15.2}", self.median(case, name).clock))?;
            writeln!(f)?;
        }
        let ratios: Vec<String> =
            self.cases().into_iter().map(|case| format!("{case} {:.2}", self.ratio(case, MIZZLE))).collect();
        writeln!(f, "{MIZZLE} to {DIESEL}: {}", ratios.join(", "))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Check => "check",
            Self::Edited => "check, one query edited",
            Self::Build => "build",
        })
    }
}
