//! Many sessions, one after the other: nothing of them stays.

use futures_util::future::join_all;
use mizzle_local::LocalDsql;
use mizzle_tests::config;
use tokio_postgres::Client;

/// Opens and closes this many sessions, ten at a time, each with a statement.
async fn come_and_go(local: &LocalDsql, sessions: usize) {
    let config = config(local);
    for _ in 0..sessions / 10 {
        join_all((0..10).map(async |_| {
            let client = config.connect().await.unwrap();
            client.query_one("SELECT 1", &[]).await.unwrap();
        }))
        .await;
    }
}

/// The sessions that PostgreSQL still knows of, this one aside, once those that end have ended.
async fn left(client: &Client) -> i64 {
    let count =
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = 'admin'";
    loop {
        let count: i64 = client.query_one(count, &[]).await.unwrap().get(0);
        if count <= 1 {
            return count - 1;
        }
    }
}

/// Resident memory of this process, which the server is part of.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.as_deref().and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    resident.unwrap_or_default() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sessions_leave_no_process_and_no_memory() {
    let local = LocalDsql::start().await.unwrap();
    let watcher = config(&local).connect().await.unwrap();
    // what is made once is made by now
    come_and_go(&local, 200).await;
    let before = memory();
    come_and_go(&local, 800).await;
    assert_eq!(left(&watcher).await, 0);
    let grown = memory().saturating_sub(before);
    assert!(grown < 8 << 20, "{} KB more after 800 further sessions", grown >> 10);
    println!("{} KB more after 800 further sessions", grown >> 10);
    local.stop().await.unwrap();
}
