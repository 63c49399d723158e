//! The classical anomalies by name: what two transactions may do at once, and which of them hears of it at `COMMIT`.

use tokio_postgres::Client;

use crate::cluster::{Cluster, ask};

const CONFLICT: &str = "40001 change conflicts with another transaction (OC000)";
const SCHEMA: &str = "40001 schema has been updated by another transaction (OC001)";

/// Runs lines of `session: statement => answer`, sessions named by one letter; what has no answer answers as `#0`.
async fn play(tables: &str, lines: &[&str]) {
    let cluster = Cluster::start().await;
    let admin = cluster.admin().await;
    for statement in tables.split(';') {
        let answer = ask(&admin, statement).await;
        assert!(answer.starts_with('#'), "{statement}: {answer}");
    }
    let mut sessions: Vec<(char, Client)> = Vec::new();
    for line in lines {
        let (who, rest) = line.split_once(": ").expect("a session");
        let (sql, expect) = rest.split_once(" => ").unwrap_or((rest, "#0"));
        let who = who.chars().next().expect("a letter");
        if !sessions.iter().any(|(name, _)| *name == who) {
            sessions.push((who, cluster.admin().await));
        }
        let client =
            sessions.iter().find(|(name, _)| *name == who).map(|(_, client)| client).expect("in there");
        let expect = expect.replace("OC000", CONFLICT).replace("OC001", SCHEMA);
        assert_eq!(ask(client, sql).await, expect, "{line}");
    }
    cluster.stop().await;
}

const ACCOUNTS: &str = "create table t (id int primary key, a int); insert into t values (1, 0), (2, 0)";
const FAMILY: &str = "create table p (id int primary key, a int); \
     create table c (id int primary key, p int references p); insert into p values (1, 0), (2, 0)";

#[tokio::test]
async fn dirty_write_the_first_committer_wins_and_nobody_waits() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "y: begin",
            "x: update t set a = 1 where id = 1 => #1",
            "y: update t set a = 2 where id = 1 => #1",
            "y: update t set a = 2 where id = 2 => #1",
            "x: update t set a = 1 where id = 2 => #1",
            "y: commit",
            "x: select id, a from t order by id => 1,1; 2,1; #2",
            "x: commit => OC000",
            "x: select id, a from t order by id => 1,2; 2,2; #2",
        ],
    )
    .await;
}

#[tokio::test]
async fn lost_update_the_second_of_two_that_read_and_wrote_fails() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "y: begin",
            "x: select a from t where id = 1 => 0; #1",
            "y: select a from t where id = 1 => 0; #1",
            "x: update t set a = 1 where id = 1 => #1",
            "x: commit",
            // The snapshot is the one of BEGIN, and what RETURNING says is seen on it.
            "y: update t set a = a + 10 where id = 1 returning a => 10; #1",
            "y: select a from t where id = 1 => 10; #1",
            "y: commit => OC000",
            "y: select a from t where id = 1 => 1; #1",
        ],
    )
    .await;
}

#[tokio::test]
async fn read_skew_a_transaction_sees_one_moment() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "x: select a from t where id = 1 => 0; #1",
            "y: begin; update t set a = 5; commit => #0; #2; #0",
            "x: select a from t where id = 2 => 0; #1",
            "x: select sum(a) from t => 0; #1",
            "x: commit",
            "x: select sum(a) from t => 10; #1",
        ],
    )
    .await;
}

#[tokio::test]
async fn write_skew_is_allowed_and_prevented_by_for_update() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "y: begin",
            "x: select a from t where id = 2 => 0; #1",
            "y: select a from t where id = 1 => 0; #1",
            "x: update t set a = 1 where id = 1 => #1",
            "y: update t set a = 1 where id = 2 => #1",
            "x: commit",
            "y: commit",
            "x: begin",
            "y: begin",
            "x: select a from t where id = 2 for update => 1; #1",
            "y: select a from t where id = 1 for update nowait => 1; #1",
            "x: update t set a = 0 where id = 1 => #1",
            "y: update t set a = 0 where id = 2 => #1",
            "x: commit",
            "y: commit => OC000",
        ],
    )
    .await;
}

#[tokio::test]
async fn phantom_a_predicate_sees_its_snapshot_and_protects_nothing() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "y: insert into t values (3, 0) => #1",
            "x: select count(*) from t => 2; #1",
            "x: update t set a = 7 where a = 0 => #2",
            "x: commit",
            "x: select id, a from t order by id => 1,7; 2,7; 3,0; #3",
        ],
    )
    .await;
}

#[tokio::test]
async fn foreign_key_race_a_child_and_the_end_of_its_parent_conflict() {
    play(
        FAMILY,
        &[
            "x: begin",
            "y: begin",
            "x: insert into c values (1, 1) => #1",
            "y: delete from p where id = 1 => #1",
            "y: commit",
            "x: commit => OC000",
            "x: begin",
            "y: begin",
            "x: insert into c values (2, 2) => #1",
            "y: update p set a = 5 where id = 2 => #1",
            "x: commit",
            "y: commit",
            "x: begin",
            "y: insert into p values (3, 0) => #1",
            "x: insert into c values (3, 3) => 23503 insert or update on table \"c\" violates foreign key constraint \"c_p_fkey\"",
            "x: rollback",
        ],
    )
    .await;
}

#[tokio::test]
async fn unique_race_both_insert_and_the_later_committer_fails() {
    play(
        "create table u (id int primary key, k text unique)",
        &[
            "x: begin",
            "y: begin",
            "x: insert into u values (1, 'k') => #1",
            "y: insert into u values (2, 'k') => #1",
            "y: select id from u => 2; #1",
            "x: commit",
            "y: select id from u => 2; #1",
            "y: commit => OC000",
            "x: insert into u values (3, 'k') => 23505 duplicate key value violates unique constraint \"u_k_key\"",
        ],
    )
    .await;
}

#[tokio::test]
async fn delete_and_insert_of_one_key_are_seen_on_the_snapshot() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "y: delete from t where id = 1 => #1",
            "y: insert into t values (1, 9) => #1",
            "x: delete from t where id = 1 returning a => 0; #1",
            "x: insert into t values (1, 5) => #1",
            "x: select a from t where id = 1 => 5; #1",
            "x: commit => OC000",
            "x: begin",
            "x: delete from t => #2",
            "x: insert into t values (2, 9), (1, 0) => #2",
            "y: insert into t values (3, 3) => #1",
            "x: select id, a from t order by id => 1,0; 2,9; #2",
            "x: commit",
            "x: select id, a from t order by id => 1,0; 2,9; 3,3; #3",
        ],
    )
    .await;
}

#[tokio::test]
async fn nobody_waits_for_a_locked_row_or_skips_it() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "x: select id from t where id = 1 for update => 1; #1",
            "y: begin",
            "y: select id from t order by id for update nowait => 1; 2; #2",
            "z: select id from t order by id for update skip locked => 1; 2; #2",
            // Locks are adjudicated like writes: z was first.
            "y: commit => OC000",
            "x: rollback",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_a_function_writes_is_adjudicated() {
    play(
        ACCOUNTS,
        &[
            "z: create function raise_all(by int) returns bigint language sql as 'update t set a = a + by returning a::bigint'",
            "x: begin",
            "x: select raise_all(1) => 1; #1",
            "y: select raise_all(10) => 10; #1",
            "x: select sum(a) from t => 2; #1",
            "x: commit => OC000",
            "x: select sum(a) from t => 20; #1",
        ],
    )
    .await;
}

#[tokio::test]
async fn the_time_of_a_transaction_stays_what_it_was() {
    play(
        "create table m (id int primary key, at timestamptz default now()); insert into m values (0)",
        &[
            "x: begin",
            "x: insert into m values (1) => #1",
            "y: insert into m values (1) => #1",
            "x: insert into m values (2, transaction_timestamp()) => #1",
            "x: select count(distinct at), bool_and(at = now()) from m where id > 0 => 1,t; #1",
            "x: commit => OC000",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_role_that_may_only_update_keeps_its_writes() {
    play(
        "create table t (id int primary key, a int); insert into t values (1, 0), (2, 0); create role clerk; \
         grant clerk to admin; grant select, update on t to clerk",
        &[
            "x: begin",
            "x: set local role clerk",
            "x: update t set a = 1 where id = 1 => #1",
            "y: update t set a = 5 where id = 2 => #1",
            "y: begin; update t set a = 5 where id = 1; rollback => #0; #1; #0",
            "x: select current_user, sum(a) from t => clerk,1; #1",
            "x: delete from t => 42501 permission denied for table t",
            "x: rollback",
            "x: begin",
            "x: set local role clerk",
            "x: update t set a = 1 where id = 1 => #1",
            "y: begin; update t set a = 5 where id = 1; rollback => #0; #1; #0",
            "x: commit",
            "x: select current_user, sum(a) from t => admin,6; #1",
        ],
    )
    .await;
}

#[tokio::test]
async fn rows_written_again_are_the_same_in_every_encoding() {
    play(
        "create table w (id int primary key, k text); insert into w values (1, '')",
        &[
            "x: begin",
            // The two bytes of é are two letters in Latin-1.
            "x: set local client_encoding = latin1",
            "x: update w set k = 'é \\ \"' returning length(k) => 6; #1",
            "y: begin",
            "y: update w set k = 'y' => #1",
            "y: rollback",
            "x: select k from w for update => é \\ \"; #1",
            "x: commit",
            "y: select k, length(k) from w => Ã© \\ \",6; #1",
        ],
    )
    .await;
}

#[tokio::test]
async fn numbers_are_keys_by_value() {
    play(
        "create table n (id numeric primary key, a int)",
        &[
            "x: begin",
            "y: begin",
            "x: insert into n values (1.0, 0) => #1",
            "y: insert into n values (1.00, 1) => #1",
            "x: commit",
            "y: commit => OC000",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_locked_row_counts_and_its_neighbour_does_not() {
    play(
        FAMILY,
        &[
            // Its foreign key holds parent 1, the clause holds parent 2.
            "x: begin",
            "x: insert into c values (1, 1) => #1",
            "x: with held as (select id from p where id = 2 for update skip locked) select id from held => 2; #1",
            "y: update p set a = 5 where id = 1 => #1",
            "x: commit",
            "x: begin",
            "x: select id from p where id = 1 for key share => 1; #1",
            "x: insert into c values (2, 2) => #1",
            "y: update p set a = 6 where id = 1 => #1",
            "x: commit",
            "x: begin",
            "x: select id from p where id = 1 for update => 1; #1",
            "y: update p set a = 7 where id = 1 => #1",
            "x: commit => OC000",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_change_of_the_catalog_ends_what_was_open_and_nothing_that_begins_later() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "x: select a from t where id = 1 => 0; #1",
            "y: begin",
            "y: update t set a = 1 where id = 1 => #1",
            "z: alter table t add column b int",
            "x: select a from t where id = 1 => OC001",
            "x: rollback",
            "y: commit => OC001",
            "x: begin",
            "x: update t set b = 1 where id = 1 => #1",
            "x: commit",
            "y: select id, a, b from t order by id => 1,0,1; 2,0,null; #2",
        ],
    )
    .await;
}

#[tokio::test]
async fn who_only_reads_never_conflicts() {
    play(
        ACCOUNTS,
        &[
            "x: begin",
            "x: select sum(a) from t => 0; #1",
            "y: update t set a = 1 => #2",
            "y: delete from t where id = 2 => #1",
            "x: select sum(a), count(*) from t => 0,2; #1",
            "x: commit",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_locking_read_answers_the_columns_it_names_to_prepared_statements_and_portals_too() {
    let cluster = Cluster::start().await;
    let (mut client, other) = (cluster.admin().await, cluster.admin().await);
    ask(&other, "create table t (id int primary key, a text)").await;
    ask(&other, "insert into t select g, 'a' from generate_series(1, 5) g").await;
    let sql = "select a, id from t where id <= $1 order by id for update";
    let statement = client.prepare(sql).await.expect("a statement");
    assert_eq!(statement.columns().iter().map(tokio_postgres::Column::name).collect::<Vec<_>>(), ["a", "id"]);
    let transaction = client.transaction().await.expect("a transaction");
    let portal = transaction.bind(&statement, &[&3_i32]).await.expect("a portal");
    let ids = |rows: Vec<tokio_postgres::Row>| {
        assert!(rows.iter().all(|row| row.len() == 2));
        rows.iter().map(|row| row.get::<_, i32>("id")).collect::<Vec<_>>()
    };
    assert_eq!(ids(transaction.query_portal(&portal, 2).await.expect("rows")), [1, 2]);
    assert_eq!(ask(&other, "update t set a = 'b' where id = 4").await, "#1");
    assert_eq!(ids(transaction.query_portal(&portal, 0).await.expect("rows")), [3]);
    assert_eq!(ids(transaction.query(&statement, &[&1_i32]).await.expect("rows")), [1]);
    transaction.commit().await.expect("nobody met it");
    let transaction = client.transaction().await.expect("a transaction");
    let portal = transaction.bind(&statement, &[&3_i32]).await.expect("a portal");
    assert_eq!(ids(transaction.query_portal(&portal, 1).await.expect("rows")), [1]);
    // All rows of the portal are locked, those that nobody has fetched among them.
    assert_eq!(ask(&other, "update t set a = 'b' where id = 3").await, "#1");
    let lost = transaction.commit().await.expect_err("a conflict");
    assert_eq!(crate::cluster::text(&lost), CONFLICT);
    cluster.stop().await;
}
