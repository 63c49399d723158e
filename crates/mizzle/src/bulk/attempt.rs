//! One chunk as a transaction: run again until it is committed, refused, or nobody knows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::FutureExt;
use mizzle_connect::Conflict;

use crate::db::Db;
use crate::error::Error;
use crate::transaction::Tx;

/// As [`Db::transaction`], and also run again when the connection was lost, or the server unavailable, before COMMIT was sent: then
/// nothing has happened. `retries` counts the runs after the first.
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
    let (started, mut attempts) = (Instant::now(), 0);
    let answer = loop {
        let answer = db
            .transaction(|tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                work(tx).boxed()
            })
            .boxed()
            .await;
        let Some(error) = answer.as_ref().err().filter(|error| error.is_transient()) else { break answer };
        attempts += 1;
        let delay = db.retry_policy().next(attempts, started.elapsed(), Conflict::Data, rand::random());
        let Some(delay) = delay else { break answer };
        tracing::debug!(%error, attempts, ?delay, "a chunk was interrupted before its commit, trying again");
        tokio::time::sleep(delay).await;
    };
    *retries += runs.into_inner().saturating_sub(1);
    answer
}
