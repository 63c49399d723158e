//! sqlx's pool on a local DSQL: who comes in, what becomes of a token that is too old, and whose errors are retried.

mod wrapped;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use mizzle_connect::{Config, Conflict, Credentials, RetryPolicy, retry};
use mizzle_local::{Fault, LocalDsql};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use wrapped::Wrapped;

/// The life of a token that is renewed every second.
const SHORT: Duration = Duration::from_secs(2);

async fn start() -> LocalDsql {
    LocalDsql::start().await.expect("a local DSQL starts")
}

/// A cluster whose clock is behind by so much, which makes every token good for so much longer than it says: time for a slow
/// machine between its signature and the connection.
async fn start_behind(by: Duration) -> LocalDsql {
    let started = LocalDsql::builder().clock(move || SystemTime::now() - by).start().await;
    started.expect("a local DSQL starts")
}

fn config(local: &LocalDsql) -> Config {
    Config::from_vars(|name| local.variable(name)).expect("the server says how to connect")
}

async fn open(config: Config) -> mizzle_connect::sqlx::Pool {
    mizzle_connect::sqlx::pool(config, PgPoolOptions::new()).await.expect("the settings are complete")
}

async fn text(pool: &PgPool, query: &'static str) -> String {
    sqlx::query_scalar(query).fetch_one(pool).await.expect("a good query")
}

/// Whether a token still lets somebody in.
async fn lets_in(options: &PgConnectOptions) -> bool {
    match PgConnection::connect_with(options).await {
        Ok(connection) => {
            connection.close().await.expect("nobody is in the way");
            true
        }
        Err(sqlx::Error::Database(refusal)) => {
            assert_eq!(refusal.code().as_deref(), Some("28000"), "{refusal}");
            assert!(refusal.message().contains("access denied"), "{refusal}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// One account with nothing in it.
async fn account(pool: &PgPool) {
    for statement in [
        "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)",
        "INSERT INTO account VALUES (1, 0)",
    ] {
        sqlx::query(statement).execute(pool).await.expect("a good statement");
    }
}

async fn pay(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("UPDATE account SET balance = balance + 1 WHERE id = 1").execute(&mut *transaction).await?;
    transaction.commit().await
}

#[tokio::test]
async fn a_pool_comes_in_over_verified_tls_and_says_who_it_is() {
    let local = start().await;
    let pool = open(config(&local).application_name("clinic").search_path("sys, \"my schema\"")).await;
    assert_eq!(text(&pool, "SELECT current_user::text").await, "admin");
    assert_eq!(text(&pool, "SHOW application_name").await, "clinic");
    assert_eq!(text(&pool, "SHOW search_path").await, "sys,\"my schema\"");

    let stranger = config(&local).root_certificate_pem(include_str!("vectors/ca.pem"));
    let error = open(stranger).await.acquire().await.expect_err("nobody trusts this certificate");
    assert!(error.to_string().ends_with("invalid peer certificate: UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_token_older_than_its_life_opens_nothing_and_what_is_open_stays_open() {
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = ahead.clone();
    let local = LocalDsql::builder()
        .clock(move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::SeqCst)))
        .start()
        .await
        .expect("a local DSQL starts");
    let options = mizzle_connect::sqlx::options(&config(&local)).await.expect("complete");
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options.clone());
    let mut connection = pool.acquire().await.expect("the token is young");
    assert!(lets_in(&options).await);
    ahead.store(1_000, Ordering::SeqCst);
    assert!(!lets_in(&options).await, "15 minutes are over");
    sqlx::query("SELECT 1").execute(&mut *connection).await.expect("nobody looks at the token again");
    let refusal = pool.acquire().await.map(drop).expect_err("the pool has no other token");
    assert_eq!(refusal.as_database_error().and_then(|error| error.code()).as_deref(), Some("28000"));
}

#[tokio::test]
async fn a_pool_of_ours_opens_connections_for_longer_than_a_token_lives() {
    let local = start_behind(Duration::from_secs(4)).await;
    let config = config(&local).token_lifetime(SHORT);
    let pool = open(config.clone()).await;
    let witness = mizzle_connect::sqlx::options(&config).await.expect("complete");
    while lets_in(&witness).await {
        let connection = pool.acquire().await.expect("its token is younger");
        connection.close().await.expect("the next one is a new one");
    }
    let connection = pool.acquire().await.expect("its token is younger");
    connection.close().await.expect("nobody is in the way");
    assert_eq!(text(pool.fresh().await.expect("there are credentials"), "SELECT 'in'").await, "in");
    let shown = format!("{pool:?}");
    assert!(!shown.contains("X-Amz") && !shown.contains(local.secret_access_key()), "{shown}");
}

#[tokio::test]
async fn credentials_that_were_rotated_are_found_at_the_next_renewal() {
    let local = start_behind(Duration::from_secs(60)).await;
    let (id, secret) = (local.access_key_id().to_owned(), local.secret_access_key().to_owned());
    let asked = Arc::new(AtomicU32::new(0));
    let asks = asked.clone();
    // The first are of no use to anybody, and their provider does not say that they ever end.
    let config = config(&local).token_lifetime(SHORT).credentials_from(move || {
        let first = asks.fetch_add(1, Ordering::SeqCst) == 0;
        let secret = if first { "rotated away".to_owned() } else { secret.clone() };
        std::future::ready(Ok::<_, std::io::Error>(Credentials::new(id.clone(), secret)))
    });
    let pool = open(config).await;
    while pool.acquire().await.is_err() {
        pool.fresh().await.expect("there are credentials");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_conflict_of_sqlx_is_retried_and_another_error_is_not() {
    let local = start().await;
    let pool = open(config(&local)).await;
    account(&pool).await;
    for (fault, expect) in [(Fault::DataConflict, Conflict::Data), (Fault::SchemaConflict, Conflict::Schema)]
    {
        local.inject(fault);
        let error = pay(&pool).await.expect_err("it loses");
        assert_eq!(Conflict::of(&error), Some(expect), "{error}");
        assert_eq!(Conflict::of(&Wrapped(error)), Some(expect));
    }
    local.inject(Fault::DataConflict.times(3));
    let policy = RetryPolicy::default();
    let mut runs = 0;
    let paid = retry(&policy, async || {
        runs += 1;
        pay(&pool).await.map_err(Wrapped)
    });
    paid.await.expect("the fourth run wins");
    assert_eq!(runs, 4);
    assert_eq!(text(&pool, "SELECT balance::text FROM account").await, "1");

    let mut runs = 0;
    let again = retry(&policy, async || {
        runs += 1;
        // the text alone would be taken for a conflict
        sqlx::query("INSERT INTO account VALUES (1, 'another transaction (OC000)'::int)")
            .execute(&*pool)
            .await
    });
    again.await.expect_err("that is no number");
    assert_eq!(runs, 1);
}
