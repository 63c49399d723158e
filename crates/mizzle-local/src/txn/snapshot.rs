//! What a transaction sees: every commit up to one version. As long as it lives, later ones are kept for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::catalog::Catalog;
use super::log::{Commit, CommitLog};

/// The log that all sessions share.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedLog(Arc<Mutex<CommitLog>>);

impl SharedLog {
    /// The log, for a moment without waiting in it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, CommitLog> {
        // Whoever panicked left whole values behind: every change of the log is one call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present as a snapshot.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let (version, schema) = self.lock().open();
        Snapshot { log: self.clone(), version, schema, released: false }
    }
}

/// A version that a transaction reads at.
#[derive(Debug)]
pub(crate) struct Snapshot {
    log: SharedLog,
    version: u64,
    schema: u64,
    released: bool,
}

impl Snapshot {
    /// Lets go of what came later: whoever has it is too old to look at it again.
    pub(crate) fn release(&mut self) {
        if !std::mem::replace(&mut self.released, true) {
            self.log.lock().close(self.version);
        }
    }

    /// Whether the catalog has changed since.
    pub(crate) fn is_outdated(&self) -> bool {
        self.log.lock().schema() != self.schema
    }

    /// The commits it does not show, oldest first.
    pub(crate) fn newer(&self) -> Vec<Arc<Commit>> {
        self.log.lock().newer(self.version)
    }

    /// The same, and what is being committed right now.
    pub(crate) fn newer_or_pending(&self) -> Vec<Arc<Commit>> {
        self.log.lock().newer_or_pending(self.version)
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Whether somebody has committed since, or may have.
    pub(crate) fn is_old(&self) -> bool {
        self.log.lock().version() != self.version
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.log.lock().catalog()
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::fixture::written;

    #[test]
    fn a_snapshot_keeps_what_came_after_it_until_it_goes() {
        let log = SharedLog::default();
        let snapshot = log.snapshot();
        log.lock().record(&written(&[&["2: - -> (1,)"]]));
        assert!(snapshot.is_old() && !snapshot.is_outdated());
        assert_eq!(snapshot.newer().len(), 1);
        let mut later = log.snapshot();
        assert!(!later.is_old());
        later.release();
        drop(later);
        drop(snapshot);
        assert!(log.lock().is_idle());
        assert!(log.snapshot().newer().is_empty());
    }
}
