//! What goes wrong on request.

use mizzle_local::{Fault, LocalDsql};

use crate::cluster::{Cluster, ask, story};

#[tokio::test]
async fn commits_fail_on_request() {
    let local = LocalDsql::builder().fault(2, Fault::DataConflict).start().await.expect("a cluster");
    let cluster = Cluster { local };
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("create table t (id int primary key)", "#0"),
            ("begin; insert into t values (1); commit", "#0; #1; #0"),
            ("begin; insert into t values (2)", "#0; #1"),
            ("commit", "40001 change conflicts with another transaction (OC000)"),
            ("select count(*) from t", "1; #1"),
        ],
    )
    .await;
    for (fault, expect) in [
        (Fault::SchemaConflict, "40001 schema has been updated by another transaction (OC001)"),
        (Fault::Unavailable, "XX000 server unavailable"),
    ] {
        cluster.local.inject(fault);
        story(
            &client,
            &[
                ("begin", "#0"),
                ("insert into t values (2)", "#1"),
                // A rollback is no commit.
                ("rollback", "#0"),
                ("begin; insert into t values (2); commit", expect),
                ("select count(*) from t", "1; #1"),
            ],
        )
        .await;
    }
    story(&client, &[("begin; insert into t values (2); commit", "#0; #1; #0")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn connections_are_lost_before_or_after_the_commit() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, &[("create table t (id int primary key)", "#0")]).await;
    for (fault, rows) in [(Fault::DropBeforeCommit, "0; #1"), (Fault::DropAfterCommit, "1; #1")] {
        let victim = cluster.admin().await;
        cluster.local.inject(fault);
        story(&victim, &[("begin", "#0"), ("insert into t values (1)", "#1")]).await;
        let error = victim.simple_query("commit").await.expect_err("the connection is lost");
        assert!(error.as_db_error().is_none(), "{error}");
        assert_eq!(ask(&client, "select count(*) from t").await, rows, "{fault:?}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn connections_are_refused_on_request() {
    let cluster = Cluster::start().await;
    cluster.local.inject(Fault::RefuseConnection);
    let refused = cluster.connect("admin").await.map(drop);
    assert_eq!(refused, Err("53400 Unable to accept connection, rate exceeded.".to_owned()));
    assert!(cluster.connect("admin").await.is_ok());
    cluster.stop().await;
}
