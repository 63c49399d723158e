//! Commits under way: in the log from before PostgreSQL hears of them until it has answered.
//!
//! While commits go together nobody takes a snapshot, so their order among each other is nobody's business as long as
//! they have no row in common. Of two that had one the later finds the earlier here.

use std::sync::Arc;

use super::capture::Change;
use super::log::Commit;
use super::snapshot::{SharedLog, Snapshot};
use super::write_set::WriteSet;

/// A place in the log for a commit whose keys are known; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reserved {
    log: SharedLog,
    commit: Arc<Commit>,
}

/// A write that commits by itself and whose keys are known when it is done.
#[derive(Debug)]
pub(crate) struct Announced(SharedLog);

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clash {
    /// Somebody was first.
    Lost,
    /// Somebody may be first.
    Open,
}

impl SharedLog {
    /// A place for a transaction's writes, unless they clash with a commit after its snapshot.
    pub(crate) fn reserve(&self, snapshot: &Snapshot, writes: &WriteSet) -> Result<Reserved, Clash> {
        let commit = self.lock().reserve(snapshot.version(), writes)?;
        Ok(Reserved { log: self.clone(), commit })
    }

    /// Says that somebody writes and commits in one go.
    pub(crate) fn announce(&self) -> Announced {
        self.lock().announced += 1;
        Announced(self.clone())
    }
}

impl Reserved {
    /// Whether nobody else has committed since the snapshot, or may have.
    pub(crate) fn is_next_to(&self, snapshot: &Snapshot) -> bool {
        let log = self.log.lock();
        log.version() == snapshot.version() + 1 && !log.is_uncertain()
    }

    /// PostgreSQL has it.
    pub(crate) fn record(self) {
        self.log.lock().settle(&self.commit);
    }
}

impl Announced {
    /// What PostgreSQL has of it.
    pub(crate) fn record(self, changes: &[Change]) {
        let mut log = self.0.lock();
        if changes.is_empty() {
            return;
        }
        if log.is_idle() {
            log.advance();
            return;
        }
        let mut writes = WriteSet::default();
        writes.apply(&log.catalog(), changes);
        log.record(&writes);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.log.lock().give_back(&self.commit);
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.lock().announced -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::fixture::{catalog, changes, written};

    #[test]
    fn of_two_commits_under_way_the_later_waits_for_the_outcome_of_the_earlier() {
        let log = SharedLog::default();
        let (one, other) = (log.snapshot(), log.snapshot());
        let row = written(&[&["1: (1,a,0) -> (1,a,1)"]]);
        let first = log.reserve(&one, &row).expect("nobody else");
        assert_eq!(log.reserve(&other, &row).unwrap_err(), Clash::Open);
        assert!(log.reserve(&other, &written(&[&["1: (2,b,0) -> (2,b,1)"]])).is_ok());
        drop(first);
        let second = log.reserve(&other, &row).expect("the first did not commit");
        second.record();
        assert_eq!(log.reserve(&one, &row).unwrap_err(), Clash::Lost);
    }

    #[test]
    fn commits_have_the_order_in_which_they_were_sent() {
        let log = known();
        let (old, one) = (log.snapshot(), log.snapshot());
        let first = log.reserve(&one, &written(&[&["1: (1,a,0) -> -"]])).expect("nobody else");
        assert_eq!((old.newer().len(), old.newer_or_pending().len()), (0, 1));
        // Its row came after the first's had gone, and its answer was heard before.
        log.announce().record(&changes(&["1: - -> (1,b,0)"]));
        first.record();
        let undone = crate::txn::overlay(&old.catalog(), &old.newer(), &WriteSet::default());
        assert!(undone.contains("VALUES ('1', 'a', '0')"), "{undone}");
    }

    #[test]
    fn what_is_announced_is_uncertain_until_it_is_recorded_or_given_up() {
        let log = known();
        let old = log.snapshot();
        let announced = log.announce();
        assert!(log.lock().is_uncertain());
        announced.record(&changes(&["2: - -> (7,1)"]));
        assert!(!log.lock().is_uncertain());
        assert_eq!(old.newer().len(), 1);
        drop(log.announce());
        assert!(!log.lock().is_uncertain());
    }

    fn known() -> SharedLog {
        let log = SharedLog::default();
        log.lock().schema_changed(catalog());
        log
    }
}
