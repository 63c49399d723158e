//! What goes wrong on request.

use mizzle_local::{Fault, LocalDsql};

use crate::cluster::{Cluster, ask, story, text};

#[tokio::test]
async fn commits_fail_on_request() {
    let local = LocalDsql::builder().fault(Fault::DataConflict.nth(2)).start().await.expect("a cluster");
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

#[tokio::test]
async fn a_commit_is_also_the_end_of_a_statement_that_writes() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let changed = "40001 schema has been updated by another transaction (OC001)";
    cluster.local.inject(Fault::SchemaConflict);
    story(&client, &[("select 1", "1; #1"), ("create table t (id int primary key)", changed)]).await;
    story(&client, &[("create table t (id int primary key)", "#0")]).await;
    cluster.local.inject(Fault::DataConflict);
    let insert = client.prepare("insert into t values ($1) returning id").await.expect("prepared");
    story(&client, &[("begin; select 1; commit", "#0; 1; #1; #0")]).await;
    let error = client.query(&insert, &[&1]).await.expect_err("a conflict");
    assert_eq!(text(&error), "40001 change conflicts with another transaction (OC000)");
    assert_eq!(client.query(&insert, &[&1]).await.expect("nobody is in the way").len(), 1);
    cluster.stop().await;
}

#[tokio::test]
async fn a_fault_may_be_for_one_table_and_comes_by_its_seed() {
    let run = async |seed| {
        let rule = Fault::DataConflict.chance(40.0).on_table("public.pet");
        let local = LocalDsql::builder().fault(rule).fault_seed(seed).start().await.expect("a cluster");
        let cluster = Cluster { local };
        let client = cluster.admin().await;
        story(&client, &[("create table pet (id int)", "#0"), ("create table owner (id int)", "#0")]).await;
        let mut lost = String::new();
        for _ in 0..24 {
            story(&client, &[("insert into owner values (1)", "#1")]).await;
            let said = ask(&client, "begin; insert into pet values (1); commit").await;
            lost.push(if said.contains("OC000") { 'x' } else { '.' });
        }
        let report = cluster.local.faults().remove(0);
        assert_eq!((report.seen, report.fired as usize), (24, lost.matches('x').count()));
        cluster.stop().await;
        lost
    };
    let (one, same, other) = tokio::join!(run(1), run(1), run(2));
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert!(one.contains('x') && one.contains('.'), "{one}");
}

#[tokio::test]
async fn every_way_into_the_cluster_can_be_shut() {
    let cluster = Cluster::start().await;
    let expired = "28000 unable to accept connection, access denied | Signature expired: ";
    for (fault, expect) in [
        (Fault::RefuseFull, "53300 Unable to accept connection, too many open connections."),
        (Fault::RefuseWaking, "57P03 unable to accept connection, waking up cluster, please retry later"),
        (Fault::ExpireToken, expired),
    ] {
        let standing = cluster.local.inject(fault.always());
        for _ in 0..2 {
            let said = cluster.connect("admin").await.map(drop).expect_err("refused");
            assert!(said.starts_with(expect), "{said}");
        }
        assert!(cluster.local.lift_fault(standing));
        assert!(cluster.connect("admin").await.is_ok());
    }
    cluster.local.inject(Fault::ExpireToken.times(2));
    cluster.local.inject(Fault::RefuseConnection.always());
    cluster.local.clear_faults();
    assert!(cluster.connect("admin").await.is_ok());
    cluster.stop().await;
}

#[tokio::test]
async fn commits_and_connections_are_slow_on_request() {
    let cluster = Cluster::start().await;
    let (client, other) = (cluster.admin().await, cluster.admin().await);
    story(&client, &[("create table t (id int primary key)", "#0")]).await;
    let (long, count) = (std::time::Duration::from_secs(3_600), "select count(*) from t");
    // Who waits before the commit has not committed, who waits after it has: seen from elsewhere, while they wait.
    for (fault, seen) in [(Fault::DelayBeforeCommit(long), "0; #1"), (Fault::DelayAfterCommit(long), "1; #1")]
    {
        cluster.local.inject(fault);
        let slow = cluster.admin().await;
        story(&slow, &[("begin; insert into t values (1)", "#0; #1")]).await;
        let watch = async {
            while cluster.local.faults().iter().any(|rule| rule.active) {
                tokio::task::yield_now().await;
            }
            while ask(&other, count).await != seen {}
        };
        tokio::select! {
            said = ask(&slow, "commit") => panic!("{fault}: {said}"),
            () = watch => {}
        }
    }
    cluster.local.inject(Fault::DelayConnection(long));
    let knock = async {
        while cluster.local.faults().iter().any(|rule| rule.active) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = cluster.connect("admin") => panic!("let in"),
        () = knock => {}
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_session_is_lost_at_a_statement_or_with_all_others() {
    let cluster = Cluster::start().await;
    let (client, victim) = (cluster.admin().await, cluster.admin().await);
    story(&client, &[("create table t (id int primary key)", "#0")]).await;
    cluster.local.inject(Fault::CutSession.nth(3));
    story(&victim, &[("begin", "#0"), ("insert into t values (1)", "#1")]).await;
    let error = victim.simple_query("insert into t values (2)").await.expect_err("the connection is lost");
    assert!(error.as_db_error().is_none(), "{error}");
    story(&client, &[("select count(*) from t", "0; #1")]).await;
    while cluster.local.sessions() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(cluster.local.cut_sessions(), 1);
    assert!(client.simple_query("select 1").await.is_err());
    cluster.stop().await;
}
