//! The extended protocol: prepared statements, portals, pipelines, large results.

use futures_util::{TryStreamExt, pin_mut};

use crate::cluster::{Cluster, ask, story, text};

#[tokio::test]
async fn prepared_statements_carry_typed_values() {
    let cluster = Cluster::start().await;
    let mut client = cluster.admin().await;
    client.batch_execute("create table t (id bigint primary key, a text, n bytea)").await.expect("a table");
    let insert = client.prepare("insert into t values ($1, $2, $3)").await.expect("prepared");
    for id in 1..=3_i64 {
        client.execute(&insert, &[&id, &"x", &vec![id as u8]]).await.expect("inserted");
    }
    let transaction = client.transaction().await.expect("a transaction");
    let portal = transaction.bind("select id from t order by id", &[]).await.expect("a portal");
    let first = transaction.query_portal(&portal, 2).await.expect("rows");
    let rest = transaction.query_portal(&portal, 2).await.expect("rows");
    assert_eq!((first.len(), rest.len()), (2, 1));
    transaction.execute(&insert, &[&4_i64, &"y", &vec![0_u8]]).await.expect("inserted");
    transaction.rollback().await.expect("rolled back");
    assert_eq!(ask(&client, "select count(*) from t").await, "3; #1");
    let error = client.prepare("savepoint s").await.expect_err("refused");
    assert!(text(&error).starts_with("0A000 unsupported statement: Savepoint"));
    let error = client.query("selec $1", &[]).await.expect_err("refused");
    assert_eq!(text(&error), "42601 syntax error at or near \"selec\"");
    let version = client.query_one("show server_version", &[]).await.expect("a row").get::<_, String>(0);
    assert_eq!(version, "16.13");
    cluster.stop().await;
}

#[tokio::test]
async fn transaction_control_may_be_prepared() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    client.batch_execute("create table t (id int primary key)").await.expect("a table");
    for (sql, rows) in
        [("begin", 0), ("insert into t values (1)", 1), ("rollback", 0), ("select 1 from t", 0)]
    {
        assert_eq!(client.execute(sql, &[]).await.expect(sql), rows, "{sql}");
    }
    client.execute("begin isolation level repeatable read", &[]).await.expect("begun");
    let error = client.execute("insert into missing values (1)", &[]).await.expect_err("no such table");
    assert_eq!(text(&error), "42P01 relation \"missing\" does not exist");
    let error = client.execute("select 1", &[]).await.expect_err("aborted");
    assert!(text(&error).starts_with("25P02"));
    client.execute("commit", &[]).await.expect("ended");
    client.execute("select 1", &[]).await.expect("well again");
    cluster.stop().await;
}

#[tokio::test]
async fn large_results_pass_through() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let sql = "select g, repeat('x', 1000) from generate_series(1, 100000) g";
    let rows = client.query_raw(sql, Vec::<i32>::new()).await.expect("rows");
    pin_mut!(rows);
    let mut sum = 0_i64;
    while let Some(row) = rows.try_next().await.expect("a row") {
        sum += i64::from(row.get::<_, i32>(0));
    }
    assert_eq!(sum, 5_000_050_000);
    cluster.stop().await;
}

#[tokio::test]
async fn a_running_statement_can_be_cancelled() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let cancel = client.cancel_token();
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new(cluster.tls());
    let slow = ask(&client, "select pg_sleep(60)");
    // A cancel that comes before the statement runs is lost, so it is sent until one arrives.
    let cancelling = async {
        loop {
            cancel.cancel_query(tls.clone()).await.expect("sent");
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = slow => assert_eq!(answer, "57014 canceling statement due to user request"),
        () = cancelling => {}
    }
    cluster.stop().await;
}

#[tokio::test]
async fn statements_in_one_flight_are_one_transaction() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, &[
        ("create table t (id int primary key)", "#0"),
        ("insert into t values (1); insert into t values (1)",
            "23505 duplicate key value violates unique constraint \"t_pkey\""),
        ("select count(*) from t", "0; #1"),
        ("insert into t values (1); commit; insert into t values (2); rollback; select count(*) from t",
            "#1; #0; #1; #0; 1; #1"),
    ]).await;
    cluster.stop().await;
}
