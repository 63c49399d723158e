//! One connection as the executor sees it: statements in, rows out, as few round trips as possible.
//!
//! ```text
//! first time   Parse·Bind·Describe·Execute·Sync ──►   one round trip, unnamed
//!              Parse (for the next time)         ──►   behind it, awaited by a task of its own
//! later        Bind·Execute·Sync                 ──►   one round trip
//! flight       BEGIN, statement, statement, COMMIT ──► one round trip for all, one snapshot
//! ```

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, join_all};
use futures_util::{FutureExt, StreamExt, pin_mut};
use lru::LruCache;
use mizzle_connect::Session;
use tokio_postgres::{Client, RowStream};

use crate::budget::{Meter, Written};
use crate::row::PgRow;
use crate::statement::Statement;

/// Statements prepared on one connection at most; the one unused for longest makes room.
const PREPARED: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Statements with more parameters are batches whose text hardly ever comes again.
const WORTH_PREPARING: usize = 128;

/// A connection to the cluster with the statements prepared on it. Clones are the same connection.
#[derive(Clone)]
pub struct Connection {
    client: Arc<Client>,
    prepared: Arc<Mutex<Prepared>>,
    /// Counts what is written, inside a transaction.
    meter: Option<Arc<Meter>>,
}

/// What a statement gave.
pub(crate) struct Answer {
    pub(crate) rows: Vec<PgRow>,
    /// How many rows it changed, or gave.
    pub(crate) changed: u64,
}

/// By SQL text; `None`: the answer to Parse is still under way.
type Prepared = LruCache<Arc<str>, Option<tokio_postgres::Statement>>;
type Result<T> = std::result::Result<T, tokio_postgres::Error>;

impl Session for Connection {
    fn new(client: Client) -> Self {
        let prepared = Arc::new(Mutex::new(LruCache::new(PREPARED)));
        Self { client: Arc::new(client), prepared, meter: None }
    }

    fn client(&self) -> &Client {
        &self.client
    }
}

impl Connection {
    /// Wraps a client; nothing is sent.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Session::new(client)
    }

    /// The client underneath, for what Mizzle does not do.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same connection, with what it writes from here on counted.
    pub(crate) fn metered(&self, meter: Arc<Meter>) -> Self {
        Self { meter: Some(meter), ..self.clone() }
    }

    /// Counts a statement that was sent; the rows that it writes are told as they are known.
    pub(crate) fn counting(&self, statement: &Statement) -> impl Fn(u64) + Send + Sync + 'static {
        let counted = self.meter.clone().zip(Written::by(statement));
        if let Some((meter, written)) = &counted {
            meter.sent(*written);
        }
        move |rows| {
            if let Some((meter, written)) = &counted {
                meter.wrote(*written, rows);
            }
        }
    }

    /// Runs statements without parameters, separated by semicolons.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).await
    }

    /// Sends SQL now; the answer arrives when the future is awaited.
    pub(crate) fn send_now(&self, sql: &'static str) -> BoxFuture<'static, Result<()>> {
        let client = self.client.clone();
        let mut answer = async move { client.batch_execute(sql).await }.boxed();
        match (&mut answer).now_or_never() {
            // tokio-postgres writes the message to its queue before the first wait
            None => answer,
            Some(answer) => std::future::ready(answer).boxed(),
        }
    }

    /// The rows of one statement, as they arrive.
    pub(crate) async fn stream(&self, statement: &Statement) -> Result<RowStream> {
        if let Some(prepared) = self.prepared(&statement.sql) {
            return self.client.query_raw(&prepared, &statement.parameters).await;
        }
        let typed = statement.parameters.iter().zip(statement.types.iter().cloned());
        let rows = self.client.query_typed_raw(&statement.sql, typed).await?;
        self.prepare_for_next_time(statement);
        Ok(rows)
    }

    /// One statement, its whole answer.
    pub(crate) async fn answer(&self, statement: &Statement) -> Result<Answer> {
        let stream = self.stream(statement).await?;
        pin_mut!(stream);
        let (mut types, mut rows) = (None, Vec::new());
        while let Some(row) = stream.next().await {
            rows.push(PgRow::new(row?, &mut types));
        }
        let changed = stream.rows_affected().unwrap_or_default();
        self.counting(statement)(changed);
        Ok(Answer { rows, changed })
    }

    /// Several statements in one round trip; with `snapshot` inside a read-only transaction of their own.
    pub(crate) async fn flight(&self, statements: &[Statement], snapshot: bool) -> Result<Vec<Answer>> {
        if let [only] = statements {
            return Ok(vec![self.answer(only).await?]);
        }
        let mut messages: Vec<BoxFuture<'_, Result<Option<Answer>>>> =
            Vec::with_capacity(statements.len() + 2);
        let control = |sql| self.batch(sql).map(|answer| answer.map(|()| None)).boxed();
        if snapshot {
            messages.push(control("BEGIN READ ONLY"));
        }
        for statement in statements {
            messages.push(self.answer(statement).map(|answer| answer.map(Some)).boxed());
        }
        if snapshot {
            messages.push(control("COMMIT"));
        }
        // polled in order, so sent in order; all are awaited, so that an error leaves no answer behind
        let answers = join_all(messages).await;
        Ok(answers.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Forgets all statements: the schema has changed under them.
    pub(crate) fn forget_all(&self) {
        self.lock().clear();
    }

    fn prepared(&self, sql: &str) -> Option<tokio_postgres::Statement> {
        self.lock().get(sql).cloned().flatten()
    }

    /// Sends Parse behind the running statement. A task awaits the answer: awaiting it here, before the rows are read, would
    /// wait for ever.
    fn prepare_for_next_time(&self, statement: &Statement) {
        if statement.parameters.len() > WORTH_PREPARING {
            return;
        }
        let sql = statement.sql.clone();
        {
            let mut prepared = self.lock();
            if prepared.contains(&sql) {
                return;
            }
            prepared.put(sql.clone(), None);
        }
        let (client, cache, types) = (self.client.clone(), self.prepared.clone(), statement.types.clone());
        tokio::spawn(async move {
            let answer = client.prepare_typed(&sql, &types).await;
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            match answer {
                Ok(statement) => cache.put(sql, Some(statement)),
                Err(_) => cache.pop(&sql),
            }
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Prepared> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
