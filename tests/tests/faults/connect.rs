//! What goes wrong before a connection is there, and between two of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mizzle::connect::{Config, Credentials, PoolOptions};
use mizzle::prelude::*;
use mizzle::{Db, Error};
use mizzle_local::{Builder, Fault, Limits, LocalDsql, Principal};
use mizzle_tests::{Ground, Port, config};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Account, AccountPatch, account, audit, bank, bank_on, found, made, marker, patient, pay};

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

/// Those who pay until they are told to stop.
struct Payers {
    stop: Arc<AtomicBool>,
    /// How often they paid, each time with success.
    paid: watch::Receiver<u64>,
    tasks: Vec<JoinHandle<()>>,
}

impl Payers {
    fn begin(db: &Db, workers: usize) -> Self {
        // That nobody sees an error is theirs to show, not that everything is over within seconds.
        let db = db.with_retry(patient());
        let (sender, paid) = watch::channel(0);
        let (stop, sender) = (Arc::new(AtomicBool::new(false)), Arc::new(sender));
        let tasks = (0..workers).map(|_| {
            let (db, stop, sender) = (db.clone(), stop.clone(), sender.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let outcome = pay(&db).await;
                    assert_eq!(outcome.took_effect(), Some(true), "{outcome:?}");
                    sender.send_modify(|paid| *paid += 1);
                }
            })
        });
        Self { tasks: tasks.collect(), stop, paid }
    }

    /// Waits until they have paid as often as this again.
    async fn more(&mut self, count: u64) {
        let until = *self.paid.borrow() + count;
        self.paid.wait_for(|paid| *paid >= until).await.expect("nobody saw an error");
    }

    /// Lets them end, and says how often they paid in all.
    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("nobody saw an error");
        }
        *self.paid.borrow()
    }
}

/// A pool that waits for a server for minutes: it may take its time to come back.
fn waiting() -> PoolOptions {
    PoolOptions { acquire_timeout: Duration::from_secs(300), ..PoolOptions::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_between_two_connects_is_not_used_twice() {
    const LIFE: u64 = 30;
    // The cluster's clock stands where it is told to, and a token is good to the end of its last second.
    let second = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let stands = Arc::new(AtomicU64::new(second(SystemTime::now())));
    let clock = stands.clone();
    let local = LocalDsql::builder()
        .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst)))
        .start()
        .await
        .unwrap();
    let db = Db::new(config(&local).token_lifetime(Duration::from_secs(LIFE)), PoolOptions::default());
    found(&db, 2).await;
    for round in 0..2 {
        // whatever was signed up to this second is too old by then, and what is signed from the next one on is not
        let last = second(SystemTime::now());
        while second(SystemTime::now()) == last {
            tokio::task::yield_now().await;
        }
        stands.store(last + 1 + LIFE, Ordering::SeqCst);
        local.cut_sessions();
        assert_eq!(pay(&db).await.took_effect(), Some(true), "round {round}");
    }
    assert_eq!(made(&db).await, 2);
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
        assert!((3_540..=3_660).contains(&skew.by.as_secs()), "{skew}");
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
    let (folder, port) = (Folder::new(), Port::take());
    let start = async |secret: &str| {
        let arn = "arn:aws:iam::123456789012:role/app";
        let principal = Principal::new("app", "AKIAROTATED", secret, arn);
        let builder: Builder =
            LocalDsql::builder().data_dir(&folder.0).port(port.number).principal(principal);
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
    let db = Db::new(config, waiting());
    found(&db, 2).await;
    let db = db.with_commit_marker(marker());
    let mut payers = Payers::begin(&db, 4);
    payers.more(20).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one fetch for all connections");
    local.stop().await.unwrap();
    rotated.store(true, Ordering::SeqCst);
    let local = start("second").await;
    payers.more(20).await;
    let paid = payers.end().await;
    assert_eq!(asked.load(Ordering::SeqCst), 2, "refused once, asked once more");
    assert_eq!(audit(&db, 2).await.len() as u64, paid);
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_restarted_under_load() {
    let (folder, port) = (Folder::new(), Port::take());
    let start = async || {
        let builder = LocalDsql::builder().data_dir(&folder.0).port(port.number);
        builder.start().await.expect("the local DSQL starts")
    };
    let local = start().await;
    let db = Db::new(config(&local), waiting());
    found(&db, 2).await;
    let db = db.with_commit_marker(marker());
    let mut payers = Payers::begin(&db, 4);
    payers.more(20).await;
    local.stop().await.unwrap();
    let local = start().await;
    payers.more(20).await;
    let paid = payers.end().await;
    assert_eq!(audit(&db, 2).await.len() as u64, paid);
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_53400_is_weathered_by_backing_off() {
    let Ground { db: _, local } = bank(2).await;
    // Half of the patience is for opening connections: more than every refusal of a round could use up.
    let db = Db::new(config(&local), waiting());
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
    let options = PoolOptions { acquire_timeout: Duration::from_secs(8), ..PoolOptions::default() };
    let error = Db::new(config(&local), options).connection().await.map(drop).unwrap_err();
    assert_eq!(error.sql_state(), Some("53400"), "{error:?}");
    assert!(error.is_retryable());
    local.clear_faults();
    assert_eq!(pay(&db).await.took_effect(), Some(true));
    assert_eq!(made(&db).await, 2);
}

/// A shorter hour: what the cluster cuts, and what the pool replaces before.
fn hour(connection_age: Duration, lifetime: Duration) -> (Builder, PoolOptions) {
    let mut limits = Limits::default();
    limits.connection_age = connection_age;
    let options = PoolOptions { max_size: 4, lifetime, lifetime_jitter: lifetime / 10, ..waiting() };
    (LocalDsql::builder().limits(limits), options)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_replaces_its_connections_before_minute_60() {
    // A connection is used for a moment and replaced in time for whatever a slow machine makes of that moment.
    let age = Duration::from_secs(8);
    let (builder, options) = hour(age, Duration::from_secs(1));
    let Ground { db: _, local } = bank_on(builder, 2).await;
    let db = Db::new(config(&local), options);
    let begun = Instant::now();
    let mut payers = Payers::begin(&db, 2);
    while begun.elapsed() < age || db.stats().pool.expired < 8 {
        payers.more(1).await;
    }
    let paid = payers.end().await;
    assert_eq!(db.stats().pool.lost, 0, "none of them met the cut: {:?}", db.stats());
    assert_eq!(audit(&db, 2).await.len() as u64, paid);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_60_minute_cut_ends_a_connection_and_no_transaction_is_lost_or_made_twice() {
    // Kept for longer than the cluster allows: every connection meets the cut, some in the midst of a transaction.
    let (builder, options) = hour(Duration::from_secs(1), Duration::from_secs(3_600));
    let Ground { db: _, local } = bank_on(builder, 2).await;
    let db = Db::new(config(&local), options).with_retry(patient()).with_commit_marker(marker());
    let mut payers = Payers::begin(&db, 2);
    while db.stats().pool.connected < 8 {
        payers.more(1).await;
    }
    let paid = payers.end().await;
    assert_eq!(audit(&db, 2).await.len() as u64, paid);

    // A transaction that is open when the cut comes is begun anew.
    let runs = AtomicU64::new(0);
    db.transaction(async |tx| {
        let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
        tx.first(Account::query().filter(account::id.eq(0))).await?;
        while first && tx.first(Account::query().filter(account::id.eq(0))).await.is_ok() {}
        tx.first(Account::query().filter(account::id.eq(0))).await
    })
    .await
    .expect("a later run is on a new connection");
    assert!(runs.load(Ordering::SeqCst) >= 2);
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
