//! What goes wrong before a connection is there, and between two of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use mizzle::connect::{Config, Credentials, PoolOptions};
use mizzle::prelude::*;
use mizzle::{Db, Error};
use mizzle_local::{Builder, Fault, Limits, LocalDsql, Principal};
use mizzle_tests::{Ground, config};

use crate::{Account, AccountPatch, account, audit, bank, bank_on, found, made, marker, pay};

/// A folder for a cluster that outlives its server; away with this value.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("mizzle-faults-{}", uuid::Uuid::new_v4())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody uses now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Pays until it is told to stop; how often, each of which succeeded.
fn paying(db: &Db, workers: usize) -> (Arc<AtomicBool>, Arc<AtomicU64>, Vec<tokio::task::JoinHandle<()>>) {
    let (stop, paid) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let tasks = (0..workers)
        .map(|_| {
            let (db, stop, paid) = (db.clone(), stop.clone(), paid.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let outcome = pay(&db).await;
                    assert_eq!(outcome.took_effect(), Some(true), "{outcome:?}");
                    paid.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    (stop, paid, tasks)
}

/// Waits until as many more were paid.
async fn more(paid: &AtomicU64, count: u64) {
    let until = paid.load(Ordering::SeqCst) + count;
    while paid.load(Ordering::SeqCst) < until {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_between_two_connects_is_not_used_twice() {
    // The cluster's clock runs as it is told: a token of one second is old when the next connection comes.
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = ahead.clone();
    let local = LocalDsql::builder()
        .clock(move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::SeqCst)))
        .start()
        .await
        .unwrap();
    let db = Db::new(config(&local).token_lifetime(Duration::from_secs(30)), PoolOptions::default());
    found(&db, 2).await;
    for late in [0, 20, 25] {
        ahead.store(late, Ordering::SeqCst);
        local.cut_sessions();
        assert_eq!(pay(&db).await.took_effect(), Some(true), "{late} s later");
    }
    assert_eq!(made(&db).await, 3);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    for (off, behind) in [(3_600, true), (-3_600_i64, false)] {
        let local = LocalDsql::builder()
            .clock(move || {
                let hour = Duration::from_secs(off.unsigned_abs());
                if off > 0 { SystemTime::now() + hour } else { SystemTime::now() - hour }
            })
            .start()
            .await
            .unwrap();
        let error = config(&local).connect().await.expect_err("the token is of another hour");
        let skew = error.clock_skew().expect("the server's hint names its time");
        assert_eq!(skew.behind, behind);
        assert!((3_590..=3_610).contains(&skew.by.as_secs()), "{skew}");
        assert!(error.to_string().contains("this machine's clock is 3"), "{error}");
        assert!(error.hint().unwrap().contains("set this machine's clock"), "{error:?}");
        assert!(error.is_access_denied() && !error.is_retryable());
    }
}

#[tokio::test]
async fn an_expired_token_has_the_servers_own_words_and_the_next_one_is_let_in() {
    let Ground { db, local } = bank(2).await;
    local.cut_sessions();
    // refused and, with credentials asked for anew, refused again
    local.inject(Fault::ExpireToken.times(2));
    let error = loop {
        match db.connection().await {
            Err(error) => break error,
            // one that was cut, and not found dead yet
            Ok(connection) => connection.discard(),
        }
    };
    let denied = error.hint().unwrap_or_default().to_owned();
    assert!(denied.contains("clock") && !error.is_retryable(), "{error:?}");
    local.clear_faults();
    assert_eq!(pay(&db).await.took_effect(), Some(true));
    assert_eq!(made(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_rotated_under_load() {
    let (folder, port) = (Folder::new(), free_port());
    let start = async |secret: &str| {
        let arn = "arn:aws:iam::123456789012:role/app";
        let principal = Principal::new("app", "AKIAROTATED", secret, arn);
        let builder: Builder = LocalDsql::builder().data_dir(&folder.0).port(port).principal(principal);
        builder.start().await.expect("the local DSQL starts")
    };
    let local = start("first").await;
    let (rotated, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let config = {
        let (rotated, asked) = (rotated.clone(), asked.clone());
        config(&local).credentials_from(move || {
            asked.fetch_add(1, Ordering::SeqCst);
            let secret = if rotated.load(Ordering::SeqCst) { "second" } else { "first" };
            std::future::ready(Ok::<_, std::io::Error>(Credentials::new("AKIAROTATED", secret)))
        })
    };
    let db = Db::new(config, PoolOptions::default());
    found(&db, 2).await;
    let db = db.with_commit_marker(marker());
    let (stop, paid, tasks) = paying(&db, 4);
    more(&paid, 20).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one fetch for all connections");
    local.stop().await.unwrap();
    rotated.store(true, Ordering::SeqCst);
    let local = start("second").await;
    more(&paid, 20).await;
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("nobody saw an error");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "refused once, asked once more");
    assert_eq!(audit(&db, 2).await.len() as u64, paid.load(Ordering::SeqCst));
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_restarted_under_load() {
    let (folder, port) = (Folder::new(), free_port());
    let start = async || {
        let builder = LocalDsql::builder().data_dir(&folder.0).port(port);
        builder.start().await.expect("the local DSQL starts")
    };
    let local = start().await;
    let db = Db::new(config(&local), PoolOptions::default());
    found(&db, 2).await;
    let db = db.with_commit_marker(marker());
    let (stop, paid, tasks) = paying(&db, 4);
    more(&paid, 20).await;
    local.stop().await.unwrap();
    let local = start().await;
    more(&paid, 20).await;
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("nobody saw an error");
    }
    assert_eq!(audit(&db, 2).await.len() as u64, paid.load(Ordering::SeqCst));
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_53400_is_weathered_by_backing_off() {
    let Ground { db: _, local } = bank(2).await;
    // Half of the patience is for opening connections: more than every refusal of a round could use up.
    let options = PoolOptions { acquire_timeout: Duration::from_secs(300), ..PoolOptions::default() };
    let db = Db::new(config(&local), options);
    // Every connection is cut again and again, and most of those that come instead are refused.
    for _ in 0..5 {
        local.inject(Fault::RefuseConnection.times(12));
        local.inject(Fault::RefuseFull.times(4));
        local.inject(Fault::RefuseWaking.times(4));
        local.cut_sessions();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { db.load(Account::query().filter(account::id.eq(0))).await })
            })
            .collect();
        for task in tasks {
            // a session that was cut in this moment may answer that, and nothing else
            if let Err(error) = task.await.unwrap() {
                assert_eq!(error.to_string(), "the connection was lost during a statement");
            }
        }
    }
    assert_eq!(pay(&db).await.took_effect(), Some(true));
    assert!(db.stats().pool.connect_retries >= 12, "{:?}", db.stats());

    // One that does not end is reported in the server's words, before the pool's own patience ends.
    local.clear_faults();
    local.inject(Fault::RefuseConnection.always());
    let options = PoolOptions { acquire_timeout: Duration::from_secs(2), ..PoolOptions::default() };
    let error = Db::new(config(&local), options).connection().await.map(drop).unwrap_err();
    assert_eq!(error.sql_state(), Some("53400"), "{error:?}");
    assert!(error.is_retryable());
    local.clear_faults();
    assert_eq!(pay(&db).await.took_effect(), Some(true));
    assert_eq!(made(&db).await, 2);
}

/// The hour, in a hundredth of the time: what the cluster cuts, and what the pool replaces before.
fn hour(lifetime: Duration) -> (Builder, PoolOptions) {
    let mut limits = Limits::default();
    limits.connection_age = Duration::from_millis(600);
    let options =
        PoolOptions { max_size: 4, lifetime, lifetime_jitter: lifetime / 10, ..PoolOptions::default() };
    (LocalDsql::builder().limits(limits), options)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_replaces_its_connections_before_minute_60() {
    let (builder, options) = hour(Duration::from_millis(300));
    let Ground { db: _, local } = bank_on(builder, 2).await;
    let db = Db::new(config(&local), options);
    let (stop, paid, tasks) = paying(&db, 2);
    while db.stats().pool.expired < 8 {
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("nobody saw an error");
    }
    assert_eq!(audit(&db, 2).await.len() as u64, paid.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_60_minute_cut_ends_a_connection_and_no_transaction_is_lost_or_made_twice() {
    // Kept for longer than the cluster allows: every connection meets the cut, some in the midst of a transaction.
    let (builder, options) = hour(Duration::from_secs(3_600));
    let Ground { db: _, local } = bank_on(builder, 2).await;
    let db = Db::new(config(&local), options).with_commit_marker(marker());
    let (stop, paid, tasks) = paying(&db, 2);
    let mut connected = 0;
    while connected < 8 {
        connected = db.stats().pool.connected;
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("nobody saw an error");
    }
    assert_eq!(audit(&db, 2).await.len() as u64, paid.load(Ordering::SeqCst));

    // A transaction that is open when the cut comes is begun anew.
    let runs = AtomicU64::new(0);
    db.transaction(async |tx| {
        let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
        tx.first(Account::query().filter(account::id.eq(0))).await?;
        while first && tx.first(Account::query().filter(account::id.eq(0))).await.is_ok() {}
        tx.first(Account::query().filter(account::id.eq(0))).await
    })
    .await
    .expect("the second run is on a new connection");
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn closing_waits_for_a_transaction_and_for_its_retries() {
    let Ground { db, local } = bank(2).await;
    local.inject(Fault::DataConflict);
    let begun = tokio::sync::Notify::new();
    let runs = AtomicU64::new(0);
    let paying = db.transaction(async |tx| {
        runs.fetch_add(1, Ordering::SeqCst);
        begun.notify_one();
        let patch = AccountPatch { balance: Some(7) };
        tx.execute(Account::update(patch).filter(account::id.eq(0))).await
    });
    let closing = async {
        begun.notified().await;
        db.close(Duration::from_secs(60)).await
    };
    let (paid, left) = tokio::join!(paying, closing);
    assert_eq!((paid.unwrap(), left, runs.load(Ordering::SeqCst)), (1, 0, 2));
    let error: Error = db.load(Account::query()).await.unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the pool is closed");
}

#[tokio::test]
async fn what_is_shown_of_a_database_holds_no_secret() {
    let Ground { db, local } = bank(2).await;
    let config: Config = config(&local);
    let shown = format!("{db:?} {config:?} {:?}", config.token().await.unwrap());
    for secret in [local.secret_access_key(), local.access_key_id(), "X-Amz-Signature"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
