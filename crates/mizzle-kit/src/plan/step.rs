//! A step: one transaction that DSQL accepts, and what a person should know of it before it runs.

use std::fmt;

use serde::Serialize;

use crate::sql::quoted;

/// One transaction, or a statement that is run in chunks until it has nothing left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The statement.
    pub sql: String,
    /// How it is run.
    pub kind: StepKind,
    /// What may hurt, each to be allowed by its name.
    pub hazards: Vec<Hazard>,
    /// Why it is there.
    pub why: String,
    /// Who cannot work meanwhile.
    pub locks_out: &'static str,
    /// What it costs on a big table.
    pub cost: &'static str,
}

/// How a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// One statement that changes the catalog.
    Ddl,
    /// A statement that starts a job which builds an index: it is waited for, and `indisvalid` has to be true then.
    Index,
    /// A statement that starts a job which checks every row: it is waited for, and `convalidated` has to be true then.
    Validation,
    /// One statement that changes rows, run in chunks: an `UPDATE` or `DELETE` along the primary key of its table, each row
    /// once or until none fulfils its condition; an `INSERT` until it has fewer rows than its own `LIMIT`.
    Backfill {
        /// How many rows it changes at most.
        chunk: u32,
    },
    /// One statement that is no DDL.
    Statement,
}

/// Rows that one transaction may change (AWS user guide, "Cluster quotas and database limits").
pub const CHUNK: u32 = 3_000;

/// What may hurt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// Which kind, by which it is allowed.
    pub kind: HazardKind,
    /// What will happen, for a person.
    pub text: String,
}

/// The kinds of hazards: a closed list. `Display` writes the name by which one is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HazardKind {
    /// A table goes with its rows.
    DropsTable,
    /// A column goes with its values.
    DropsColumn,
    /// A view goes, if only for a moment, and with it the privileges on it.
    DropsView,
    /// Something that is still called by its old name by programs that run has another.
    Renames,
    /// A column or table cannot be used for as long as a few steps take.
    Unavailable,
    /// A constraint does not hold for as long as some steps take: rows that break it may come, and the step that proves
    /// it then fails until they are mended.
    Unenforced,
    /// Values may lose something on the way to another type, or have no counterpart in it.
    LossyCast,
    /// Rows that are there need a value that nothing gives them; the step that checks it fails if there are such rows.
    NeedsValues,
}

impl HazardKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::DropsTable,
        Self::DropsColumn,
        Self::DropsView,
        Self::Renames,
        Self::Unavailable,
        Self::Unenforced,
        Self::LossyCast,
        Self::NeedsValues,
    ];

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_string() == name)
    }
}

impl fmt::Display for HazardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DropsTable => "drops-table",
            Self::DropsColumn => "drops-column",
            Self::DropsView => "drops-view",
            Self::Renames => "renames",
            Self::Unavailable => "unavailable",
            Self::Unenforced => "unenforced",
            Self::LossyCast => "lossy-cast",
            Self::NeedsValues => "needs-values",
        })
    }
}

const NOBODY: &str = "nobody; transactions that are open meanwhile end in OC001 and run again";
const CATALOG: &str = "the catalog alone, whatever the table's size";

impl Step {
    pub(crate) fn ddl(sql: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(sql, StepKind::Ddl, why, CATALOG)
    }

    pub(crate) fn index(sql: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(
            sql,
            StepKind::Index,
            why,
            "a job in the background reads the table once and writes the index",
        )
    }

    pub(crate) fn validation(sql: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(sql, StepKind::Validation, why, "a job in the background reads the table once")
    }

    pub(crate) fn backfill(sql: impl Into<String>, why: impl Into<String>) -> Self {
        let step = Self::new(
            sql,
            StepKind::Backfill { chunk: CHUNK },
            why,
            "every row that is not as it should be is written once, 3,000 in a transaction",
        );
        Self { locks_out: "nobody; who writes the same rows at the same time may have to run again", ..step }
    }

    pub(crate) fn statement(sql: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(sql, StepKind::Statement, why, "one read")
    }

    fn new(sql: impl Into<String>, kind: StepKind, why: impl Into<String>, cost: &'static str) -> Self {
        Self { sql: sql.into(), kind, hazards: Vec::new(), why: why.into(), locks_out: NOBODY, cost }
    }

    pub(crate) fn hazard(mut self, kind: HazardKind, text: impl Into<String>) -> Self {
        self.hazards.push(Hazard { kind, text: text.into() });
        self
    }

    /// The same, whoever uses this being locked out until a later step.
    pub(crate) fn locking(mut self, locks_out: &'static str, text: impl Into<String>) -> Self {
        self.locks_out = locks_out;
        self.hazard(HazardKind::Unavailable, text)
    }

    /// The same, a constraint of this name not holding until it is made again.
    pub(crate) fn loosening(self, name: &str) -> Self {
        let text = format!(
            "{} does not hold from here until it is made again; rows that break it meanwhile make that fail",
            quoted(name)
        );
        self.hazard(HazardKind::Unenforced, text)
    }
}

#[cfg(test)]
mod tests {
    use super::HazardKind;

    #[test]
    fn a_hazard_is_found_by_its_name() {
        for kind in HazardKind::ALL {
            assert_eq!(HazardKind::of(&kind.to_string()), Some(kind));
        }
        assert_eq!(HazardKind::of("drops"), None);
    }
}
