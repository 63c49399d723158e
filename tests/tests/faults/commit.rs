//! Conflicts, and connections that are lost around COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mizzle::connect::{Cause, Conflict, Limit, Retry};
use mizzle::prelude::*;
use mizzle::{CommitMarker, Error, Outcome};
use mizzle_local::Fault;
use mizzle_tests::{Ground, run};

use crate::{Account, NewAccount, account, bank, made, marker, pay, twice};

#[tokio::test]
async fn oc000_on_the_nth_commit() {
    let Ground { db, local } = bank(2).await;
    local.inject(Fault::DataConflict.nth(2));
    for _ in 0..3 {
        assert_eq!(pay(&db).await.took_effect(), Some(true));
    }
    assert_eq!(made(&db).await, 3);

    // One that never ends has its documented error, and whoever watches is told.
    let told = Arc::new(AtomicU32::new(0));
    let (retries, ends) = (told.clone(), told.clone());
    let watched = db.with_retry(
        Retry::new(twice())
            .on_retry(move |retrying| {
                assert_eq!((retrying.attempts, retrying.cause), (1, Cause::Conflict(Conflict::Data)));
                retries.fetch_add(1, Ordering::SeqCst);
            })
            .on_exhausted(move |exhausted| {
                assert_eq!(exhausted.limit, Limit::Attempts);
                ends.fetch_add(10, Ordering::SeqCst);
            }),
    );
    let standing = local.inject(Fault::DataConflict.always());
    let Outcome::Conflicted(error) = pay(&watched).await else { panic!("each commit conflicts") };
    let exhausted = error.as_exhausted().expect("two attempts are all");
    assert_eq!((exhausted.attempts, exhausted.cause), (2, Cause::Conflict(Conflict::Data)));
    assert_eq!((error.conflict(), error.is_retryable()), (Some(Conflict::Data), true));
    assert!(error.to_string().starts_with("the transaction met a conflict in each of 2 attempts"), "{error}");
    assert_eq!(told.load(Ordering::SeqCst), 11, "one retry, one end");
    local.lift_fault(standing);
    assert_eq!(pay(&watched).await.took_effect(), Some(true));
    assert_eq!(made(&db).await, 4);
}

#[tokio::test]
async fn oc001_in_the_midst_of_a_transaction() {
    let Ground { db, local: _local } = bank(2).await;
    let runs = AtomicU32::new(0);
    db.transaction(async |tx| {
        tx.first(Account::query().filter(account::id.eq(0))).await?;
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            run(&db, "CREATE TABLE other (id int PRIMARY KEY)").await;
        }
        tx.insert(NewAccount::new(7, 0)).await
    })
    .await
    .expect("the second attempt meets no change");
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(db.load(Account::query()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn oc001_at_the_first_commit_after_ddl_costs_no_wait() {
    let Ground { db, local } = bank(2).await;
    assert_eq!(pay(&db).await.took_effect(), Some(true));
    run(&db, "ALTER TABLE account ADD COLUMN note text").await;
    local.inject(Fault::SchemaConflict);
    let waits = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = waits.clone();
    let watched = db.with_retry(Retry::default().on_retry(move |retrying| {
        seen.lock().unwrap().push((retrying.cause, retrying.wait.is_zero()));
    }));
    assert_eq!(pay(&watched).await.took_effect(), Some(true));
    assert_eq!(*waits.lock().unwrap(), [(Cause::Conflict(Conflict::Schema), true)]);
    assert_eq!(made(&db).await, 2);
}

#[tokio::test]
async fn a_connection_lost_before_commit_runs_the_transaction_again() {
    let Ground { db, local } = bank(2).await;
    // BEGIN is a statement too: the third is in the midst of the transfer.
    for statement in [1, 3, 5] {
        local.inject(Fault::CutSession.nth(statement));
        assert_eq!(pay(&db).await.took_effect(), Some(true));
    }
    assert_eq!(made(&db).await, 3);

    let standing = local.inject(Fault::CutSession.always());
    let Outcome::Conflicted(error) = pay(&db.with_retry(twice())).await else { panic!("all are cut") };
    assert_eq!(error.as_exhausted().map(|exhausted| exhausted.cause), Some(Cause::Interrupted));
    assert!(error.is_retryable() && !error.is_conflict() && !error.is_outcome_unknown(), "{error:?}");
    local.lift_fault(standing);
    assert_eq!(pay(&db).await.took_effect(), Some(true));
    assert_eq!(made(&db).await, 4);
}

#[tokio::test]
async fn a_connection_lost_during_commit_leaves_the_outcome_unknown_and_nothing_runs_again() {
    for (fault, happened) in
        [(Fault::DropAfterCommit, 1), (Fault::DropBeforeCommit, 0), (Fault::Unavailable, 0)]
    {
        let Ground { db, local } = bank(2).await;
        local.inject(fault);
        let outcome = pay(&db).await;
        let Outcome::Unknown(error) = &outcome else { panic!("{fault:?}: {outcome:?}") };
        assert!(error.is_outcome_unknown() && !error.is_retryable() && !error.is_conflict(), "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("read the data again")));
        assert_eq!(outcome.took_effect(), None);
        assert_eq!(made(&db).await, happened, "{fault:?}");
        assert_eq!(pay(&db).await.took_effect(), Some(true), "{fault:?}");
    }
}

#[tokio::test]
async fn a_commit_marker_turns_unknown_into_committed_or_run_again() {
    let Ground { db, local } = bank(2).await;
    let db = db.with_commit_marker(marker());
    for (at, fault) in
        [Fault::DropAfterCommit, Fault::DropBeforeCommit, Fault::Unavailable].into_iter().enumerate()
    {
        local.inject(fault);
        let (effects, runs) = (Arc::new(AtomicU32::new(0)), AtomicU32::new(0));
        let id = 10 + at as i32;
        db.transaction(async |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            let effects = effects.clone();
            tx.after_commit(async move {
                effects.fetch_add(1, Ordering::SeqCst);
            });
            tx.insert(NewAccount::new(id, 0)).await
        })
        .await
        .unwrap_or_else(|error: Error| panic!("{fault:?}: {error:?}"));
        let runs = runs.load(Ordering::SeqCst);
        assert_eq!(runs, if fault == Fault::DropAfterCommit { 1 } else { 2 }, "{fault:?}");
        assert_eq!(effects.load(Ordering::SeqCst), 1, "{fault:?}: once, however the commit was learnt of");
    }
    assert_eq!(db.load(Account::query().filter(account::id.ge(10))).await.unwrap().len(), 3);
    // three transactions, and the fences of the two attempts that did not commit
    assert_eq!(marker().sweep(&db, std::time::Duration::ZERO).await.unwrap(), 5);
}

#[tokio::test]
async fn a_commit_that_comes_after_its_fence_does_not_happen() {
    let Ground { db, local: _local } = bank(2).await;
    // The marker's row as another would have fenced it: whoever comes second loses, whatever it was told before.
    let (one, two) = (db.connection().await.unwrap(), db.connection().await.unwrap());
    let row =
        |fenced| format!("INSERT INTO mizzle_commit (id, fenced) VALUES ('{}', {fenced})", uuid::Uuid::nil());
    one.client().batch_execute(&format!("BEGIN; {}", row(false))).await.unwrap();
    two.client().batch_execute(&format!("{} ON CONFLICT (id) DO NOTHING", row(true))).await.unwrap();
    let lost = one.client().batch_execute("COMMIT").await.unwrap_err();
    assert_eq!(Conflict::of(&lost), Some(Conflict::Data));
}

#[tokio::test]
async fn a_marker_whose_table_is_missing_rolls_the_transaction_back() {
    let Ground { db, local: _local } = bank(2).await;
    let outcome = pay(&db.with_commit_marker(CommitMarker::new("missing"))).await;
    let Outcome::RolledBack(error) = &outcome else { panic!("{outcome:?}") };
    assert_eq!(error.sql_state(), Some("42P01"), "{error:?}");
    assert_eq!(made(&db).await, 0);
}

#[tokio::test]
async fn an_autocommit_write_is_never_sent_twice_after_a_lost_connection() {
    for (fault, written) in
        [(Fault::DropAfterCommit, 1), (Fault::DropBeforeCommit, 0), (Fault::CutSession, 0)]
    {
        let Ground { db, local } = bank(2).await;
        // a connection that is there already, so that the fault meets the write
        assert_eq!(made(&db).await, 0);
        local.inject(fault);
        let error = db.insert(NewAccount::new(7, 0)).await.map(drop).unwrap_err();
        assert!(!error.is_conflict() && error.sql_state().is_none(), "{fault:?}: {error:?}");
        assert_eq!(error.to_string(), "the connection was lost during a statement");
        let there = db.load(Account::query().filter(account::id.eq(7))).await.unwrap();
        assert_eq!(there.len(), written, "{fault:?}");
    }
    // A conflict says that nothing happened, so the statement runs again by itself.
    let Ground { db, local } = bank(2).await;
    local.inject(Fault::DataConflict);
    local.inject(Fault::SchemaConflict.nth(2));
    db.insert(NewAccount::new(7, 0)).await.expect("the third time succeeds");
}
