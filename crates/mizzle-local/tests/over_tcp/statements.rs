//! Statements: transactions and refusals.

use crate::cluster::{Cluster, ask, story};

const ABORTED: &str = "25P02 current transaction is aborted, commands ignored until end of transaction block";
const MIXED: &str = "0A000 ddl and dml are not supported in the same transaction";
const MULTIPLE: &str = "0A000 multiple ddl statements not supported in a transaction";

#[tokio::test]
async fn rows_are_written_and_read() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("create table t (id bigint primary key, n numeric, b text)", "#0"),
            ("insert into t values (1, 1.23456789, 'é') returning n", "1.234568; #1"),
            ("begin; insert into t values (2, 2, 'x'); commit; select count(*) from t", "#0; #1; #0; 2; #1"),
            ("insert into t values (3, 3, 'y'); select 1/0", "22012 division by zero"),
            ("select count(*) from t", "2; #1"),
            ("insert into t values (4, 4, 'z'); selec 1", "42601 syntax error at or near \"selec\""),
            ("select count(*) from t", "2; #1"),
            ("begin read only", "#0"),
            ("delete from t", "25006 cannot execute DELETE in a read-only transaction"),
            ("rollback", "#0"),
            ("show server_version", "16.13; #0"),
            ("select current_setting('server_version_num')", "160013; #1"),
            ("show transaction isolation level", "repeatable read; #0"),
            ("show timezone", "UTC; #0"),
            ("select * from sys.dsql_major_version()", "1; #1"),
            ("select datcollate || pg_encoding_to_char(encoding) from pg_database", "CUTF8; #1"),
            ("", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn ddl_stands_alone_in_its_transaction() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    story(
        &client,
        &[
            ("begin", "#0"),
            ("create table a (id int primary key)", "#0"),
            ("create table b (id int primary key)", MULTIPLE),
            ("select 1", ABORTED),
            ("commit", "#0"),
            ("select * from a", "42P01 relation \"a\" does not exist"),
            ("create table a (id int primary key); create table b (id int primary key)", MULTIPLE),
            ("select * from a", "42P01 relation \"a\" does not exist"),
            ("create table a (id int primary key)", "#0"),
            ("begin", "#0"),
            ("insert into a values (1)", "#1"),
            ("create table b (id int primary key)", MIXED),
            ("rollback", "#0"),
            ("begin; create table b (id int); insert into a values (1)", MIXED),
            ("rollback", "#0"),
            ("select count(*) from a", "0; #1"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_refusal_aborts_the_transaction() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let savepoint = "0A000 unsupported statement: Savepoint | Aurora DSQL has no savepoints; retry the whole transaction.";
    story(
        &client,
        &[
            ("create table t (id int primary key)", "#0"),
            ("begin", "#0"),
            ("insert into t values (1)", "#1"),
            ("savepoint s", savepoint),
            ("insert into t values (2)", ABORTED),
            ("commit", "#0"),
            ("select count(*) from t", "0; #1"),
            ("set lock_timeout = 0", "0A000 setting configuration parameter \"lock_timeout\" not supported"),
            ("copy t from stdin", "0A000 unsupported statement: Copy"),
            ("select pg_advisory_lock(1)", "0A000 function pg_advisory_lock not supported"),
            ("alter table t disable trigger all", "#0"),
            ("select * from t for update", "#0"),
            ("select * from t for key share", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn what_a_table_has_already_is_judged_too() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let bigint = "0A000 datatype integer not supported, identity column type must be bigint";
    story(
        &client,
        &[
            ("create table t (id bigint primary key, a int not null, b bigint not null)", "#0"),
            ("alter table t alter a add generated always as identity (cache 1)", bigint),
            ("alter table t alter b add generated always as identity (cache 1)", "#0"),
            (
                "alter table t alter constraint nope deferrable",
                "42704 constraint \"nope\" of relation \"t\" does not exist",
            ),
            ("alter table t alter id drop not null", "42P16 column \"id\" is in a primary key"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn no_way_around_the_parameters() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let read_only = |what: &str| format!("25006 cannot execute {what} in a read-only transaction");
    story(
        &client,
        &[
            ("select setting from pg_settings where name = 'server_version'", "16.13; #1"),
            ("select count(*) from pg_settings where name = 'jit'", "1; #1"),
            (
                "update pg_settings set setting = 'on' where name = 'jit'",
                "42501 permission denied for view pg_settings",
            ),
            (
                "select set_config(name, 'on', false) from (values ('jit')) v (name)",
                "0A000 setting configuration parameter \"name\" not supported",
            ),
            ("set session characteristics as transaction read only", "#0"),
            ("create table t (a int)", &read_only("CREATE TABLE")),
            ("set session characteristics as transaction read write", "#0"),
            ("create table t (a int)", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_deep_statement_ends_itself_and_nothing_else() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let calls = |levels: usize| format!("select {}1{}", "abs(".repeat(levels), ")".repeat(levels));
    assert_eq!(ask(&client, &calls(500)).await, "1; #1");
    assert_eq!(ask(&client, &calls(100_000)).await, "54001 stack depth limit exceeded");
    assert_eq!(ask(&client, &format!("select 1{}", " + 1".repeat(1_000))).await, "1001; #1");
    assert_eq!(ask(&client, "select 1").await, "1; #1");
    cluster.stop().await;
}
