//! `retry` alone, with the errors of tokio-postgres, wrapped and not.

mod wrapped;

use mizzle_connect::{Config, RetryPolicy, retry};
use mizzle_local::{Fault, LocalDsql};
use tokio_postgres::{Client, Error};
use wrapped::Wrapped;

async fn pay(client: &mut Client) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    transaction.execute("UPDATE account SET balance = balance + 1", &[]).await?;
    transaction.commit().await
}

#[tokio::test]
async fn a_transaction_of_tokio_postgres_runs_again_however_its_error_is_wrapped() {
    let local = LocalDsql::start().await.expect("a local DSQL starts");
    let config = Config::from_vars(|name| local.variable(name)).expect("the server says how to connect");
    let mut client = config.connect().await.expect("it comes in");
    for statement in [
        "CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)",
        "INSERT INTO account VALUES (1, 0)",
    ] {
        client.batch_execute(statement).await.expect("a good statement");
    }
    let policy = RetryPolicy::default();
    local.inject(Fault::DataConflict.times(2));
    retry(&policy, async || pay(&mut client).await).await.expect("the third run wins");
    local.inject(Fault::SchemaConflict.times(2));
    retry(&policy, async || pay(&mut client).await.map_err(Wrapped)).await.expect("the third run wins");
    local.inject(Fault::DataConflict.times(2));
    let boxed = retry(&policy, async || pay(&mut client).await.map_err(std::io::Error::other));
    boxed.await.expect("the third run wins");
    let row = client.query_one("SELECT balance FROM account", &[]).await.expect("a good query");
    assert_eq!(row.get::<_, i32>(0), 3);

    let mut runs = 0;
    let again = retry(&policy, async || {
        runs += 1;
        client.execute("INSERT INTO account VALUES (1, 0)", &[]).await
    });
    again.await.expect_err("it is there already");
    assert_eq!(runs, 1);
}
