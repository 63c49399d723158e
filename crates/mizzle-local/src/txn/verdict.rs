//! Who has to give way: keys against the commits that came first.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::capture::Change;
use super::catalog::Catalog;
use super::log::Commit;
use super::write_set::WriteSet;

/// Whether one of the commits has a key in a mode that does not go with ours.
pub(crate) fn clashes(newer: &[Arc<Commit>], writes: &WriteSet) -> bool {
    newer.iter().any(|commit| {
        let (fewer, more) = match writes.keys.len() < commit.keys.len() {
            true => (&writes.keys, &commit.keys),
            false => (&commit.keys, &writes.keys),
        };
        fewer.iter().any(|(key, modes)| more.get(key).is_some_and(|other| modes.clash(*other)))
    })
}

/// Whether what a statement did in PostgreSQL's own snapshot may differ from what it does on ours, given commits
/// that came after it.
///
/// Uniqueness and foreign keys are checked against the latest state, not against the snapshot. So is the outcome in
/// doubt when the statement's keys clash with newer ones, when a unique index that we cannot compare is on a table
/// that others changed, and when old rows of a parent changed whose children others changed.
pub(crate) fn is_doubtful(catalog: &Catalog, newer: &[Arc<Commit>], changes: &[Change]) -> bool {
    let mut writes = WriteSet::default();
    writes.apply(catalog, changes);
    if clashes(newer, &writes) {
        return true;
    }
    let touched: BTreeSet<u32> = newer.iter().flat_map(|commit| commit.tables.keys().copied()).collect();
    changes.iter().any(|change| {
        catalog.tables.get(&change.table).is_some_and(|table| {
            table.odd && touched.contains(&change.table)
                || change.old.is_some() && table.children.iter().any(|child| touched.contains(child))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::fixture::{catalog, changes, written};
    use crate::txn::{Modes, SharedLog};

    fn commits(lines: &[&str]) -> Vec<Arc<Commit>> {
        let log = SharedLog::default();
        let snapshot = log.snapshot();
        log.lock().record(&written(&[lines]));
        snapshot.newer()
    }

    fn check(first: &[&str], second: &[&str], expect: bool) {
        assert_eq!(clashes(&commits(first), &written(&[second])), expect, "{first:?} {second:?}");
        assert_eq!(clashes(&commits(second), &written(&[first])), expect, "{second:?} {first:?}");
    }

    #[test]
    fn two_writers_of_a_row_clash_and_of_two_rows_do_not() {
        check(&["1: (1,a,0) -> (1,a,1)"], &["1: (1,a,0) -> (1,a,2)"], true);
        check(&["1: (1,a,0) -> (1,a,1)"], &["1: (2,b,0) -> (2,b,2)"], false);
        check(&["1: - -> (1.0,a,0)"], &["1: - -> (1.00,b,0)"], true);
        check(&["1: - -> (1,a,0)"], &["1: - -> (2,a,0)"], true);
        check(&["3: (1,2) -> -"], &["3: (1,2) -> (2,4)"], true);
    }

    #[test]
    fn a_child_clashes_with_the_end_of_its_parent_and_not_with_its_other_columns() {
        check(&["2: - -> (7,1)"], &["1: (1,a,0) -> -"], true);
        check(&["2: - -> (7,1)"], &["1: (1,a,0) -> (1,a,5)"], false);
        check(&["2: - -> (7,1)"], &["2: - -> (8,1)"], false);
    }

    #[test]
    fn locks_count_as_they_do_in_postgresql() {
        let mut lock = WriteSet::default();
        lock.lock(&catalog(), 1, "(1,a,0)", Modes::KEY_SHARE);
        assert!(!clashes(&commits(&["1: (1,a,0) -> (1,a,1)"]), &lock));
        assert!(clashes(&commits(&["1: (1,a,0) -> -"]), &lock));
        lock.lock(&catalog(), 1, "(1,a,0)", Modes::UPDATE);
        assert!(clashes(&commits(&["1: (1,a,0) -> (1,a,1)"]), &lock));
    }

    #[test]
    fn a_statement_is_in_doubt_when_the_latest_state_may_have_spoken() {
        let doubtful =
            |newer: &[&str], lines: &[&str]| is_doubtful(&catalog(), &commits(newer), &changes(lines));
        assert!(doubtful(&["2: - -> (7,1)"], &["1: (2,a,0) -> -"]), "a parent whose children changed");
        assert!(!doubtful(&["2: - -> (7,1)"], &["1: - -> (2,b,0)"]));
        assert!(doubtful(&["2: - -> (7,)"], &["2: - -> (8,)"]), "a partial unique index");
        assert!(!doubtful(&["3: - -> (7,)"], &["3: - -> (7,)"]));
    }
}
