//! Retries under contention, tokens and cold connections, beside AWS's connector for sqlx and its SDK.
//!
//! K writers change one row, each with the retry that its library has by default, on one server that commits as slowly as a
//! cluster in one Region does. Both take turns; nobody else is measured at the time.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use aurora_dsql_sqlx_connector::{
    DsqlConnectOptions, DsqlConnectOptionsBuilder, DsqlError, OCCRetryConfig, pool::connect_with,
    retry_on_occ,
};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dsql::auth_token::{AuthTokenGenerator, Config as TokenConfig};
use futures_util::future::BoxFuture;
use mizzle::connect::{Config, PoolOptions};
use mizzle::prelude::*;
use mizzle::{Db, Error, Outcome};
use mizzle_local::{Fault, LocalDsql};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

const WRITERS: [usize; 4] = [4, 8, 16, 32];

/// How long each K is measured, in how many turns.
const TURN: Duration = Duration::from_secs(5);
const TURNS: usize = 4;

/// What a COMMIT takes within one Region, and what a client does between two transactions.
const COMMIT: Duration = Duration::from_millis(8);
const PAUSE: Duration = Duration::from_millis(20);

/// Tokens in a batch, batches, and cold connections.
const TOKENS: u32 = 5_000;
const BATCHES: usize = 15;
const CONNECTIONS: usize = 25;

#[table]
struct Counter {
    #[column(primary_key)]
    id: i32,
    value: i64,
}

/// What was found.
pub(crate) struct Found {
    races: Vec<Race>,
    /// Microseconds.
    token: Pair,
    /// Milliseconds.
    cold: Pair,
}

/// K writers of each library, measured in turns.
struct Race {
    writers: usize,
    ours: Tally,
    theirs: Tally,
}

/// What K writers of one library did.
#[derive(Debug, Default)]
struct Tally {
    /// Of each transaction that was committed, its retries included.
    times: Vec<Duration>,
    failed: u64,
    lasted: Duration,
}

/// Medians.
struct Pair {
    ours: f64,
    theirs: f64,
}

/// How one transaction ended.
enum Ended {
    Committed,
    Failed,
}

/// One transaction of a library's, with its own retry.
type Increment = Arc<dyn Fn() -> BoxFuture<'static, Result<Ended>> + Send + Sync>;

pub(crate) async fn run() -> Result<Found> {
    let token = tokens().await?;
    let local = LocalDsql::start().await?;
    let cold = cold(&local).await?;
    let races = races(&local).await?;
    local.stop().await?;
    Ok(Found { races, token, cold })
}

async fn races(local: &LocalDsql) -> Result<Vec<Race>> {
    let config = crate::config(local)?;
    let client = config.connect().await?;
    client.batch_execute("CREATE TABLE counter (id int PRIMARY KEY, value bigint NOT NULL)").await?;
    client.batch_execute("INSERT INTO counter VALUES (1, 0)").await?;
    local.inject(Fault::DelayBeforeCommit(COMMIT).always());
    let mut races = Vec::new();
    for writers in WRITERS {
        let (ours, theirs) = (ours(&config, writers), theirs(local, writers).await?);
        let mut race = Race { writers, ours: Tally::default(), theirs: Tally::default() };
        for _ in 0..TURNS {
            race.ours.add(turn(&ours, writers).await?);
            race.theirs.add(turn(&theirs, writers).await?);
        }
        races.push(race);
    }
    let committed: usize = races.iter().map(|race| race.ours.times.len() + race.theirs.times.len()).sum();
    let value: i64 = client.query_one("SELECT value FROM counter", &[]).await?.get(0);
    anyhow::ensure!(value == committed as i64, "{committed} were reported as committed, {value} are there");
    Ok(races)
}

fn ours(config: &Config, writers: usize) -> Increment {
    let db = Db::new(config.clone(), PoolOptions { max_size: writers, ..PoolOptions::default() });
    Arc::new(move || {
        let db = db.clone();
        Box::pin(async move {
            let outcome = db
                .transaction_outcome(async |tx| {
                    let found: Counter = tx.first(Counter::query().filter(counter::id.eq(1))).await?;
                    let patch = CounterPatch { value: Some(found.value + 1) };
                    tx.execute(Counter::update(patch).filter(counter::id.eq(1))).await?;
                    Ok::<_, Error>(())
                })
                .await;
            match outcome {
                Outcome::Committed(()) => Ok(Ended::Committed),
                Outcome::Conflicted(_) => Ok(Ended::Failed),
                Outcome::Unknown(error) | Outcome::RolledBack(error) => Err(error.into()),
            }
        })
    })
}

async fn theirs(local: &LocalDsql, writers: usize) -> Result<Increment> {
    let pool = connector(local, writers as u32).await?;
    Ok(Arc::new(move || {
        let pool = pool.clone();
        Box::pin(async move {
            let done = retry_on_occ(&OCCRetryConfig::default(), || async {
                let mut transaction = pool.begin().await?;
                let value: i64 = sqlx::query_scalar("SELECT value FROM counter WHERE id = $1")
                    .bind(1)
                    .fetch_one(&mut *transaction)
                    .await?;
                sqlx::query("UPDATE counter SET value = $1 WHERE id = $2")
                    .bind(value + 1)
                    .bind(1)
                    .execute(&mut *transaction)
                    .await?;
                Ok(transaction.commit().await?)
            })
            .await;
            match done {
                Ok(()) => Ok(Ended::Committed),
                Err(DsqlError::OCCRetryExhausted { .. }) => Ok(Ended::Failed),
                Err(error) => Err(error.into()),
            }
        })
    }))
}

/// All writers at once, for the length of a turn.
async fn turn(increment: &Increment, writers: usize) -> Result<Tally> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let increment = increment.clone();
            tokio::spawn(async move {
                let mut tally = Tally::default();
                while start.elapsed() < TURN {
                    let begun = Instant::now();
                    match increment().await? {
                        Ended::Committed => tally.times.push(begun.elapsed()),
                        Ended::Failed => tally.failed += 1,
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                anyhow::Ok(tally)
            })
        })
        .collect();
    let mut all = Tally::default();
    for task in tasks {
        all.add(task.await??);
    }
    // the last ones end a little later
    all.lasted = start.elapsed();
    Ok(all)
}

/// A token of ours and of the SDK's, by batches in turns.
async fn tokens() -> Result<Pair> {
    let host = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";
    let (id, secret) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let config = Config::new(host).static_credentials(id, secret);
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(provider(id, secret))
        .load()
        .await;
    let theirs = TokenConfig::builder().hostname(host).build().map_err(|error| anyhow::anyhow!(error))?;
    let generator = AuthTokenGenerator::new(theirs);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let start = Instant::now();
        for _ in 0..TOKENS {
            std::hint::black_box(config.token_at(SystemTime::now()).await?);
        }
        ours.push(start.elapsed() / TOKENS);
        let start = Instant::now();
        for _ in 0..TOKENS {
            let token = generator.db_connect_admin_auth_token(&sdk).await;
            std::hint::black_box(token.map_err(|error| anyhow::anyhow!("{error}"))?);
        }
        theirs.push(start.elapsed() / TOKENS);
    }
    Ok(Pair::of(ours, theirs, 1e6))
}

/// From nothing to the answer of the first query, in turns.
async fn cold(local: &LocalDsql) -> Result<Pair> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..CONNECTIONS {
        let start = Instant::now();
        let db = Db::connect(crate::config(local)?).await?;
        db.connection().await?.client().query_one("SELECT 1", &[]).await?;
        ours.push(start.elapsed());
        db.close(Duration::from_secs(1)).await;
        let start = Instant::now();
        let pool = connector(local, 10).await?;
        sqlx::query("SELECT 1").fetch_one(&pool).await?;
        theirs.push(start.elapsed());
        pool.close().await;
    }
    Ok(Pair::of(ours, theirs, 1e3))
}

/// Comes by `localhost`, as the connector cannot be told an address; tokens and certificates are good for that too.
async fn connector(local: &LocalDsql, connections: u32) -> Result<PgPool> {
    let options = PgPoolOptions::new().max_connections(connections);
    Ok(connect_with(&connector_options(local)?, options).await?)
}

fn connector_options(local: &LocalDsql) -> Result<DsqlConnectOptions> {
    let options = PgConnectOptions::new()
        .host("localhost")
        .port(local.address().port())
        .username("admin")
        .database("postgres")
        .ssl_root_cert(local.ca_file());
    Ok(DsqlConnectOptionsBuilder::default()
        .pg_connect_options(options)
        .region(Region::new(local.region().to_owned()))
        .credentials_provider(provider(local.access_key_id(), local.secret_access_key()))
        .build()?)
}

fn provider(id: &str, secret: &str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "bench"))
}

impl Found {
    pub(crate) fn to_table(&self) -> String {
        let mut table = "\
| writers on one row | mizzle: failed | commits/s | p99 | AWS's connector: failed | commits/s | p99 |
|---|--:|--:|--:|--:|--:|--:|\n"
            .to_owned();
        for Race { writers, ours, theirs } in &self.races {
            let [ours, theirs] = [ours, theirs].map(|tally| {
                format!("{:.2} % | {:.0} | {:.0} ms", tally.failed(), tally.rate(), tally.p99())
            });
            let _ = writeln!(table, "| {writers} | {ours} | {theirs} |");
        }
        let Self { token, cold, .. } = self;
        let _ = writeln!(
            table,
            "\na token: {:.1} µs, AWS's SDK {:.1} µs, ratio {:.2}\n\
             cold connection and first query: {:.1} ms, AWS's connector {:.1} ms, ratio {:.2}",
            token.ours,
            token.theirs,
            token.theirs / token.ours,
            cold.ours,
            cold.theirs,
            cold.theirs / cold.ours
        );
        table
    }

    pub(crate) fn to_json(&self) -> String {
        let rows: Vec<String> = self
            .races
            .iter()
            .map(|Race { writers, ours, theirs }| {
                let (ours, theirs) = (ours.to_json(), theirs.to_json());
                format!("    {{\"writers\": {writers}, \"mizzle\": {ours}, \"connector\": {theirs}}}")
            })
            .collect();
        format!(
            "{{\n  \"contention\": [\n{}\n  ],\n  \"token_microseconds\": {},\n  \"cold_connect_milliseconds\": {}\n}}",
            rows.join(",\n"),
            self.token.to_json("aws_sdk"),
            self.cold.to_json("connector")
        )
    }
}

impl Tally {
    fn add(&mut self, mut other: Self) {
        self.times.append(&mut other.times);
        self.failed += other.failed;
        self.lasted += other.lasted;
    }

    /// In percent of all that were begun.
    fn failed(&self) -> f64 {
        100.0 * self.failed as f64 / (self.failed as f64 + self.times.len() as f64)
    }

    fn rate(&self) -> f64 {
        self.times.len() as f64 / self.lasted.as_secs_f64()
    }

    /// In milliseconds, of what was committed.
    fn p99(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        times.get(times.len() * 99 / 100).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    fn to_json(&self) -> String {
        format!(
            "{{\"failed_percent\": {:.3}, \"commits_per_second\": {:.1}, \"p99_milliseconds\": {:.1}}}",
            self.failed(),
            self.rate(),
            self.p99()
        )
    }
}

impl Pair {
    fn of(ours: Vec<Duration>, theirs: Vec<Duration>, unit: f64) -> Self {
        let [ours, theirs] = [ours, theirs].map(|times| crate::median(times).as_secs_f64() * unit);
        Self { ours, theirs }
    }

    fn to_json(&self, name: &str) -> String {
        let Self { ours, theirs } = self;
        format!("{{\"mizzle\": {ours:.2}, \"{name}\": {theirs:.2}, \"ratio\": {:.3}}}", theirs / ours)
    }
}
