//! The commits that an open transaction has not seen.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::catalog::Catalog;
use super::pending::Clash;
use super::verdict::clashes;
use super::write_set::{Keys, Rows, WriteSet};

/// One adjudicated commit.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(super) version: u64,
    pub(super) tables: BTreeMap<u32, Rows>,
    pub(super) keys: Keys,
}

/// Versions in the order of commits; kept as far back as the oldest open snapshot.
#[derive(Debug, Default)]
pub(crate) struct CommitLog {
    version: u64,
    schema: u64,
    catalog: Arc<Catalog>,
    commits: VecDeque<Arc<Commit>>,
    /// Sent to PostgreSQL and not answered yet.
    pending: Vec<Arc<Commit>>,
    /// How many there were.
    recorded: u64,
    /// How many write and commit in one go right now, with keys that are known afterwards.
    pub(super) announced: usize,
    /// How many snapshots are open, by version.
    open: BTreeMap<u64, usize>,
}

impl CommitLog {
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Counts the changes of the catalog.
    pub(crate) fn schema(&self) -> u64 {
        self.schema
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// Whether no transaction is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn open(&mut self) -> (u64, u64) {
        *self.open.entry(self.version).or_default() += 1;
        (self.version, self.schema)
    }

    pub(super) fn close(&mut self, version: u64) {
        if let Some(count) = self.open.get_mut(&version) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&version);
            }
        }
        self.prune();
    }

    /// How many commits changed something, and how many changes of the catalog there were.
    pub(crate) fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Whether somebody may just have committed what nobody can know of yet.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.announced > 0
    }

    /// A commit that is there.
    pub(crate) fn record(&mut self, writes: &WriteSet) {
        let commit = self.next(writes);
        self.insert(commit);
    }

    /// Adjudicates a commit that is about to be sent, and gives it its version.
    pub(super) fn reserve(&mut self, snapshot: u64, writes: &WriteSet) -> Result<Arc<Commit>, Clash> {
        if clashes(&self.newer(snapshot), writes) {
            return Err(Clash::Lost);
        }
        if clashes(&self.pending, writes) {
            return Err(Clash::Open);
        }
        let commit = self.next(writes);
        self.pending.push(Arc::clone(&commit));
        Ok(commit)
    }

    /// A commit that was reserved is there.
    pub(super) fn settle(&mut self, commit: &Arc<Commit>) {
        self.give_back(commit);
        self.insert(Arc::clone(commit));
    }

    /// A commit that was reserved is under way no more.
    pub(super) fn give_back(&mut self, commit: &Arc<Commit>) {
        self.pending.retain(|pending| pending.version != commit.version);
    }

    fn next(&mut self, writes: &WriteSet) -> Arc<Commit> {
        self.version += 1;
        let (tables, keys) = (writes.tables.clone(), writes.keys.clone());
        Arc::new(Commit { version: self.version, tables, keys })
    }

    /// Those that were under way together may be answered in another order.
    fn insert(&mut self, commit: Arc<Commit>) {
        self.recorded += 1;
        let at = self.commits.partition_point(|other| other.version < commit.version);
        self.commits.insert(at, commit);
        self.prune();
    }

    /// A commit while nobody has a snapshot.
    pub(crate) fn advance(&mut self) {
        self.recorded += 1;
        self.version += 1;
    }

    /// The catalog is another one now: what was open before can only fail, so nothing has to be undone for it.
    pub(crate) fn schema_changed(&mut self, catalog: Catalog) {
        // The first is the catalog that was there.
        self.recorded += u64::from(self.schema > 0);
        self.version += 1;
        self.schema += 1;
        self.catalog = Arc::new(catalog);
        self.commits.clear();
    }

    /// The commits after a version, oldest first.
    pub(crate) fn newer(&self, version: u64) -> Vec<Arc<Commit>> {
        self.commits.iter().filter(|commit| commit.version > version).cloned().collect()
    }

    /// The same, and those that are under way.
    pub(crate) fn newer_or_pending(&self, version: u64) -> Vec<Arc<Commit>> {
        let mut newer = self.newer(version);
        newer.extend(self.pending.iter().cloned());
        newer
    }

    fn prune(&mut self) {
        let oldest = self.open.keys().next().copied().unwrap_or(u64::MAX);
        while self.commits.front().is_some_and(|commit| commit.version <= oldest) {
            self.commits.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::fixture::written;

    #[test]
    fn commits_stay_until_the_oldest_snapshot_has_gone() {
        let mut log = CommitLog::default();
        let writes = written(&[&["2: - -> (1,)"]]);
        log.record(&writes);
        assert!(log.commits.is_empty());
        let first = log.open().0;
        log.record(&writes);
        let second = log.open().0;
        log.record(&writes);
        assert_eq!((log.newer(first).len(), log.newer(second).len(), log.is_idle()), (2, 1, false));
        log.close(first);
        assert_eq!(log.commits.len(), 1);
        log.close(second);
        assert!(log.commits.is_empty() && log.is_idle());
    }

    #[test]
    fn a_new_catalog_ends_what_could_be_undone() {
        let mut log = CommitLog::default();
        let (version, schema) = log.open();
        log.record(&written(&[&["2: - -> (1,)"]]));
        log.schema_changed(Catalog::default());
        assert!(log.newer(version).is_empty());
        assert_ne!(log.schema(), schema);
    }
}
