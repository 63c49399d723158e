//! The extended protocol: prepared statements, portals, pipelines, large results.

use futures_util::{TryStreamExt, pin_mut};

use crate::cluster::{Cluster, ask, story, text};
use crate::raw::Raw;

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

#[tokio::test]
async fn a_transaction_that_reads_may_come_in_one_flight() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    client.batch_execute("create table t (id int primary key)").await.expect("a table");
    let mut raw = Raw::admin(&cluster).await;
    for count in 0..3 {
        // The end of the flight before may still be under way behind.
        let heard = raw.flight(&["BEGIN READ ONLY", "select count(*) from t", "COMMIT", "select 7"]).await;
        let counted = format!("T D({count}) C(SELECT 1) Z(T)");
        assert_eq!(heard, ["C(BEGIN) Z(T)", &counted, "C(COMMIT) Z(I)", "T D(7) C(SELECT 1) Z(I)"]);
        client.execute(&format!("insert into t values ({count})"), &[]).await.expect("inserted");
    }
    let heard = raw.flight(&["BEGIN READ ONLY", "select 1 / 0", "select 1", "COMMIT", "select 1"]).await;
    assert_eq!(heard[1], "E(22012 division by zero) Z(E)");
    assert!(heard[2].starts_with("E(25P02"), "{heard:?}");
    assert_eq!(heard[3..], ["C(ROLLBACK) Z(I)", "T D(1) C(SELECT 1) Z(I)"]);
    let heard = raw
        .flight(&["BEGIN READ ONLY", "insert into t values (9)", "ROLLBACK", "BEGIN READ ONLY", "COMMIT"])
        .await;
    assert_eq!(heard[1], "E(25006 cannot execute INSERT in a read-only transaction) Z(E)");
    assert_eq!(heard[2..], ["C(ROLLBACK) Z(I)", "C(BEGIN) Z(T)", "C(COMMIT) Z(I)"]);
    // What the flights left behind is in nobody's way.
    client.batch_execute("drop table t").await.expect("dropped");
    cluster.stop().await;
}

#[tokio::test]
async fn a_flight_that_stops_half_way_holds_nobody_up_and_keeps_the_snapshot_of_its_begin() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    client.batch_execute("create table t (id int primary key)").await.expect("a table");
    let mut raw = Raw::admin(&cluster).await;
    raw.send_together(&[(b'Q', b"BEGIN READ ONLY\0"), (b'P', b"\0select count(*) from t\0\0\0")]).await;
    assert_eq!(raw.hear_up_to(b'Z').await, "C(BEGIN) Z(T)");
    client.execute("insert into t values (1)", &[]).await.expect("inserted");
    raw.send_together(&[(b'B', b"\0\0\0\0\0\0\0\0"), (b'E', b"\0\0\0\0\0"), (b'S', b"")]).await;
    assert_eq!(raw.hear_up_to(b'Z').await, "1 2 D(0) C(SELECT 1) Z(T)");
    assert_eq!(raw.query("COMMIT").await, "C(COMMIT) Z(I)");
    cluster.stop().await;
}
