//! Faults on request: what code that retries must meet in a test before it meets it in production.

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use crate::Error;
use crate::refusal::Refusal;

/// Something that goes wrong once, at a `COMMIT` or when somebody connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The commit loses against another transaction's data: `40001`, `OC000`.
    DataConflict,
    /// The commit loses against a change of the catalog: `40001`, `OC001`.
    SchemaConflict,
    /// The commit fails with `XX000 server unavailable`, and has not happened.
    Unavailable,
    /// The connection is lost before the commit happens.
    DropBeforeCommit,
    /// The connection is lost after the commit happened and before the client hears of it.
    DropAfterCommit,
    /// A new connection is refused: `53400`, too many came at once.
    RefuseConnection,
}

const NAMES: &[(&str, Fault)] = &[
    ("oc000", Fault::DataConflict),
    ("oc001", Fault::SchemaConflict),
    ("unavailable", Fault::Unavailable),
    ("drop-before-commit", Fault::DropBeforeCommit),
    ("drop-after-commit", Fault::DropAfterCommit),
    ("refuse", Fault::RefuseConnection),
];

impl FromStr for Fault {
    type Err = Error;

    /// Reads `oc000`, `oc001`, `unavailable`, `drop-before-commit`, `drop-after-commit` or `refuse`.
    fn from_str(text: &str) -> Result<Fault, Error> {
        let found = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, fault)| *fault).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            Error::new(format!("there is no fault {text:?}"))
                .with_hint(format!("the faults are {}", names.join(", ")))
        })
    }
}

/// What is to go wrong, and how far the count is.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    commits: Line,
    connections: Line,
}

/// Things that happen one after the other, some of which fail.
#[derive(Debug, Default)]
struct Line {
    seen: u64,
    /// With the place in the line, counted from 1.
    planned: Vec<(u64, Fault)>,
    next: VecDeque<Fault>,
}

impl Faults {
    pub(crate) fn new(planned: &[(u64, Fault)]) -> Faults {
        let mut state = State::default();
        for (nth, fault) in planned {
            state.line(*fault).planned.push((*nth, *fault));
        }
        Faults(Mutex::new(state))
    }

    /// Lets the next one fail; asked several times, the ones after it too.
    pub(crate) fn inject(&self, fault: Fault) {
        self.state(|state| state.line(fault).next.push_back(fault));
    }

    /// What happens to a commit that comes now.
    pub(crate) fn at_commit(&self) -> Option<Fault> {
        self.state(|state| state.commits.step())
    }

    /// # Errors
    /// When the connection that comes now is to be refused.
    pub(crate) fn at_connect(&self) -> Result<(), Refusal> {
        match self.state(|state| state.connections.step()) {
            Some(_) => Err(Refusal::new("53400", "Unable to accept connection, rate exceeded.")),
            None => Ok(()),
        }
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn line(&mut self, fault: Fault) -> &mut Line {
        match fault {
            Fault::RefuseConnection => &mut self.connections,
            _ => &mut self.commits,
        }
    }
}

impl Line {
    fn step(&mut self) -> Option<Fault> {
        self.seen += 1;
        let planned = self.planned.iter().find(|(nth, _)| *nth == self.seen).map(|(_, fault)| *fault);
        planned.or_else(|| self.next.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_fails_and_the_next_when_asked() {
        let faults = Faults::new(&[(2, Fault::DataConflict), (1, Fault::RefuseConnection)]);
        assert_eq!(faults.at_commit(), None);
        assert_eq!(faults.at_commit(), Some(Fault::DataConflict));
        assert!(faults.at_connect().is_err() && faults.at_connect().is_ok());
        faults.inject(Fault::DropAfterCommit);
        assert!(faults.at_connect().is_ok());
        assert_eq!(faults.at_commit(), Some(Fault::DropAfterCommit));
        assert_eq!(faults.at_commit(), None);
    }

    #[test]
    fn faults_have_names() {
        for (name, fault) in NAMES {
            assert_eq!(name.parse::<Fault>().unwrap(), *fault);
        }
        assert_eq!("rain".parse::<Fault>().unwrap_err().to_string(), "there is no fault \"rain\"");
    }
}
