//! Limits, at their own size and made small.

use mizzle_local::{Limits, LocalDsql};

use crate::cluster::{Cluster, ask, story};

const ROWS: &str = "54000 transaction row limit exceeded";

async fn limited(lower: &[(&str, &str)]) -> Cluster {
    let mut limits = Limits::default();
    for (name, size) in lower {
        limits.set(name, size).expect("a limit");
    }
    Cluster { local: LocalDsql::builder().limits(limits).start().await.expect("a cluster") }
}

#[tokio::test]
async fn a_transaction_changes_three_thousand_rows_and_not_one_more() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, &[
        ("create table t (id int primary key, a int)", "#0"),
        ("insert into t select g, 0 from generate_series(1, 3000) g", "#3000"),
        ("insert into t select g, 0 from generate_series(3001, 6001) g", ROWS),
        ("begin", "#0"),
        ("insert into t select g, 0 from generate_series(3001, 5000) g", "#2000"),
        ("update t set a = 1 where id <= 999", "#999"),
        ("delete from t where id = 1000", "#1"),
        ("delete from t where id = 1001", ROWS),
        ("select 1", "25P02 current transaction is aborted, commands ignored until end of transaction block"),
        ("commit", "#0"),
        ("select count(*) from t", "3000; #1"),
        ("with x as (update t set a = 2 returning id) insert into t select id + 10000, 0 from x limit 1", ROWS),
        ("insert into t values (1, 1) on conflict do nothing", "#0"),
    ]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn rows_changed_by_cascades_count() {
    let cluster = limited(&[("rows", "10")]).await;
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("create table p (id int primary key)", "#0"),
            (
                "create table c (id int primary key, p int references p on delete cascade on update cascade)",
                "#0",
            ),
            ("insert into p values (1), (2)", "#2"),
            ("insert into c select g, 1 from generate_series(1, 10) g", "#10"),
            ("insert into c select g, 2 from generate_series(11, 19) g", "#9"),
            ("delete from p where id = 1", ROWS),
            ("update p set id = 3 where id = 1", ROWS),
            ("delete from p where id = 2", "#1"),
            ("select count(*) from c", "10; #1"),
            // Nobody sees what counts.
            ("select count(*) from information_schema.triggers", "0; #1"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_transaction_grows_old() {
    let cluster = limited(&[("transaction_age", "0")]).await;
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("select 1", "1; #1"),
            ("begin", "#0"),
            ("select 1", "54000 transaction age limit of 0s exceeded"),
            ("rollback", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_message_has_a_longest_size() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let fits = format!("select length('{}')", "x".repeat((10 << 20) - 100));
    assert_eq!(ask(&client, &fits).await, "10485660; #1");
    let too_long = format!("select length('{}')", "x".repeat(10 << 20));
    assert_ne!(ask(&client, &too_long).await, "10485760; #1");
    assert!(client.is_closed() || ask(&client, "select 1").await != "1; #1");
    cluster.stop().await;
}

#[tokio::test]
async fn a_transaction_writes_ten_mebibytes() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    // Rows of about 100 kB that do not compress.
    let rows = |from: u32, to: u32| {
        format!(
            "insert into t select g, (select string_agg(md5(g::text || x), '') from generate_series(1, 3000) x) \
             from generate_series({from}, {to}) g"
        )
    };
    story(&client, &[("create table t (id int primary key, b text)", "#0"), (&rows(1, 100), "#100")]).await;
    assert_eq!(ask(&client, &rows(101, 250)).await, "54000 transaction size limit 10mb exceeded");
    // In a transaction the size is judged when it commits.
    story(&client, &[("begin", "#0"), (&rows(101, 160), "#60"), (&rows(161, 220), "#60")]).await;
    let error = client.simple_query("commit").await.expect_err("too much");
    let said = error.as_db_error().expect("an error of the server's");
    assert_eq!((said.code().code(), said.message()), ("54000", "transaction size limit 10mb exceeded"));
    assert_eq!(said.detail(), Some("Current transaction size 11mb > 10mb"));
    story(&client, &[("select count(*) from t", "100; #1")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn entries_of_indexes_rows_deleted_and_keys_locked_count_at_commit() {
    let cluster = limited(&[("transaction_bytes", "1000")]).await;
    let client = cluster.admin().await;
    let size = "54000 transaction size limit 1000b exceeded";
    let value = "x".repeat(250);
    story(
        &client,
        &[
            ("create table plain (id int primary key, a text, b text)", "#0"),
            ("create table twice (id int primary key, a text unique, b text)", "#0"),
            // Three rows of 251 bytes fit; each with an entry of its own they do not.
            (&format!("insert into plain select g, '{value}' from generate_series(1, 3) g"), "#3"),
            (&format!("insert into twice select g, g || '{value}' from generate_series(1, 2) g"), size),
            ("select count(*) from twice", "0; #1"),
            (&format!("insert into twice values (1, '1{value}')"), "#1"),
            (&format!("insert into twice values (2, '2{value}')"), "#1"),
            // Columns of no index cost what they are.
            ("update twice set b = 'y'", "#2"),
            ("update twice set a = a || 'z'", size),
            ("begin", "#0"),
            ("delete from twice", "#2"),
            ("select count(*) from twice", "0; #1"),
            ("commit", size),
            ("select count(*) from twice", "2; #1"),
            ("create table wide (id text primary key)", "#0"),
            (&format!("insert into wide select g || '{value}' from generate_series(1, 3) g"), "#3"),
            (&format!("insert into wide select g || '{value}' from generate_series(4, 6) g"), "#3"),
            ("begin", "#0"),
            ("select count(*) from (select id from wide for update) q", "6; #1"),
            ("commit", size),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn values_rows_and_keys_have_a_longest_size() {
    let cluster = limited(&[
        ("value_bytes", "2kB"),
        ("row_bytes", "8kB"),
        ("key_bytes", "100"),
        ("varchar_bytes", "1kB"),
    ])
    .await;
    let client = cluster.admin().await;
    let text =
        |size: u32| format!("(select string_agg(md5(x::text), '') from generate_series(1, {}) x)", size / 32);
    let key = "54000 key size too large";
    story(
        &client,
        &[
            ("create table t (id text primary key, a text, b bytea, c varchar(2000), d jsonb, e int, f text, g text, h text)", "#0"),
            (&format!("insert into t (id, a) values ('1', {})", text(2_048)), "#1"),
            (&format!("insert into t (id, a) values ('2', {})", text(2_112)),
                "54000 datatype limit greater than 2048 bytes not supported for text"),
            (&format!("insert into t (id, b) values ('2', {}::bytea)", text(2_112)),
                "54000 datatype limit greater than 2048 bytes not supported for bytea"),
            (&format!("insert into t (id, c) values ('2', {})", text(1_056)),
                "54000 datatype limit greater than 1024 bytes not supported for character varying"),
            (&format!("insert into t (id, d) values ('2', to_jsonb({}))", text(2_112)),
                "54000 datatype limit greater than 2048 bytes not supported for jsonb"),
            (&format!("update t set a = {0}, b = {0}::bytea, f = {0}, g = {0}, h = {0} where id = '1'", text(2_048)),
                "54000 maximum row size exceeded"),
            (&format!("insert into t (id) values ({})", text(96)), "#1"),
            (&format!("insert into t (id) values ({})", text(128)), key),
            (&format!("insert into t (id) values ({})", text(4_096)), key),
        ],
    )
    .await;
    // An entry of an index holds the primary key as well.
    client.simple_query("create index async on t (e, c)").await.expect("a job");
    story(&client, &[(&format!("insert into t (id, c) values (repeat('y', 40), {})", text(64)), key)]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn tables_have_so_many_columns_keys_and_indexes() {
    let cluster =
        limited(&[("columns", "3"), ("key_columns", "2"), ("indexes", "3"), ("statistics", "1")]).await;
    let client = cluster.admin().await;
    let columns = "54011 tables can have at most 3 columns";
    let keys = "54011 more than 2 column keys in an index are not supported";
    let indexes = "54000 more than 3 indexes per table are not allowed";
    story(
        &client,
        &[
            ("create table t (a int, b int, c int, d int)", columns),
            ("create table t (a int primary key, b int, c int unique)", "#0"),
            ("alter table t add column d int", columns),
            ("create table u (a int, b int, c int, primary key (a, b, c))", keys),
            ("create index async on t (a, b, c)", keys),
            ("create statistics one on a, b from t", "#0"),
            (
                "create statistics two on b, c from t",
                "54000 more than 1 extended statistics per table are not allowed",
            ),
        ],
    )
    .await;
    client.simple_query("create index async on t (b)").await.expect("a job");
    story(&client, &[("create index async on t (b)", indexes)]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_cluster_holds_so_many_objects() {
    let cluster = limited(&[
        ("schemas", "1"),
        ("tables", "2"),
        ("views", "1"),
        ("sequences", "2"),
        ("view_bytes", "100"),
    ])
    .await;
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("create schema a", "#0"),
            ("create schema b", "54000 more than 1 schemas not allowed"),
            ("create table a.t (id bigint generated always as identity (cache 1))", "#0"),
            ("create sequence s cache 1", "#0"),
            ("create sequence s2 cache 1", "54000 creating more than 2 sequences is not allowed"),
            ("create table u (id bigint generated always as identity (cache 1))",
                "54000 creating more than 2 sequences is not allowed"),
            ("create table u (id int)", "#0"),
            ("create table v (id int)", "54000 creating more than 2 tables not allowed"),
            ("drop table u", "#0"),
            ("create table v (id int)", "#0"),
            ("create view w as select 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' as x",
                "54000 view definition too large"),
            ("create view w as select 1 as x", "#0"),
            ("create view x as select 1 as x", "54000 creating more than 1 views not allowed"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn keys_have_types_and_stay() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("create table t (id int, id2 int, a bytea, b json, c interval, d varchar(3000), primary key (id, id2))", "#0"),
            ("create index async on t (a)", "0A000 datatype bytea is not supported in a key"),
            ("create index async on t (b)", "0A000 datatype json is not supported in a key"),
            ("create index async on t (c)", "0A000 datatype interval is not supported in a key"),
            ("create index async on t (d)", "54000 key size greater than 2000 bytes not supported"),
            ("alter table t drop column id2", "0A000 cannot drop primary key column id2"),
            ("alter table t drop constraint t_pkey", "0A000 unsupported ALTER TABLE DROP CONSTRAINT statement"),
            ("alter table t drop column a", "#0"),
            ("create table u (a t)", "0A000 datatype t not supported"),
            ("create table u (a \"money\")", "0A000 datatype money not supported"),
            ("create domain m as \"inet\"", "0A000 datatype inet not supported"),
            ("create table u (like pg_class)", "0A000 datatype oid not supported"),
            ("drop table t", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn connections_are_counted_and_come_at_a_rate() {
    let cluster = limited(&[("connections", "1")]).await;
    let client = cluster.admin().await;
    let many = "53300 Unable to accept connection, too many open connections.";
    assert_eq!(cluster.connect("admin").await.err().as_deref(), Some(many));
    assert_eq!(ask(&client, "select 1").await, "1; #1");
    cluster.stop().await;
    let cluster = limited(&[("connection_burst", "1"), ("connection_rate", "0")]).await;
    let client = cluster.admin().await;
    let fast = "53400 Unable to accept connection, rate exceeded.";
    assert_eq!(cluster.connect("admin").await.err().as_deref(), Some(fast));
    assert_eq!(ask(&client, "select 1").await, "1; #1");
    cluster.stop().await;
}

#[tokio::test]
async fn a_connection_has_its_hour() {
    let cluster = limited(&[("connection_age", "1ms")]).await;
    // It may end before it is used.
    if let Ok(client) = cluster.connect("admin").await {
        while !client.is_closed() {
            let _ = client.simple_query("select 1").await;
        }
    }
    cluster.stop().await;
}
