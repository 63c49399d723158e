//! Faults on request: what code that retries must meet in a test before it meets it in production.
//!
//! A [`Fault`] is what goes wrong; a [`FaultRule`] also says when, and for which commits. Both have a form in text,
//! which the command line and the control endpoint take:
//!
//! ```text
//! NAME[=TIME][@N | @N-M | %PERCENT][:TABLE]
//!
//! oc000                          the next commit that writes rows, once
//! oc000@3                        the third from now on
//! expire-token@1-4               the next four
//! oc001%5                        one in twenty, by the seed, until it is lifted
//! oc000%20:public.pet            one in five of the commits that write this table
//! delay-before-commit=250ms%100  every one
//! ```

mod chance;
mod state;
mod text;

pub(crate) use state::Faults;
pub(crate) use text::GRAMMAR;

use std::time::Duration;

/// Something that goes wrong: at a commit, when somebody connects, or at a statement.
///
/// A commit is a `COMMIT`, or the end of a statement outside of a transaction that writes or changes the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The commit loses against another transaction's data: `40001`, `OC000`. Only a commit
    /// that changes or locks rows does.
    DataConflict,
    /// The commit loses against a change of the catalog: `40001`, `OC001`.
    SchemaConflict,
    /// The commit fails with `XX000 server unavailable`, and has not happened.
    Unavailable,
    /// The connection is lost before the commit happens.
    DropBeforeCommit,
    /// The connection is lost after the commit happened and before the client hears of it.
    DropAfterCommit,
    /// The commit takes this much longer, with its transaction open.
    DelayBeforeCommit(Duration),
    /// The commit happens, and its client hears of it this much later.
    DelayAfterCommit(Duration),
    /// A new connection is refused: `53400`, too many came at once.
    RefuseConnection,
    /// A new connection is refused: `53300`, too many are open.
    RefuseFull,
    /// A new connection is refused: the cluster was idle and is waking up. The SQLSTATE, which no public source
    /// gives, is PostgreSQL's for a server that starts: `57P03`.
    RefuseWaking,
    /// A new connection is let in this much later; a minute is the longest that the server waits.
    DelayConnection(Duration),
    /// A token is refused as expired, however young it is: `28000`.
    ExpireToken,
    /// The connection is lost when a statement comes, which does not run.
    CutSession,
}

/// A fault, when it strikes, and the table that a commit must write for that.
///
/// # Example
/// ```
/// use mizzle_local::{Fault, FaultRule};
///
/// let rule = Fault::DataConflict.chance(20.0).on_table("public.pet");
/// assert_eq!(rule.to_string(), "oc000%20:public.pet");
/// assert_eq!("oc000%20:public.pet".parse::<FaultRule>().unwrap(), rule);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    pub(crate) fault: Fault,
    when: When,
    table: Option<String>,
}

/// A rule that was asked for, and how far it is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FaultReport {
    /// What [`lift_fault`](crate::LocalDsql::lift_fault) knows the rule by.
    pub id: u64,
    /// The rule.
    pub rule: FaultRule,
    /// How many commits, connections or statements it was held against.
    pub seen: u64,
    /// How often it struck.
    pub fired: u64,
    /// Whether it may strike again.
    pub active: bool,
}

/// Which of the things that a rule is held against are struck.
#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    /// `count` of them, from this one on; the first is 1.
    Nth { from: u64, count: u64 },
    /// Each with this probability, in percent.
    Chance(f64),
}

/// What faults happen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Commit,
    Connection,
    Token,
    Statement,
}

impl Fault {
    /// Strikes the `nth` from now on, once; the first is 1.
    pub fn nth(self, nth: u64) -> FaultRule {
        FaultRule { fault: self, when: When::Nth { from: nth.max(1), count: 1 }, table: None }
    }

    /// Strikes the next `count`.
    pub fn times(self, count: u64) -> FaultRule {
        FaultRule { fault: self, when: When::Nth { from: 1, count }, table: None }
    }

    /// Strikes each with a probability, in percent, until it is lifted. Which ones follows from the seed alone: see
    /// [`Builder::fault_seed`](crate::Builder::fault_seed).
    pub fn chance(self, percent: f64) -> FaultRule {
        FaultRule { fault: self, when: When::Chance(percent.clamp(0.0, 100.0)), table: None }
    }

    /// Strikes each, until it is lifted.
    pub fn always(self) -> FaultRule {
        self.chance(100.0)
    }

    fn event(self) -> Event {
        match self {
            Fault::DataConflict
            | Fault::SchemaConflict
            | Fault::Unavailable
            | Fault::DropBeforeCommit
            | Fault::DropAfterCommit
            | Fault::DelayBeforeCommit(_)
            | Fault::DelayAfterCommit(_) => Event::Commit,
            Fault::RefuseConnection | Fault::RefuseFull | Fault::RefuseWaking | Fault::DelayConnection(_) => {
                Event::Connection
            }
            Fault::ExpireToken => Event::Token,
            Fault::CutSession => Event::Statement,
        }
    }

    /// Whether nothing else can go wrong after it.
    fn is_final(self) -> bool {
        self.delay().is_none()
    }

    fn delay(self) -> Option<Duration> {
        match self {
            Fault::DelayBeforeCommit(time) | Fault::DelayAfterCommit(time) | Fault::DelayConnection(time) => {
                Some(time)
            }
            _ => None,
        }
    }
}

impl FaultRule {
    /// What goes wrong.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Strikes only commits that write this table: `schema.table`, or a table of that name in any schema.
    ///
    /// # Panics
    /// When the fault is not one of a commit.
    #[must_use]
    pub fn on_table(mut self, table: impl Into<String>) -> FaultRule {
        assert!(self.fault.event() == Event::Commit, "only commits write tables: {self}");
        self.table = Some(table.into());
        self
    }
}

impl From<Fault> for FaultRule {
    /// The next one, once.
    fn from(fault: Fault) -> FaultRule {
        fault.times(1)
    }
}
