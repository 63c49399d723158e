//! Many clients at once on few rows: whatever was acknowledged is there exactly once, and every snapshot is one moment.

use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::join_all;
use tokio_postgres::{Client, Error};

use crate::cluster::{Cluster, ask};

const CLIENTS: usize = 8;

/// A cluster with a table, and clients of it.
async fn open(tables: &str) -> (Cluster, Vec<Client>) {
    let cluster = Cluster::start().await;
    let admin = cluster.admin().await;
    for statement in tables.split(';') {
        let answer = ask(&admin, statement).await;
        assert!(answer.starts_with('#'), "{statement}: {answer}");
    }
    let mut clients = vec![admin];
    for _ in 0..CLIENTS {
        clients.push(cluster.admin().await);
    }
    (cluster, clients)
}

/// Whether a write counts; the only reasons why not are the ones given.
fn counts(done: Result<u64, Error>, reasons: &[&str]) -> bool {
    match done {
        Ok(rows) => rows > 0,
        Err(error) => {
            let state = error.code().map(|code| code.code().to_owned()).unwrap_or_default();
            assert!(reasons.contains(&state.as_str()), "{error:?}");
            false
        }
    }
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect("a number").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_increments_that_race_every_success_counts_once() {
    let (cluster, clients) =
        open("create table t (id int primary key, n bigint); insert into t values (1, 0)").await;
    let each = clients.iter().map(async |client| {
        let add = client.prepare("update t set n = n + 1 where id = 1").await.expect("a statement");
        let mut done = 0;
        for _ in 0..13 {
            done += i64::from(counts(client.execute(&add, &[]).await, &["40001"]));
        }
        done
    });
    let done: i64 = join_all(each).await.iter().sum();
    assert!(done > 0);
    assert_eq!(number(&clients[0], "select n from t").await, done);
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_inserts_of_one_key_exactly_one_succeeds() {
    let (cluster, clients) = open("create table t (id bigint primary key, who bigint)").await;
    let each = clients.iter().enumerate().map(async |(who, client)| {
        let insert = client.prepare("insert into t values ($1, $2)").await.expect("a statement");
        let mut done = 0;
        for key in 0..50i64 {
            let inserted = client.execute(&insert, &[&key, &(who as i64)]).await;
            done += i64::from(counts(inserted, &["23505", "40001"]));
        }
        done
    });
    assert_eq!(join_all(each).await.iter().sum::<i64>(), 50);
    assert_eq!(number(&clients[0], "select count(*) from t").await, 50);
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_freed_and_taken_in_a_race_is_there_as_often_as_the_answers_say() {
    let (cluster, clients) = open("create table t (id bigint primary key, who bigint)").await;
    // Somebody with an old snapshot makes every commit go into the log, and has to see nothing of it.
    ask(&clients[0], "begin").await;
    assert_eq!(number(&clients[0], "select count(*) from t").await, 0);
    let each = clients[1..].iter().enumerate().map(async |(who, client)| {
        let insert = client.prepare("insert into t values (1, $1)").await.expect("a statement");
        let delete = client.prepare("delete from t where id = 1").await.expect("a statement");
        let mut net = 0;
        for _ in 0..25 {
            net += i64::from(counts(client.execute(&insert, &[&(who as i64)]).await, &["23505", "40001"]));
            net -= i64::from(counts(client.execute(&delete, &[]).await, &["40001"]));
        }
        net
    });
    let net: i64 = join_all(each).await.iter().sum();
    assert_eq!(number(&clients[1], "select count(*) from t").await, net);
    // Its own write of the key sends it to a view of its own, where all of it is undone.
    assert_eq!(
        ask(&clients[0], "insert into t values (1, 99) returning (select count(*) from t)").await,
        "0; #1"
    );
    assert!(ask(&clients[0], "commit").await.starts_with("40001"));
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_taken_among_inserts_has_all_that_were_acknowledged_and_stays_as_it_is() {
    let (cluster, clients) =
        open("create table t (id bigint primary key, n bigint); insert into t values (-1, 0)").await;
    let (asked, acknowledged) = (AtomicI64::new(1), AtomicI64::new(1));
    let write = clients[3..].iter().map(async |client| {
        let insert = client.prepare("insert into t values ($1, 0)").await.expect("a statement");
        for _ in 0..60 {
            let id = asked.fetch_add(1, Ordering::SeqCst);
            assert!(counts(client.execute(&insert, &[&id]).await, &[]));
            acknowledged.fetch_add(1, Ordering::SeqCst);
        }
    });
    let look = async {
        let (reader, other) = (&clients[0], &clients[1]);
        for _ in 0..25 {
            let before = acknowledged.load(Ordering::SeqCst);
            ask(reader, "begin").await;
            let after = asked.load(Ordering::SeqCst);
            let seen = number(reader, "select count(*) from t").await;
            assert!(before <= seen && seen <= after, "{before} {seen} {after}");
            // Somebody takes a row of ours: from here on we are in a view of our own.
            reader.execute("update t set n = n + 1 where id = -1", &[]).await.expect("written");
            other.execute("update t set n = n + 1 where id = -1", &[]).await.expect("written");
            assert_eq!(number(reader, "select count(*) from t").await, seen);
            assert!(ask(reader, "commit").await.starts_with("40001"));
        }
    };
    futures_util::future::join(join_all(write), look).await;
    assert_eq!(number(&clients[0], "select count(*) from t").await, acknowledged.load(Ordering::SeqCst));
    assert_eq!(number(&clients[0], "select n from t where id = -1").await, 25);
    cluster.stop().await;
}

#[tokio::test]
async fn rows_are_captured_however_many_there_are_and_whatever_the_session_set() {
    let (cluster, clients) = open(
        "create table t (id int primary key, at date, v text); insert into t values (0, '2026-03-04', '')",
    )
    .await;
    let (one, other) = (&clients[0], &clients[1]);
    for style in ["iso, mdy", "german"] {
        ask(one, &format!("set datestyle = '{style}'")).await;
        ask(one, "begin").await;
        for (rows, sql) in [
            (
                40,
                "insert into t select g, '2026-03-04', 'é \\ \"' || g from generate_series(1, 40) g -- with a word",
            ),
            (3, "update t set v = v || ' again' where id < 3"),
            (1, "delete from t where id = 40;"),
        ] {
            assert_eq!(one.execute(sql, &[]).await.expect(sql), rows, "{sql}");
        }
        let sum =
            "select count(*) || md5(string_agg(id || v || extract(doy from at), ',' order by id)) from t";
        let seen = one.query_one(sum, &[]).await.expect("a sum").get::<_, String>(0);
        // Whoever takes the row sends the transaction to a view, made of what was captured.
        assert_eq!(ask(other, "begin; update t set v = '' where id = 0; rollback").await, "#0; #1; #0");
        assert_eq!(one.query_one(sum, &[]).await.expect("a sum").get::<_, String>(0), seen);
        assert_eq!(ask(one, "commit").await, "#0");
        assert_eq!(other.query_one(sum, &[]).await.expect("a sum").get::<_, String>(0), seen);
        ask(one, "delete from t where id > 0").await;
    }
    cluster.stop().await;
}

#[tokio::test]
async fn who_forgets_every_statement_may_go_on() {
    let (cluster, clients) = open("create table t (id int primary key)").await;
    let client = &clients[0];
    for id in 0..3 {
        client.execute("insert into t values ($1)", &[&id]).await.expect("written");
        ask(client, "begin").await;
        client.execute("delete from t where id = $1", &[&id]).await.expect("written");
        ask(client, "rollback").await;
        assert_eq!(ask(client, "deallocate all").await, "#0");
    }
    assert_eq!(number(client, "select count(*) from t").await, 3);
    cluster.stop().await;
}
