//! diesel-async's pools on a local DSQL: who comes in, when a connection is replaced, and whose errors are retried.

mod wrapped;

use std::time::Duration;

use diesel::result::Error;
use diesel_async::pooled_connection::bb8;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use mizzle_connect::diesel_async::{connect, manager, pool};
use mizzle_connect::{Config, Conflict, PoolOptions, RetryPolicy, retry};
use mizzle_local::{Fault, LocalDsql};
use schema::account;
use wrapped::Wrapped;

#[allow(missing_docs)]
mod schema {
    diesel::table! {
        account (id) {
            id -> Integer,
            balance -> Integer,
        }
    }
}

async fn start() -> LocalDsql {
    LocalDsql::start().await.expect("a local DSQL starts")
}

fn config(local: &LocalDsql) -> Config {
    Config::from_vars(|name| local.variable(name)).expect("the server says how to connect")
}

async fn show(connection: &mut AsyncPgConnection, setting: &str) -> String {
    let query = diesel::dsl::sql::<diesel::sql_types::Text>(&format!("SELECT current_setting('{setting}')"));
    query.get_result(connection).await.expect("a good query")
}

/// One account with nothing in it.
async fn found(connection: &mut AsyncPgConnection) {
    connection
        .batch_execute("CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)")
        .await
        .expect("it is not there yet");
    connection.batch_execute("INSERT INTO account VALUES (1, 0)").await.expect("nobody is in the way");
}

async fn pay(connection: &mut AsyncPgConnection) -> Result<(), Error> {
    use diesel::ExpressionMethods;

    connection
        .transaction(async |connection| {
            diesel::update(account::table)
                .set(account::balance.eq(account::balance + 1))
                .execute(connection)
                .await
        })
        .await
        .map(drop)
}

#[tokio::test]
async fn bb8_and_deadpool_get_their_connections() {
    let local = start().await;
    // the first is refused while the cluster wakes up, and nobody sees it
    local.inject(Fault::RefuseWaking);
    let config = config(&local).application_name("clinic");
    let theirs = bb8::Pool::builder().max_size(2).build(manager(config.clone())).await.expect("it comes in");
    let mut connection = theirs.get().await.expect("it comes in");
    assert_eq!(show(&mut connection, "application_name").await, "clinic");

    let ours = pool(config.clone(), PoolOptions { max_size: 1, ..PoolOptions::default() });
    let mut connection = ours.get().await.expect("it comes in");
    connection.batch_execute("SET application_name = 'first'").await.expect("it can be set");
    drop(connection);
    let mut connection = ours.get().await.expect("the same one");
    assert_eq!(show(&mut connection, "application_name").await, "first");

    let mut alone = connect(&config).await.expect("it comes in");
    assert_eq!(show(&mut alone, "application_name").await, "clinic");
}

#[tokio::test]
async fn a_connection_past_its_time_or_lost_is_replaced() {
    let local = start().await;
    for options in [
        PoolOptions { lifetime: Duration::ZERO, ..PoolOptions::default() },
        PoolOptions { idle: Duration::ZERO, ..PoolOptions::default() },
    ] {
        let pool = pool(config(&local), options);
        let mut connection = pool.get().await.expect("it comes in");
        connection.batch_execute("SET application_name = 'first'").await.expect("it can be set");
        drop(connection);
        let mut connection = pool.get().await.expect("another one");
        assert_ne!(show(&mut connection, "application_name").await, "first");
        assert_eq!(pool.status().size, 1);
    }
    let pool = pool(config(&local), PoolOptions::default());
    let mut connection = pool.get().await.expect("it comes in");
    local.cut_sessions();
    connection.batch_execute("SELECT 1").await.expect_err("it was cut");
    drop(connection);
    let mut connection = pool.get().await.expect("another one");
    connection.batch_execute("SELECT 1").await.expect("a good query");
}

#[tokio::test]
async fn what_keeps_a_pool_from_a_connection_is_told_with_its_cure() {
    let local = start().await;
    let pool = pool(config(&local).user("stranger"), PoolOptions::default());
    let error = pool.get().await.map(drop).expect_err("nobody mapped this role").to_string();
    assert!(error.contains("access denied") && error.contains("AWS IAM GRANT"), "{error}");
}

#[tokio::test]
async fn a_conflict_of_diesel_is_retried_and_another_error_is_not() {
    let local = start().await;
    let mut connection = connect(&config(&local)).await.expect("it comes in");
    found(&mut connection).await;
    for (fault, expect) in [(Fault::DataConflict, Conflict::Data), (Fault::SchemaConflict, Conflict::Schema)]
    {
        local.inject(fault);
        let error = pay(&mut connection).await.expect_err("it loses");
        assert_eq!(Conflict::of(&error), Some(expect), "{error}");
        assert_eq!(Conflict::of(&Wrapped(error)), Some(expect));
    }
    local.inject(Fault::DataConflict.times(3));
    let policy = RetryPolicy::default();
    let mut runs = 0;
    let paid = retry(&policy, async || {
        runs += 1;
        pay(&mut connection).await.map_err(Wrapped)
    });
    paid.await.expect("the fourth run wins");
    let balance: i32 = {
        use diesel::QueryDsl;
        account::table.select(account::balance).first(&mut connection).await.expect("a good query")
    };
    assert_eq!((runs, balance), (4, 1));

    let mut runs = 0;
    let again = retry(&policy, async || {
        runs += 1;
        diesel::sql_query("INSERT INTO account VALUES (1, 0)").execute(&mut connection).await
    });
    again.await.expect_err("it is there already");
    assert_eq!(runs, 1);
}
