//! One connection as the executor sees it: statements in, rows out, as few round trips as possible.
//!
//! ```text
//! first time   Parse·Bind·Describe·Execute·Sync ──►   one round trip, unnamed
//!              Parse (for the next time)         ──►   behind it, awaited by a task of its own
//! later        Bind·Execute·Sync                 ──►   one round trip
//! flight       BEGIN, statement, statement, COMMIT ──► one round trip for all, one snapshot
//! ```
//!
//! A statement whose future or stream is dropped half-way is cancelled on the server, and its connection serves nobody again.

use std::borrow::Borrow;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use diesel::QueryResult;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, pin_mut};
use lru::LruCache;
use mizzle_connect::{Config, Session};
use tokio::runtime::Handle;
use tokio_postgres::{Client, RowStream};

use crate::budget::{Meter, Written};
use crate::row::{ColumnTypes, PgRow};
use crate::statement::Statement;

/// Statements prepared on one connection at most; the one unused for longest makes room.
const PREPARED: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// How many rows a dropped stream looks through for the end of its statement.
const SENT_ALONG: usize = 100;
/// How often a statement is cancelled: a cancel that comes before its statement has begun is lost.
const CANCELS: usize = 5;
/// How long a cancelled statement may take to end before it is cancelled again.
const CANCELLED_WITHIN: Duration = Duration::from_secs(1);
/// Statements with more parameters are batches whose text hardly ever comes again.
const WORTH_PREPARING: usize = 128;

/// A connection to the cluster with the statements prepared on it. Clones are the same connection.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let connection = db.connection().await?;
/// let rows = connection.client().query("SELECT version()", &[]).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connection {
    client: Arc<Client>,
    prepared: Arc<Mutex<Prepared>>,
    /// With what a running statement is cancelled; a connection made elsewhere has none.
    config: Option<Arc<Config>>,
    /// A statement was dropped before its answer had come, and is being cancelled.
    abandoned: Arc<AtomicBool>,
    /// Counts what is written, inside a transaction.
    meter: Option<Arc<Meter>>,
}

/// What a statement gave.
pub(crate) struct Answer {
    pub(crate) rows: Vec<PgRow>,
    /// How many rows it changed, or gave.
    pub(crate) changed: u64,
}

/// Statements that are sent together, and what becomes of their answers.
pub(crate) trait Flight: Send + Sync {
    type Answer: Send;
    fn statements(&self) -> &[Statement];
    /// One round trip; with `snapshot` several statements are in a read-only transaction of their own.
    fn fly(
        &self,
        connection: &Connection,
        snapshot: bool,
    ) -> impl Future<Output = Result<Self::Answer>> + Send;
}

/// What the rows of a flight come to.
pub(crate) trait Receive: Send {
    /// The rows of the next statement come.
    fn begin(&mut self);
    fn row(&mut self, row: PgRow);
    /// No more of them; how many rows the statement changed, or gave.
    fn end(&mut self, _changed: u64) {}
}

/// Keeps all.
impl Receive for Vec<Answer> {
    fn begin(&mut self) {
        self.push(Answer { rows: Vec::new(), changed: 0 });
    }

    fn row(&mut self, row: PgRow) {
        if let Some(answer) = self.last_mut() {
            answer.rows.push(row);
        }
    }

    fn end(&mut self, changed: u64) {
        if let Some(answer) = self.last_mut() {
            answer.changed = changed;
        }
    }
}

impl Flight for Vec<Statement> {
    type Answer = Vec<Answer>;

    fn statements(&self) -> &[Statement] {
        self
    }

    async fn fly(&self, connection: &Connection, snapshot: bool) -> Result<Vec<Answer>> {
        connection.flight(self, snapshot).await
    }
}

/// By SQL text; `None`: the answer to Parse is still under way.
type Prepared = LruCache<Arc<str>, Option<tokio_postgres::Statement>>;
type Result<T> = std::result::Result<T, tokio_postgres::Error>;

impl Session for Connection {
    fn new(client: Client) -> Self {
        Self {
            client: Arc::new(client),
            prepared: Arc::new(Mutex::new(LruCache::new(PREPARED))),
            config: None,
            abandoned: Arc::default(),
            meter: None,
        }
    }

    fn open(client: Client, config: &Config) -> Self {
        Self { config: Some(Arc::new(config.clone())), ..<Self as Session>::new(client) }
    }

    fn client(&self) -> &Client {
        &self.client
    }

    /// A cancel may come late, and must not meet the statement of somebody else.
    fn is_reusable(&self) -> bool {
        !self.client.is_closed() && !self.is_abandoned()
    }
}

/// A statement whose answer has not come to its end. Dropped before, it is cancelled on the server.
pub(crate) struct Underway<C: Borrow<Connection>> {
    connection: C,
    ended: bool,
}

impl<C: Borrow<Connection>> Underway<C> {
    fn of(connection: C) -> Self {
        Self { connection, ended: false }
    }

    fn end(&mut self) {
        self.ended = true;
    }
}

impl<C: Borrow<Connection>> Drop for Underway<C> {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.borrow().abandon();
        }
    }
}

/// The rows of a statement as they arrive: what is not asked for stays on the server and in the network.
///
/// Dropped before its first row, the statement is cancelled. Dropped later it is cancelled if the connection is for it alone;
/// on a connection that others use too, as in a transaction, the rest is thrown away as it comes.
pub(crate) struct Arriving {
    rows: Pin<Box<RowStream>>,
    types: Option<ColumnTypes>,
    underway: Underway<Connection>,
    alone: bool,
    begun: bool,
}

impl Arriving {
    /// Has the connection for itself.
    pub(crate) fn alone(mut self) -> Self {
        self.alone = true;
        self
    }
}

impl Stream for Arriving {
    type Item = Result<PgRow>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.underway.ended {
            return Poll::Ready(None);
        }
        let row = ready!(this.rows.as_mut().poll_next(context));
        this.begun = true;
        if !matches!(row, Some(Ok(_))) {
            this.underway.end();
        }
        Poll::Ready(row.map(|row| row.map(|row| PgRow::new(row, &mut this.types))))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let mut here = Context::from_waker(Waker::noop());
        // whoever asks for the first row only has often been sent the end with it
        for _ in 0..SENT_ALONG {
            if !self.begun || !matches!(self.poll_next_unpin(&mut here), Poll::Ready(Some(_))) {
                break;
            }
        }
        if self.begun && !self.alone {
            self.underway.end();
        }
    }
}

impl Connection {
    /// Wraps a client; nothing is sent.
    ///
    /// # Example
    /// ```no_run
    /// use mizzle::Connection;
    /// use mizzle::connect::Config;
    /// use mizzle::diesel_async::RunQueryDsl;
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64 }
    /// # fn main() {}
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut connection = Connection::new(Config::from_env()?.connect().await?);
    /// let owners: i64 = owner::table.count().get_result(&mut connection).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(client: Client) -> Self {
        Session::new(client)
    }

    /// The client underneath, for what Mizzle does not do.
    ///
    /// # Example
    /// ```no_run
    /// # async fn example(db: &mizzle::Db) -> Result<(), Box<dyn std::error::Error>> {
    /// let connection = db.connection().await?;
    /// connection.client().batch_execute("ANALYZE owner").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where it leads, if it was made here.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.config.as_ref().map(|config| config.endpoint())
    }

    /// The same connection, with what it writes from here on counted.
    pub(crate) fn metered(&self, meter: Arc<Meter>) -> Self {
        Self { meter: Some(meter), ..self.clone() }
    }

    /// Counts a statement that was sent; the rows that it writes are told as they are known.
    pub(crate) fn counting(&self, statement: &Statement) -> impl Fn(u64) + Send + Sync + 'static + use<> {
        let counted = self.meter.clone().and_then(|meter| Some((meter, Written::by(statement)?)));
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
        sent(async move { client.batch_execute(sql).await })
    }

    /// Whether a statement was dropped before its answer had come.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Asks the server to stop what runs, and keeps the connection from serving anybody else.
    fn abandon(&self) {
        if self.abandoned.swap(true, Ordering::SeqCst) {
            return;
        }
        let (Some(config), Ok(runtime)) = (self.config.clone(), Handle::try_current()) else { return };
        let client = self.client.clone();
        runtime.spawn(async move {
            // answered when nothing runs before it any more
            let mut ended = client.batch_execute("").boxed();
            for _ in 0..CANCELS {
                if let Err(error) = config.cancel(&client).await {
                    tracing::debug!(%error, "an abandoned statement could not be cancelled");
                }
                if tokio::time::timeout(CANCELLED_WITHIN, &mut ended).await.is_ok() {
                    return;
                }
            }
        });
    }

    /// The rows of one statement, as they arrive.
    pub(crate) async fn stream(&self, statement: &Statement) -> Result<Arriving> {
        let mut underway = Underway::of(self.clone());
        match self.start(statement).await {
            Ok(rows) => {
                Ok(Arriving { rows: Box::pin(rows), types: None, underway, alone: false, begun: false })
            }
            Err(error) => {
                underway.end();
                Err(error)
            }
        }
    }

    async fn start(&self, statement: &Statement) -> Result<RowStream> {
        if let Some(prepared) = self.prepared(&statement.sql) {
            return self.client.query_raw(&prepared, &statement.parameters).await;
        }
        let typed = statement.parameters.iter().zip(statement.types.iter().cloned());
        // boxed: what runs again and again need not carry what runs once
        let rows = self.client.query_typed_raw(&statement.sql, typed).boxed().await?;
        self.prepare_for_next_time(statement);
        Ok(rows)
    }

    /// One statement, its whole answer.
    pub(crate) async fn answer(&self, statement: &Statement) -> Result<Answer> {
        let mut rows = Vec::new();
        let changed = self.each(statement, |row| rows.push(row)).await?;
        Ok(Answer { rows, changed })
    }

    /// One statement, its rows read as they arrive; that one does not read as `T` is told when all of them are here.
    pub(crate) async fn read<T>(
        &self,
        statement: &Statement,
        read: &(dyn Fn(&PgRow) -> QueryResult<T> + Send + Sync),
    ) -> Result<QueryResult<Vec<T>>> {
        let mut values = Ok(Vec::new());
        self.each(statement, |row| {
            if let Ok(all) = &mut values {
                match read(&row) {
                    Ok(value) => all.push(value),
                    Err(error) => values = Err(error),
                }
            }
        })
        .await?;
        Ok(values)
    }

    /// Calls back with each row as it arrives; in the end, how many rows the statement changed, or gave.
    async fn each(&self, statement: &Statement, row: impl FnMut(PgRow)) -> Result<u64> {
        let mut underway = Underway::of(self);
        let changed = self.each_until_end(statement, row).await;
        underway.end();
        changed
    }

    async fn each_until_end(&self, statement: &Statement, mut each: impl FnMut(PgRow)) -> Result<u64> {
        let stream = self.start(statement).await?;
        pin_mut!(stream);
        let mut types = None;
        while let Some(row) = stream.next().await {
            each(PgRow::new(row?, &mut types));
        }
        let changed = stream.rows_affected().unwrap_or_default();
        self.counting(statement)(changed);
        Ok(changed)
    }

    /// Several statements in one round trip; with `snapshot` inside a read-only transaction of their own.
    pub(crate) async fn flight(&self, statements: &[Statement], snapshot: bool) -> Result<Vec<Answer>> {
        if let [only] = statements {
            return Ok(vec![self.answer(only).await?]);
        }
        let mut answers = Vec::with_capacity(statements.len());
        self.receive(statements.iter(), snapshot, &mut answers).await?;
        Ok(answers)
    }

    /// The same, what comes of it being given away as it comes.
    pub(crate) async fn receive(
        &self,
        statements: impl ExactSizeIterator<Item = &Statement> + Clone + Send,
        snapshot: bool,
        into: &mut impl Receive,
    ) -> Result<()> {
        let mut underway = Underway::of(self);
        let begin = snapshot.then(|| self.send_now("BEGIN READ ONLY"));
        let sent: Vec<_> = statements.clone().map(|statement| sent(self.start(statement))).collect();
        let commit = snapshot.then(|| self.send_now("COMMIT"));
        // all are awaited, in the order in which they come, so that an error leaves no answer behind
        let mut outcome = match begin {
            Some(begin) => begin.await,
            None => Ok(()),
        };
        for (statement, rows) in statements.zip(sent) {
            let received = match rows.await {
                Ok(rows) => self.receive_rows(statement, rows, outcome.is_ok().then_some(&mut *into)).await,
                Err(error) => Err(error),
            };
            outcome = outcome.and(received);
        }
        underway.end();
        match commit {
            Some(commit) => outcome.and(commit.await),
            None => outcome,
        }
    }

    async fn receive_rows(
        &self,
        statement: &Statement,
        rows: RowStream,
        mut into: Option<&mut impl Receive>,
    ) -> Result<()> {
        pin_mut!(rows);
        let mut types = None;
        if let Some(into) = &mut into {
            into.begin();
        }
        while let Some(row) = rows.next().await {
            let row = PgRow::new(row?, &mut types);
            if let Some(into) = &mut into {
                into.row(row);
            }
        }
        let changed = rows.rows_affected().unwrap_or_default();
        self.counting(statement)(changed);
        if let Some(into) = &mut into {
            into.end(changed);
        }
        Ok(())
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

/// Sends a message now; the answer arrives when the future is awaited.
fn sent<'a, T: Send + 'a>(message: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    let mut answer = message.boxed();
    match (&mut answer).now_or_never() {
        // tokio-postgres writes the message to its queue before the first wait
        None => answer,
        Some(answer) => std::future::ready(answer).boxed(),
    }
}
