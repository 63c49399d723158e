//! `COPY` where it is allowed: rows in and out, by every protocol, within every rule of a transaction.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, TryStreamExt, pin_mut};
use mizzle_local::LocalDsql;
use tokio_postgres::Client;

use crate::cluster::{Cluster, ask, story, text};
use crate::raw::Raw;

async fn start() -> Cluster {
    Cluster { local: LocalDsql::builder().copy(true).start().await.expect("a cluster") }
}

/// Copies pieces in by the extended protocol: rows, or the error.
async fn copy_in(client: &Client, sql: &str, pieces: &[&str]) -> Result<u64, String> {
    let sink = client.copy_in(sql).await.map_err(|error| text(&error))?;
    pin_mut!(sink);
    for piece in pieces {
        sink.send(Bytes::copy_from_slice(piece.as_bytes())).await.map_err(|error| text(&error))?;
    }
    sink.finish().await.map_err(|error| text(&error))
}

async fn copy_out(client: &Client, sql: &str) -> String {
    let pieces = client.copy_out(sql).await.expect(sql).map_ok(|piece| piece.to_vec());
    let bytes = pieces.try_concat().await.expect("rows");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn rows_are_copied_in_and_out() {
    let cluster = start().await;
    let client = cluster.admin().await;
    story(&client, &[("create table t (id int primary key, a text)", "#0")]).await;
    assert_eq!(copy_in(&client, "copy t from stdin", &["1\to", "ne\n2\t\\N\n"]).await, Ok(2));
    assert_eq!(copy_in(&client, "copy t (id) from stdin (format csv)", &["3\n4\n"]).await, Ok(2));
    assert_eq!(copy_out(&client, "copy t to stdout").await, "1\tone\n2\t\\N\n3\t\\N\n4\t\\N\n");
    assert_eq!(
        copy_out(&client, "copy (select id, a from t where id < 3) to stdout (format csv, header)").await,
        "id,a\n1,one\n2,\n"
    );
    let binary = client.copy_out("copy t to stdout (format binary)").await.expect("rows");
    let binary: Vec<Bytes> = binary.try_collect().await.expect("rows");
    story(&client, &[("delete from t", "#4")]).await;
    let sink = client.copy_in("copy t from stdin (format binary)").await.expect("asked for");
    pin_mut!(sink);
    for piece in binary {
        sink.send(piece).await.expect("sent");
    }
    assert_eq!(sink.finish().await.expect("copied"), 4);
    story(&client, &[("select count(*), count(a) from t", "4,1; #1")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused_and_the_session_goes_on() {
    let cluster = start().await;
    let client = cluster.admin().await;
    story(&client, &[("create table t (id int primary key, a text)", "#0")]).await;
    let check = async |sql: &str, pieces: &[&str], expect: &str| {
        let said = copy_in(&client, sql, pieces).await.expect_err(sql);
        assert!(said.starts_with(expect), "{sql}: {said}");
        assert_eq!(ask(&client, "select count(*) from t").await, "0; #1", "{sql}");
    };
    check("copy t from stdin", &["1\ta\n1\tb\n"], "23505 duplicate key value").await;
    check("copy t from stdin", &["1\ta\nx\tb\n"], "22P02 invalid input syntax for type integer").await;
    check("copy t from stdin", &["1\n"], "22P04 missing data for column \"a\"").await;
    let many: String = (0..3_001).map(|id| format!("{id}\tx\n")).collect();
    check("copy t from stdin", &[&many], "54000 transaction row limit exceeded").await;
    let wide = format!("{}\n", "x".repeat(1 << 20));
    let wide: Vec<String> = (0..60).map(|id| format!("{id}\t{wide}")).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    check("copy t from stdin", &wide[..12], "54000 ").await;
    check("copy t from stdin", &wide, "54000 transaction size limit 10mb exceeded").await;
    for sql in [
        "copy t from '/etc/passwd'",
        "copy t to '/tmp/x'",
        "copy t from program 'id'",
        "copy t to program 'id'",
    ] {
        story(&client, &[(sql, "0A000 unsupported statement: Copy")]).await;
    }
    story(
        &client,
        &[("copy (select pg_advisory_lock(1)) to stdout", "0A000 function pg_advisory_lock not supported")],
    )
    .await;
    // Given up by the client.
    let sink = client.copy_in::<_, Bytes>("copy t from stdin").await.expect("asked for");
    drop(sink);
    story(&client, &[("begin; insert into t values (1)", "#0; #1")]).await;
    let said = copy_in(&client, "copy t from stdin", &["x\n"]).await.expect_err("no row");
    assert!(said.starts_with("22P02") || said.starts_with("22P04"), "{said}");
    story(
        &client,
        &[(
            "select 1",
            "25P02 current transaction is aborted, commands ignored until end of transaction block",
        )],
    )
    .await;
    story(&client, &[("rollback", "#0"), ("select count(*) from t", "0; #1")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn copied_rows_conflict_and_are_seen_as_any_others() {
    let cluster = start().await;
    let (one, other) = (cluster.admin().await, cluster.admin().await);
    story(
        &one,
        &[("create table t (id int primary key, a text)", "#0"), ("insert into t values (1, 'a')", "#1")],
    )
    .await;
    // Both insert one key: nobody waits, and the later committer fails.
    story(&one, &[("begin", "#0")]).await;
    story(&other, &[("begin", "#0")]).await;
    assert_eq!(copy_in(&one, "copy t from stdin", &["2\tone\n"]).await, Ok(1));
    assert_eq!(copy_in(&other, "copy t from stdin", &["2\tother\n3\tother\n"]).await, Ok(2));
    assert_eq!(copy_out(&other, "copy t to stdout").await, "1\ta\n2\tother\n3\tother\n");
    story(&one, &[("commit", "#0")]).await;
    // What the other sees is made for it now, and holds its own rows.
    story(&other, &[("update t set a = 'x' where id = 1", "#1")]).await;
    assert_eq!(copy_in(&other, "copy t from stdin", &["4\tother\n"]).await, Ok(1));
    assert_eq!(
        copy_out(&other, "copy (select * from t order by id) to stdout").await,
        "1\tx\n2\tother\n3\tother\n4\tother\n"
    );
    story(&other, &[("commit", "40001 change conflicts with another transaction (OC000)")]).await;
    story(&one, &[("select count(*), max(a) from t", "2,one; #1")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn nobody_waits_for_a_client_that_is_slow_to_copy() {
    let cluster = start().await;
    let (slow, other) = (cluster.admin().await, cluster.admin().await);
    story(&other, &[("create table t (id int primary key)", "#0")]).await;
    let sink = slow.copy_in("copy t from stdin").await.expect("asked for");
    pin_mut!(sink);
    sink.send(Bytes::from_static(b"1\n2\n")).await.expect("sent");
    story(
        &other,
        &[("insert into t values (7)", "#1"), ("begin; insert into t values (8); commit", "#0; #1; #0")],
    )
    .await;
    sink.send(Bytes::from_static(b"3\n")).await.expect("sent");
    assert_eq!(sink.finish().await.expect("copied"), 3);
    story(&other, &[("select count(*) from t", "5; #1")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn the_simple_protocol_copies_too() {
    let cluster = start().await;
    let mut raw = Raw::admin(&cluster).await;
    assert_eq!(raw.query("create table t (id int)").await, "C(CREATE TABLE) Z(I)");
    raw.send(b'Q', b"copy t from stdin; select count(*) from t; copy t to stdout\0").await;
    assert_eq!(raw.hear_up_to(b'G').await, "G");
    raw.send(b'd', b"1\n2").await;
    raw.send(b'd', b"\n3\n").await;
    raw.send(b'c', b"").await;
    assert_eq!(raw.hear_up_to(b'Z').await, "C(COPY 3) T D(3) C(SELECT 1) H d(1) d(2) d(3) c C(COPY 3) Z(I)");
    for (sql, expect) in [
        ("copy missing from stdin", "E(42P01 relation \"missing\" does not exist) Z(I)"),
        ("copy sys.local_secret from stdin", "E(42501 permission denied for table local_secret) Z(I)"),
    ] {
        assert_eq!(raw.query(sql).await, expect);
    }
    // The client gives up, sends what does not belong here, and sends on after an error.
    raw.send(b'Q', b"copy t from stdin\0").await;
    assert_eq!(raw.hear_up_to(b'G').await, "G");
    raw.send(b'd', b"4\n").await;
    raw.send(b'f', b"enough\0").await;
    assert_eq!(raw.hear_up_to(b'Z').await, "E(57014 COPY from stdin failed: enough) Z(I)");
    raw.send(b'Q', b"copy t from stdin\0").await;
    assert_eq!(raw.hear_up_to(b'G').await, "G");
    raw.send(b'Q', b"select 1\0").await;
    assert_eq!(
        raw.hear_up_to(b'Z').await,
        "E(08P01 unexpected message type 0x51 during COPY from stdin) Z(I)"
    );
    raw.send(b'd', b"5\n").await;
    raw.send(b'c', b"").await;
    assert_eq!(raw.query("select count(*) from t").await, "T D(3) C(SELECT 1) Z(I)");
    cluster.stop().await;
}

#[tokio::test]
async fn a_sync_ahead_of_the_data_is_not_heard() {
    let cluster = start().await;
    let mut raw = Raw::admin(&cluster).await;
    assert_eq!(raw.query("create table t (id int)").await, "C(CREATE TABLE) Z(I)");
    for (rows, expect) in
        [("1\n", "C(COPY 1) Z(I)"), ("x\n", "E(22P02 invalid input syntax for type integer: \"x\") Z(I)")]
    {
        raw.send(b'P', b"\0copy t from stdin\0\0\0").await;
        raw.send(b'B', b"\0\0\0\0\0\0\0\0").await;
        raw.send(b'D', b"P\0").await;
        raw.send(b'E', b"\0\0\0\0\0").await;
        raw.send(b'S', b"").await;
        assert_eq!(raw.hear_up_to(b'G').await, "1 2 n G");
        raw.send(b'd', rows.as_bytes()).await;
        raw.send(b'c', b"").await;
        raw.send(b'S', b"").await;
        assert_eq!(raw.hear_up_to(b'Z').await, expect);
    }
    // Without one, by Flush; the transaction ends with the Sync behind the data.
    raw.send(b'P', b"s\0copy t from stdin\0\0\0").await;
    raw.send(b'B', b"p\0s\0\0\0\0\0\0\0").await;
    raw.send(b'E', b"p\0\0\0\0\0").await;
    raw.send(b'H', b"").await;
    assert_eq!(raw.hear_up_to(b'G').await, "1 2 G");
    raw.send(b'd', b"2\n").await;
    raw.send(b'c', b"").await;
    raw.send(b'S', b"").await;
    assert_eq!(raw.hear_up_to(b'Z').await, "C(COPY 1) Z(I)");
    assert_eq!(raw.query("select count(*) from t").await, "T D(2) C(SELECT 1) Z(I)");
    cluster.stop().await;
}

#[tokio::test]
async fn without_leave_nothing_is_copied() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let refused = "0A000 unsupported statement: Copy";
    story(
        &client,
        &[("create table t (id int)", "#0"), ("copy t from stdin", refused), ("copy t to stdout", refused)],
    )
    .await;
    assert_eq!(copy_in(&client, "copy t from stdin", &[]).await, Err(refused.to_owned()));
    assert!(client.copy_out("copy t to stdout").await.err().is_some_and(|error| text(&error) == refused));
    cluster.stop().await;
}

#[tokio::test]
async fn a_large_table_is_copied_out_in_pieces() {
    let cluster = start().await;
    let client = cluster.admin().await;
    let sql = "copy (select g, repeat('x', 1000) from generate_series(1, 20000) g) to stdout";
    let pieces = client.copy_out(sql).await.expect("rows");
    pin_mut!(pieces);
    let (mut rows, mut bytes) = (0, 0);
    while let Some(piece) = pieces.next().await {
        rows += 1;
        bytes += piece.expect("a row").len();
    }
    assert_eq!((rows, bytes > 20_000_000), (20_000, true));
    cluster.stop().await;
}
