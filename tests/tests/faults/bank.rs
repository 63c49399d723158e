//! A bank under everything at once: what was reported is what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mizzle::connect::PoolOptions;
use mizzle::{Db, Outcome, Stats};
use mizzle_local::{Fault, FaultRule, LocalDsql};
use mizzle_tests::{Ground, config};
use rand::RngExt;
use uuid::Uuid;

use crate::{Transfer, audit, bank_on, marker, transfer};

const WORKERS: usize = 32;
const ACCOUNTS: i32 = 20;

/// What goes wrong meanwhile.
fn faults() -> Vec<FaultRule> {
    vec![
        Fault::DataConflict.chance(5.0),
        Fault::SchemaConflict.chance(1.0),
        Fault::Unavailable.chance(1.0),
        Fault::DropBeforeCommit.chance(1.0),
        Fault::DropAfterCommit.chance(1.0),
        Fault::DelayBeforeCommit(Duration::from_millis(20)).chance(2.0),
        Fault::DelayAfterCommit(Duration::from_millis(20)).chance(2.0),
        Fault::CutSession.chance(0.2),
        Fault::RefuseConnection.chance(5.0),
        Fault::RefuseWaking.chance(5.0),
    ]
}

/// What one worker was told, by transfer.
#[derive(Default)]
struct Told {
    committed: Vec<Uuid>,
    not_committed: Vec<Uuid>,
    unknown: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_keeps_its_books_whatever_goes_wrong() {
    // `cargo xtask faults` keeps it open for a minute
    let seconds = std::env::var("MIZZLE_BANK_SECONDS").map_or(4, |text| text.parse().expect("seconds"));
    let seed = rand::random();
    let builder = LocalDsql::builder().fault_seed(seed);
    let Ground { db: _, local } = bank_on(builder, ACCOUNTS).await;
    let options = PoolOptions { max_size: WORKERS, ..PoolOptions::default() };
    let db = Db::new(config(&local), options);
    let proved = db.with_commit_marker(marker());
    for fault in faults() {
        local.inject(fault);
    }
    let closing = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..WORKERS)
        .map(|at| {
            // every other one proves its commits
            let db = if at % 2 == 0 { db.clone() } else { proved.clone() };
            tokio::spawn(work(db, closing.clone()))
        })
        .collect();
    let _ = tokio::time::timeout(Duration::from_secs(seconds), std::future::pending::<()>()).await;
    // and until somebody has come through, however slow the machine is
    while db.stats().retry.succeeded == 0 {
        tokio::task::yield_now().await;
    }
    closing.store(true, Ordering::SeqCst);
    let (mut all, mut proved_unknown) = (Told::default(), 0);
    for (at, worker) in workers.into_iter().enumerate() {
        let told = worker.await.expect("a worker ends well");
        proved_unknown += if at % 2 == 0 { 0 } else { told.unknown };
        all.committed.extend(told.committed);
        all.not_committed.extend(told.not_committed);
        all.unknown += told.unknown;
    }
    local.clear_faults();
    let there = audit(&db, ACCOUNTS).await;
    println!(
        "{seconds} s, seed {seed}: {} committed, {} not committed, {} unknown; {} there",
        all.committed.len(),
        all.not_committed.len(),
        all.unknown,
        there.len()
    );
    let Stats { pool, retry, .. } = db.stats();
    println!(
        "of {} s of all workers: {:.0} s between attempts, {:.0} s for {} connections; {} conflicts, {} interruptions",
        seconds * WORKERS as u64,
        retry.wait_time.as_secs_f64(),
        pool.acquire_time.as_secs_f64(),
        pool.connected,
        retry.data_conflicts + retry.schema_conflicts,
        retry.interrupted
    );
    assert!(!all.committed.is_empty());
    let there: std::collections::HashSet<Uuid> = there.into_iter().collect();
    let missing = all.committed.iter().filter(|id| !there.contains(id)).count();
    let ghosts = all.not_committed.iter().filter(|id| there.contains(id)).count();
    assert_eq!(
        (missing, ghosts),
        (0, 0),
        "reported commits that are missing, reported aborts that are there"
    );
    assert!(there.len() <= all.committed.len() + all.unknown, "nothing but what somebody asked for");
    assert_eq!(proved_unknown, 0, "a marker leaves nothing unknown");
}

async fn work(db: Db, closing: Arc<AtomicBool>) -> Told {
    let mut told = Told::default();
    while !closing.load(Ordering::SeqCst) {
        let (source, step, amount) = {
            let mut random = rand::rng();
            (random.random_range(0..ACCOUNTS), random.random_range(1..ACCOUNTS), random.random_range(1..50))
        };
        let target = (source + step) % ACCOUNTS;
        let order = Transfer { id: Uuid::new_v4(), source, target, amount };
        match transfer(&db, &order).await {
            Outcome::Committed(()) => told.committed.push(order.id),
            Outcome::Conflicted(_) | Outcome::RolledBack(_) => told.not_committed.push(order.id),
            Outcome::Unknown(_) => told.unknown += 1,
        }
    }
    told
}
