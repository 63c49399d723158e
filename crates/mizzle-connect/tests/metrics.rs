//! What a recorder of metrics sees of a pool and of retries, by name: the names are documented, and dashboards stand on them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use mizzle_connect::{Config, Pool, PoolOptions, Retry, RetryPolicy};
use mizzle_local::{Fault, LocalDsql};
use tokio_postgres::Client;

/// What was recorded: counts, and how often a time was with its sum.
#[derive(Clone, Default)]
struct Recorded {
    counters: Seen<u64>,
    times: Seen<(u64, f64)>,
}

/// By name.
type Seen<T> = Arc<Mutex<BTreeMap<String, T>>>;

struct One(String, Recorded);

impl CounterFn for One {
    fn increment(&self, value: u64) {
        *self.1.counters.lock().unwrap().entry(self.0.clone()).or_default() += value;
    }

    fn absolute(&self, _: u64) {
        panic!("{} is counted", self.0);
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        let mut times = self.1.times.lock().unwrap();
        let (count, sum) = times.entry(self.0.clone()).or_default();
        *count += 1;
        *sum += value;
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(One(key.name().to_owned(), self.clone())))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("{} is no gauge", key.name());
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(One(key.name().to_owned(), self.clone())))
    }
}

async fn take(pool: &Pool<Client>) {
    let session = pool.get().await.expect("a session");
    session.batch_execute("SELECT 1").await.expect("a good query");
}

#[tokio::test]
async fn every_number_has_its_documented_name() {
    let recorded = Recorded::default();
    metrics::set_global_recorder(recorded.clone()).expect("no other recorder is set");
    let local = LocalDsql::start().await.expect("a local DSQL starts");
    let config = Config::from_vars(|name| local.variable(name)).expect("the server says how to connect");

    // opened at the second try, reused, lost
    local.inject(Fault::RefuseConnection);
    let pool: Pool<Client> = Pool::new(config.clone(), PoolOptions::default());
    take(&pool).await;
    take(&pool).await;
    let session = pool.get().await.expect("a session");
    local.cut_sessions();
    session.batch_execute("SELECT 1").await.expect_err("it was cut");
    while !session.is_closed() {
        tokio::task::yield_now().await;
    }
    drop(session);
    // past its time, unused for too long, not to be had
    for options in [
        PoolOptions { lifetime: Duration::ZERO, ..PoolOptions::default() },
        PoolOptions { idle: Duration::ZERO, ..PoolOptions::default() },
    ] {
        let pool = Pool::new(config.clone(), options);
        take(&pool).await;
        take(&pool).await;
    }
    let stranger: Pool<Client> = Pool::new(config.user("stranger"), PoolOptions::default());
    stranger.get().await.expect_err("nobody mapped this role");

    let retry = Retry::new(RetryPolicy { max_attempts: 2, ..RetryPolicy::default() });
    let conflict = |code: &str| std::io::Error::other(format!("lost to another transaction ({code})"));
    for code in ["OC000", "OC001"] {
        let mut losses = [code].into_iter();
        let run = retry.run(async || losses.next().map_or(Ok(()), |code| Err(conflict(code))));
        run.await.expect("the second run wins");
    }
    retry.run(async || Err::<(), _>(conflict("OC000"))).await.expect_err("it never wins");
    let mut attempts = retry.attempts();
    attempts.wait(mizzle_connect::Cause::Interrupted).await.expect("there is another");

    let counters = recorded.counters.lock().unwrap().clone();
    let expect = [
        ("mizzle.conflicts.data", 3),
        ("mizzle.conflicts.schema", 1),
        ("mizzle.connections.expired", 1),
        ("mizzle.connections.failures", 1),
        ("mizzle.connections.idled_out", 1),
        ("mizzle.connections.lost", 1),
        ("mizzle.connections.opened", 5),
        ("mizzle.connections.retries", 1),
        ("mizzle.pool.acquired", 7),
        ("mizzle.pool.not_acquired", 1),
        ("mizzle.work.exhausted", 1),
        ("mizzle.work.interrupted", 1),
        ("mizzle.work.succeeded", 2),
    ];
    assert_eq!(counters, expect.map(|(name, count)| (name.to_owned(), count)).into());
    let times = recorded.times.lock().unwrap().clone();
    let counts: Vec<_> = times.iter().map(|(name, (count, _))| (name.as_str(), *count)).collect();
    assert_eq!(
        counts,
        [
            ("mizzle.connections.open_seconds", 6),
            ("mizzle.pool.acquire_seconds", 8),
            ("mizzle.work.wait_seconds", 4)
        ]
    );
    let waited = retry.stats().wait_time.as_secs_f64();
    assert!((times["mizzle.work.wait_seconds"].1 - waited).abs() < 0.001, "in seconds: {times:?}");
    let docs = include_str!("../src/lib.rs");
    for name in counters.keys().chain(times.keys()) {
        let last = &name[name.rfind('.').expect("names have parts")..];
        assert!(docs.contains(name.as_str()) || docs.contains(&format!("`{last}`")), "{name} is documented");
    }
}
