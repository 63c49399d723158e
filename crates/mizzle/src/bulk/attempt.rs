//! One chunk as a transaction: run again until it is committed, refused, or nobody knows.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;

use crate::db::Db;
use crate::error::Error;
use crate::transaction::Tx;

/// As [`Db::transaction`]; `retries` counts the runs after the first.
pub(crate) async fn transact<T, Work>(
    db: &Db,
    retries: &mut u64,
    work: impl Fn(Tx) -> Work + Send + Sync,
) -> Result<T, Error>
where
    T: Send,
    Work: Future<Output = Result<T, Error>> + Send,
{
    let runs = AtomicU64::new(0);
    let count = |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        work(tx).boxed()
    };
    let answer = db.transaction(count).boxed().await;
    *retries += runs.into_inner().saturating_sub(1);
    answer
}
