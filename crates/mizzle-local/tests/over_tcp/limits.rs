//! Limits, at their own size and made small.

use std::time::Duration;

use mizzle_local::{Limits, LocalDsql};

use crate::cluster::{Cluster, ask, story};

const ROWS: &str = "54000 transaction row limit exceeded";

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
    let limits = {
        let mut limits = Limits::default();
        limits.rows = 10;
        limits
    };
    let cluster = Cluster { local: LocalDsql::builder().limits(limits).start().await.expect("a cluster") };
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
    let limits = {
        let mut limits = Limits::default();
        limits.transaction_age = Duration::ZERO;
        limits
    };
    let cluster = Cluster { local: LocalDsql::builder().limits(limits).start().await.expect("a cluster") };
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
