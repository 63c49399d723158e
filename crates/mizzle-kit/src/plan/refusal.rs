//! What DSQL cannot be brought to do, as data: the change, the reason, and the nearest way.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

/// One thing that no plan can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// What was wanted.
    pub what: String,
    /// Why it cannot be.
    pub reason: String,
    /// The nearest way.
    pub way: String,
}

/// Why there is no plan: every refusal, not the first alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// At least one.
    pub refusals: Vec<Refusal>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.what, self.reason, self.way)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aurora DSQL cannot be brought there")?;
        self.refusals.iter().try_for_each(|refusal| write!(f, "\n{refusal}"))
    }
}

impl StdError for Refused {}
