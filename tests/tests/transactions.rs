//! Transactions on a real server: conflicts, mistakes of the closure, and what comes after COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use mizzle::connect::{Conflict, PoolOptions, RetryPolicy};
use mizzle::prelude::*;
use mizzle::{Connection, Db, Error};
use mizzle_local::Fault;
use mizzle_tests::{Ground, config};
use tokio::sync::Barrier;

#[table]
struct Account {
    #[column(primary_key)]
    id: i32,
    balance: i64,
}

/// Two accounts, 100 each.
async fn bank() -> Ground {
    let ground = Ground::new(&["CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)"]).await;
    ground.db.insert_many(&[NewAccount::new(1, 100), NewAccount::new(2, 100)]).await.unwrap();
    ground
}

async fn balance(db: &Db, id: i32) -> i64 {
    db.first(Account::query().filter(account::id.eq(id))).await.unwrap().balance
}

async fn add(tx: &Tx, id: i32, amount: i64) -> Result<(), Error> {
    let account = tx.first(Account::query().filter(account::id.eq(id))).await?;
    let patch = AccountPatch { balance: Some(account.balance + amount) };
    tx.execute(Account::update(patch).filter(account::id.eq(id))).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_closure_did_is_committed_together() {
    let Ground { db, local: _local } = bank().await;
    let effects = Arc::new(AtomicU32::new(0));
    let answer = db
        .transaction(async |tx| {
            add(&tx, 1, -30).await?;
            add(&tx, 2, 30).await?;
            let effects = effects.clone();
            tx.after_commit(async move {
                effects.fetch_add(1, Ordering::SeqCst);
            });
            Ok::<_, Error>("paid")
        })
        .await
        .unwrap();
    assert_eq!((answer, balance(&db, 1).await, balance(&db, 2).await), ("paid", 70, 130));
    assert_eq!(effects.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_closure_that_fails_leaves_nothing_behind() {
    #[derive(Debug)]
    enum Refused {
        Funds,
        #[allow(dead_code)]
        Database(Error),
    }
    impl From<Error> for Refused {
        fn from(error: Error) -> Self {
            Self::Database(error)
        }
    }
    let Ground { db, local: _local } = bank().await;
    let runs = AtomicU32::new(0);
    let refused = db
        .transaction(async |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            add(&tx, 1, -300).await?;
            tx.after_commit(async { panic!("nothing was committed") });
            Err::<(), _>(Refused::Funds)
        })
        .await;
    assert!(matches!(refused, Err(Refused::Funds)), "{refused:?}");
    assert_eq!((runs.load(Ordering::SeqCst), balance(&db, 1).await), (1, 100));
}

#[tokio::test]
async fn the_loser_of_a_conflict_runs_again_and_no_update_is_lost() {
    let Ground { db, local: _local } = bank().await;
    let runs = Arc::new(AtomicU32::new(0));
    let both_have_read = Arc::new(Barrier::new(2));
    let effects = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let (db, runs, both_have_read, effects) =
                (db.clone(), runs.clone(), both_have_read.clone(), effects.clone());
            tokio::spawn(async move {
                db.transaction(async |tx| {
                    let first_time = runs.fetch_add(1, Ordering::SeqCst) < 2;
                    let account = tx.first(Account::query().filter(account::id.eq(1))).await?;
                    if first_time {
                        both_have_read.wait().await;
                    }
                    let patch = AccountPatch { balance: Some(account.balance + 1) };
                    tx.execute(Account::update(patch).filter(account::id.eq(1))).await?;
                    let effects = effects.clone();
                    tx.after_commit(async move {
                        effects.fetch_add(1, Ordering::SeqCst);
                    });
                    Ok::<_, Error>(())
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(balance(&db, 1).await, 102);
    assert_eq!(runs.load(Ordering::SeqCst), 3, "one of the two ran twice");
    assert_eq!(effects.load(Ordering::SeqCst), 2, "each effect once, however often the closure ran");
}

#[tokio::test]
async fn a_conflict_that_never_ends_is_reported_with_its_attempts() {
    let Ground { db, local } = bank().await;
    let patient = Db::new(config(&local), PoolOptions::default());
    let db = db.with_retry(RetryPolicy { max_attempts: 3, ..RetryPolicy::default() });
    let error = db
        .transaction(async |tx| {
            tx.first(Account::query().filter(account::id.eq(1))).await?;
            // somebody else is always faster
            patient.transaction(async |other| add(&other, 1, 1).await).await?;
            add(&tx, 1, 1).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.conflict(), Some(Conflict::Data));
    assert_eq!(error.sql_state(), Some("40001"));
    assert!(error.is_conflict() && error.is_retryable() && !error.is_outcome_unknown());
    assert!(error.to_string().starts_with("the transaction met a conflict in each of 3 attempts"), "{error}");
    assert_eq!(balance(&db, 1).await, 103);
}

#[tokio::test]
async fn an_error_that_the_closure_swallows_is_not_a_commit() {
    let Ground { db, local: _local } = bank().await;
    let error = db
        .transaction(async |tx| {
            add(&tx, 1, 1).await?;
            let duplicate = tx.insert(NewAccount::new(1, 0)).await.unwrap_err();
            assert!(duplicate.is_unique_violation());
            assert_eq!(duplicate.constraint(), Some("account_pkey"));
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the closure returned Ok"), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(balance(&db, 1).await, 100);
}

#[tokio::test]
async fn a_transaction_that_escapes_its_closure_is_rolled_back() {
    let Ground { db, local: _local } = bank().await;
    let escaped = db
        .transaction(async |tx| {
            add(&tx, 1, 1).await?;
            Ok::<_, Error>(tx)
        })
        .await;
    let error = escaped.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("kept beyond the closure"), "{error}");
    assert_eq!(balance(&db, 1).await, 100);
}

#[tokio::test]
async fn a_transaction_whose_future_is_dropped_is_rolled_back() {
    let ground = bank().await;
    // one connection, so that the next statement meets whatever the dropped transaction left on it
    let db = Db::new(config(&ground.local), PoolOptions { max_size: 1, ..PoolOptions::default() });
    let reached = Arc::new(tokio::sync::Notify::new());
    let running = {
        let (db, reached) = (db.clone(), reached.clone());
        tokio::spawn(async move {
            db.transaction(async |tx| {
                add(&tx, 1, 1).await?;
                reached.notify_one();
                std::future::pending::<Result<(), Error>>().await
            })
            .await
        })
    };
    reached.notified().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(balance(&db, 1).await, 100);
    db.transaction(async |tx| add(&tx, 1, 5).await).await.unwrap();
    assert_eq!(balance(&db, 1).await, 105);
}

#[tokio::test]
async fn statements_of_one_transaction_run_side_by_side() {
    let Ground { db, local: _local } = bank().await;
    let (one, two) = db
        .transaction(async |tx| {
            let one = tx.first(Account::query().filter(account::id.eq(1)));
            let two = tx.first(Account::query().filter(account::id.eq(2)));
            futures_util::future::try_join(one, two).await
        })
        .await
        .unwrap();
    assert_eq!((one.id, two.id), (1, 2));
}

#[tokio::test]
async fn more_rows_than_a_transaction_takes_are_refused_before_and_by_the_server() {
    let Ground { db, local: _local } = bank().await;
    let rows: Vec<_> = (10..3_011).map(|id| NewAccount::new(id, 0)).collect();
    let error = db.insert_many(&rows).await.unwrap_err();
    assert!(error.to_string().starts_with("3001 rows in one statement"), "{error}");
    assert!(error.is_over_budget());
    let error = db
        .transaction(async |tx| {
            tx.insert_many(&rows[..2_000]).await?;
            let budget = tx.budget();
            assert_eq!((budget.rows(), budget.rows_left()), (2_000, 1_000));
            // two values a row, of 4 and 8 bytes
            assert_eq!(budget.bytes(), 2_000 * 12);
            tx.insert_many(&rows[2_000..]).await
        })
        .await
        .unwrap_err();
    let text = "the transaction has written 2000 rows and cannot write 1001 more: Aurora DSQL takes 3,000 rows a transaction";
    assert_eq!(error.to_string(), text);
    assert!(error.is_over_budget() && error.hint().unwrap().contains("insert_all"));
    assert!(!error.is_conflict() && error.sql_state().is_none());
    // what is refused here was not sent: the transaction goes on, and takes what is left to the last row
    let rows_left = db
        .transaction(async |tx| {
            tx.insert_many(&rows[..2_000]).await?;
            tx.insert_many(&rows[..1_001]).await.unwrap_err();
            tx.insert_many(&rows[2_000..3_000]).await?;
            Ok::<_, Error>(tx.budget().rows_left())
        })
        .await
        .unwrap();
    assert_eq!(rows_left, 0);
    // whether a row counts again when it changes again is the server's to say
    let error = db
        .transaction(async |tx| {
            let patch = AccountPatch { balance: Some(1) };
            tx.execute(Account::update(patch.clone()).filter(account::id.lt(2_000))).await?;
            tx.execute(Account::update(patch).filter(account::id.lt(2_000))).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.sql_state(), Some("54000"), "{error}");
    let text = "the statement crosses Aurora DSQL's limit of 3,000 rows a transaction; 1992 rows were written before it";
    assert_eq!(error.to_string(), text);
    assert!(error.is_over_budget() && error.hint().unwrap().contains("update_all"));
    db.delete_all(Account::delete().filter(account::id.ge(10))).await.unwrap();
    assert_eq!(db.insert_many(&rows[..3_000]).await.unwrap().len(), 3_000);
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_lost_connection_and_not_a_conflict() {
    let ground = bank().await;
    let options =
        PoolOptions { acquire_timeout: std::time::Duration::from_secs(6), ..PoolOptions::default() };
    let db = Db::new(config(&ground.local), options);
    assert_eq!(balance(&db, 1).await, 100);
    ground.local.stop().await.unwrap();
    let error = db.load(Account::query()).await.unwrap_err();
    assert!(!error.is_conflict() && error.sql_state().is_none(), "{error:?}");
    let text = error.to_string();
    assert!(
        text == "no connection to the cluster" || text == "the connection was lost during a statement",
        "{text}"
    );
}

/// One connection, so that it is known which one a transaction has.
async fn of_one_connection(ground: &Ground) -> (Db, Connection) {
    let db = Db::new(config(&ground.local), PoolOptions { max_size: 1, ..PoolOptions::default() });
    let connection = Connection::clone(&*db.connection().await.unwrap());
    (db, connection)
}

/// Cuts a connection, and waits until its client knows.
async fn cut(ground: &Ground, connection: &Connection) {
    assert!(ground.local.cut_sessions() > 0);
    while !connection.client().is_closed() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_transaction_whose_connection_is_lost_before_its_commit_runs_again() {
    let ground = bank().await;
    // at a statement
    ground.local.inject(Fault::CutSession.nth(3));
    let runs = AtomicU32::new(0);
    let pay = || {
        ground.db.transaction(async |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            add(&tx, 1, 1).await
        })
    };
    pay().await.unwrap();
    assert_eq!((runs.load(Ordering::SeqCst), balance(&ground.db, 1).await), (2, 101));
    // after the last statement: COMMIT is never sent, so its outcome is known
    let (db, connection) = of_one_connection(&ground).await;
    let runs = AtomicU32::new(0);
    db.transaction(async |tx| {
        add(&tx, 1, 1).await?;
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            cut(&ground, &connection).await;
        }
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    assert_eq!((runs.into_inner(), balance(&db, 1).await), (2, 102));
}

#[tokio::test]
async fn a_connection_lost_before_the_commit_is_not_an_unknown_outcome() {
    let ground = bank().await;
    let (db, connection) = of_one_connection(&ground).await;
    let once = db.with_retry(RetryPolicy { max_attempts: 1, ..RetryPolicy::default() });
    let error = once
        .transaction(async |tx| {
            add(&tx, 1, 1).await?;
            cut(&ground, &connection).await;
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
    assert!(!error.is_outcome_unknown() && !error.is_conflict() && error.is_retryable(), "{error:?}");
    assert_eq!(error.to_string(), "the transaction was interrupted in its only attempt");
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(reason, "the connection was lost before COMMIT was sent: the transaction has taken no effect");
    assert_eq!(balance(&db, 1).await, 100);
    // at a statement it is that statement's error, whatever the closure makes of it
    ground.local.inject(Fault::CutSession.nth(2));
    let error = once.transaction(async |tx| add(&tx, 1, 1).await).await.unwrap_err();
    assert!(!error.is_outcome_unknown() && error.sql_state().is_none(), "{error:?}");
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the connection was lost during a statement"
    );
    assert_eq!(balance(&db, 1).await, 100);
    // once COMMIT is on its way nobody knows, and nothing runs again
    ground.local.inject(Fault::DropAfterCommit);
    let runs = AtomicU32::new(0);
    let error = db
        .transaction(async |tx| {
            runs.fetch_add(1, Ordering::SeqCst);
            add(&tx, 1, 1).await
        })
        .await
        .unwrap_err();
    assert!(error.is_outcome_unknown() && !error.is_retryable(), "{error:?}");
    assert_eq!((runs.into_inner(), balance(&db, 1).await), (1, 101));
}
