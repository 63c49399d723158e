//! Background jobs: their life in `sys.jobs`, and what they leave behind.

use std::time::Duration;

use mizzle_local::LocalDsql;
use tokio_postgres::Client;

use crate::cluster::{Cluster, ask, story};

/// Long enough to see a job before its end on any machine; nobody waits for it.
const FOREVER: Duration = Duration::from_secs(3_600);

async fn slow() -> Cluster {
    Cluster { local: LocalDsql::builder().job_delay(FOREVER).start().await.expect("a cluster") }
}

/// Runs an asynchronous statement and answers the id of its job.
async fn submit(client: &Client, sql: &str) -> String {
    let id = client.query_one(sql, &[]).await.expect("a job").get::<_, String>("job_id");
    assert_eq!(id.len(), 26);
    assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)), "{id}");
    id
}

/// Waits for a job: what `CALL` answers, and what `sys.jobs` shows then.
async fn outcome(client: &Client, id: &str) -> String {
    let called = ask(client, &format!("call sys.wait_for_job('{id}')")).await;
    let row = format!("select status, job_type, object_name, details from sys.jobs where job_id = '{id}'");
    format!("{called} {}", ask(client, &row).await)
}

const TABLE: &[(&str, &str)] = &[
    ("create table t (id int primary key, a int, b int)", "#0"),
    ("insert into t values (1, 1, 1), (2, 1, 2)", "#2"),
];

#[tokio::test]
async fn a_job_is_waited_for_and_seen() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, TABLE).await;
    let id = submit(&client, "create index async on t (a)").await;
    assert_eq!(outcome(&client, &id).await, "t; #0 completed,INDEX_BUILD,public.t_a_idx,null; #1");
    let id = submit(&client, "create unique index async u on t (b)").await;
    assert_eq!(outcome(&client, &id).await, "t; #0 completed,INDEX_BUILD,public.u,null; #1");
    story(
        &client,
        &[
            ("select indisvalid, indisunique from pg_index where indexrelid = 'u'::regclass", "t,t; #1"),
            ("alter table t add constraint of_b unique using index u", "#0"),
            ("insert into t values (3, 1, 2)", "23505 duplicate key value violates unique constraint \"of_b\""),
            ("create index async on nowhere (a)", "42P01 relation \"nowhere\" does not exist"),
            ("create index async on t (nothing)", "42703 column \"nothing\" does not exist"),
            ("call sys.wait_for_job('nobody')", "f; #0"),
            ("select class_id::regclass, object_id::regclass from sys.jobs where object_name = 'public.of_b'", "pg_class,of_b; #1"),
            ("select start_time <= update_time from sys.jobs where object_name = 'public.of_b'", "t; #1"),
        ],
    )
    .await;
    // The same by a prepared statement, of a job that is on its way.
    let id = submit(&client, "create index async on t (a, b)").await;
    let row = client.query_one("call sys.wait_for_job($1)", &[&id]).await.expect("a row");
    assert!(row.get::<_, bool>("succeeded"));
    cluster.stop().await;
}

#[tokio::test]
async fn an_index_is_invalid_while_it_is_built_and_enforced_all_the_same() {
    let cluster = slow().await;
    let client = cluster.admin().await;
    story(
        &client,
        &[("create table t (id int primary key, a int)", "#0"), ("insert into t values (1, 1)", "#1")],
    )
    .await;
    let id = submit(&client, "create unique index async u on t (a)").await;
    story(
        &client,
        &[
            (
                &format!("select status, object_name from sys.jobs where job_id = '{id}'"),
                "submitted,public.u; #1",
            ),
            ("select indisvalid, indisunique from pg_index where indexrelid = 'u'::regclass", "f,t; #1"),
            ("insert into t values (2, 1)", "23505 duplicate key value violates unique constraint \"u\""),
            ("insert into t values (2, 2)", "#1"),
            ("alter table t add constraint c unique using index u", "55000 index \"u\" is not valid"),
            (
                "insert into t values (2, 2) on conflict (a) do nothing",
                "42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification",
            ),
            // Dropping it is the way to cancel the job.
            ("drop index u", "#0"),
            ("insert into t values (3, 2)", "#1"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_unique_index_over_duplicates_fails_stays_and_holds_for_new_rows() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, TABLE).await;
    let id = submit(&client, "create unique index async u on t (a)").await;
    assert_eq!(
        outcome(&client, &id).await,
        "f; #0 failed,INDEX_BUILD,public.u,Found duplicate key while validating index for UCVs; #1"
    );
    story(
        &client,
        &[
            ("select indisvalid from pg_index where indexrelid = 'u'::regclass", "f; #1"),
            ("insert into t values (3, 1, 3)", "23505 duplicate key value violates unique constraint \"u\""),
            ("drop index u", "#0"),
            ("insert into t values (3, 1, 3)", "#1"),
            ("insert into t values (4, null, 4), (5, null, 5)", "#2"),
            ("delete from t where id in (2, 3)", "#2"),
        ],
    )
    .await;
    // NULLs are distinct unless said otherwise, and a partial index looks at its own rows only.
    for (sql, expect) in [
        ("create unique index async nulls on t (a)", "t; #0 completed,INDEX_BUILD,public.nulls,null; #1"),
        (
            "create unique index async part on t (lower(a::text)) where id > 3",
            "t; #0 completed,INDEX_BUILD,public.part,null; #1",
        ),
        (
            "create unique index async strict on t (a) nulls not distinct",
            "f; #0 failed,INDEX_BUILD,public.strict,Found duplicate key while validating index for UCVs; #1",
        ),
    ] {
        let id = submit(&client, sql).await;
        assert_eq!(outcome(&client, &id).await, expect, "{sql}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn constraints_are_validated_by_a_job() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, TABLE).await;
    story(
        &client,
        &[
            ("alter table t add constraint positive check (b > 0) not valid", "#0"),
            ("alter table t add constraint large check (b > 1) not valid", "#0"),
            ("alter table t add constraint parent foreign key (a) references t (id) not valid", "#0"),
            (
                "insert into t values (3, 1, 1)",
                "23514 new row for relation \"t\" violates check constraint \"large\"",
            ),
            (
                "alter table async t validate constraint nothing",
                "42704 constraint \"nothing\" of relation \"t\" does not exist",
            ),
            (
                "alter table async t validate constraint t_pkey",
                "42809 constraint \"t_pkey\" of relation \"t\" is not a foreign key or check constraint",
            ),
            ("alter table async nowhere validate constraint c", "42P01 relation \"nowhere\" does not exist"),
        ],
    )
    .await;
    for (constraint, expect) in [
        ("positive", "t; #0 completed,VALIDATE_CONSTRAINT,public.t,null; #1"),
        (
            "large",
            "f; #0 failed,VALIDATE_CONSTRAINT,public.t,check constraint \"large\" is violated by some row; #1",
        ),
        ("parent", "t; #0 completed,VALIDATE_CONSTRAINT,public.t,null; #1"),
        ("positive", "t; #0 completed,VALIDATE_CONSTRAINT,public.t,null; #1"),
    ] {
        let id = submit(&client, &format!("alter table async t validate constraint {constraint}")).await;
        assert_eq!(outcome(&client, &id).await, expect, "{constraint}");
    }
    let valid = "select conname, convalidated from pg_constraint where contype <> 'p' and conrelid = 't'::regclass order by 1";
    assert_eq!(ask(&client, valid).await, "large,f; parent,t; positive,t; #3");
    cluster.stop().await;
}

#[tokio::test]
async fn waiting_is_not_for_transactions() {
    let cluster = slow().await;
    let client = cluster.admin().await;
    let block = "25001 sys.wait_for_job cannot run inside a transaction block";
    story(
        &client,
        &[
            ("begin", "#0"),
            ("call sys.wait_for_job('x')", block),
            ("rollback", "#0"),
            ("select 1; call sys.wait_for_job('x')", block),
            ("begin", "#0"),
            ("analyze pg_class", "25001 ANALYZE cannot run inside a transaction block"),
            ("rollback", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn drops_and_analyses_are_jobs_too() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, TABLE).await;
    story(
        &client,
        &[
            ("analyze t", "#0"),
            ("select status, job_type, object_name from sys.jobs", "completed,ANALYZE,public.t; #1"),
            ("drop table t", "#0"),
        ],
    )
    .await;
    let dropped =
        client.query_one("select job_id from sys.jobs where job_type = 'DROP'", &[]).await.expect("a job");
    assert_eq!(outcome(&client, dropped.get(0)).await, "t; #0 completed,DROP,null,null; #1");
    cluster.stop().await;
}

#[tokio::test]
async fn finished_jobs_go_when_the_next_one_comes() {
    let local = LocalDsql::builder().job_retention(Duration::ZERO).start().await.expect("a cluster");
    let cluster = Cluster { local };
    let client = cluster.admin().await;
    story(&client, TABLE).await;
    let first = submit(&client, "create index async on t (a)").await;
    assert!(outcome(&client, &first).await.starts_with("t; #0 completed"));
    let second = submit(&client, "create index async on t (b)").await;
    let left = format!("select job_id = '{second}' from sys.jobs");
    assert_eq!(ask(&client, &left).await, "t; #1");
    cluster.stop().await;
}

#[tokio::test]
async fn a_job_goes_with_the_transaction_that_submitted_it() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(&client, TABLE).await;
    assert_eq!(ask(&client, "begin").await, "#0");
    submit(&client, "create unique index async u on t (a)").await;
    story(
        &client,
        &[
            ("rollback", "#0"),
            ("select count(*) from sys.jobs", "0; #1"),
            ("drop index u", "42704 index \"u\" does not exist"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_job_that_ends_well_ends_what_was_open_and_nothing_that_begins_later() {
    let cluster = Cluster {
        local: LocalDsql::builder().job_delay(Duration::from_millis(400)).start().await.expect("a cluster"),
    };
    let (client, other) = (cluster.admin().await, cluster.admin().await);
    story(&client, TABLE).await;
    story(&client, &[("alter table t add constraint c check (a > 0) not valid", "#0")]).await;
    let outdated = "40001 schema has been updated by another transaction (OC001)";
    let anew: &[(&str, &str)] = &[
        ("alter table t drop constraint c", "#0"),
        ("alter table t add constraint c check (a > 0) not valid", "#0"),
    ];
    for (sql, again, ends, expect) in [
        ("create index async on t (a)", &[][..], "t; #0", outdated),
        // Two rows of one value: it fails, and leaves the catalog as it was.
        ("create unique index async on t (a)", &[], "f; #0", "#1"),
        ("alter table async t validate constraint c", anew, "t; #0", outdated),
        ("alter table async t validate constraint c", &[], "t; #0", "#1"),
    ] {
        // Until a transaction has begun before the job ended: its own snapshot says so.
        loop {
            let id = submit(&client, sql).await;
            let open =
                format!("select status in ('submitted', 'processing') from sys.jobs where job_id = '{id}'");
            assert_eq!(ask(&other, "begin").await, "#0");
            let before = ask(&other, &open).await == "t; #1";
            assert_eq!(ask(&client, &format!("call sys.wait_for_job('{id}')")).await, ends, "{sql}");
            if before {
                assert_eq!(ask(&other, "update t set b = b where id = 1").await, expect, "{sql}");
                story(&other, &[("commit", "#0")]).await;
                break;
            }
            story(&other, &[("rollback", "#0")]).await;
            story(&client, again).await;
        }
        story(&other, &[("begin", "#0"), ("update t set b = b where id = 1", "#1"), ("commit", "#0")]).await;
    }
    cluster.stop().await;
}
