//! Foreign keys, sequences, text and numbers: what they do once they are there.

use crate::cluster::{Cluster, story};

#[tokio::test]
async fn foreign_keys_act_and_may_be_deferred() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let missing = "23503 insert or update on table \"f\" violates foreign key constraint \"f_d_fkey\"";
    let still = |name: &str| {
        format!(
            "23503 update or delete on table \"p\" violates foreign key constraint \"{name}\" on table \"f\""
        )
    };
    let (restricted, deferred) = (still("f_r_fkey"), still("f_d_fkey"));
    story(&client, &[
        ("create table p (id int primary key, k int unique)", "#0"),
        ("create table f (id int primary key, c int references p on delete cascade on update cascade,
           n int references p (k) on delete set null, s int default 9 references p on delete set default,
           r int references p on delete restrict, d int references p deferrable initially deferred)", "#0"),
        ("insert into p select g, g * 10 from generate_series(1, 9) g", "#9"),
        ("insert into f values (1, 1, 20, 3, 4, 5)", "#1"),
        ("delete from p where id in (2, 3)", "#2"),
        ("update p set id = 100 where id = 1", "#1"),
        ("select c, n, s from f", "100,null,9; #1"),
        ("delete from p where id = 4", &restricted),
        ("begin", "#0"),
        ("insert into f (id, d) values (2, 77)", "#1"),
        ("insert into p values (77, 770)", "#1"),
        ("commit", "#0"),
        ("insert into f (id, d) values (3, 78)", missing),
        ("begin", "#0"),
        ("insert into f (id, d) values (3, 78)", "#1"),
        ("set constraints all immediate", missing),
        ("rollback", "#0"),
        ("begin", "#0"),
        ("set constraints f_d_fkey immediate", "#0"),
        ("delete from p where id = 5", &deferred),
        ("rollback", "#0"),
        ("delete from f where id = 1", "#1"),
        ("drop table p", "2BP01 cannot drop table p because other objects depend on it | Use DROP ... CASCADE to drop the dependent objects too."),
        ("create table g (a int references p match partial)", "0A000 MATCH PARTIAL not yet implemented"),
        ("create table g (a int references f (c))", "42830 there is no unique constraint matching given keys for referenced table \"f\""),
    ])
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn sequences_and_identity_number_rows() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let always = "428C9 cannot insert a non-DEFAULT value into column \"id\" | Use OVERRIDING SYSTEM VALUE to override.";
    story(
        &client,
        &[
            ("create table t (id bigint generated always as identity (cache 1) primary key, a int)", "#0"),
            ("insert into t (a) values (1) returning id", "1; #1"),
            ("insert into t values (5, 1)", always),
            ("insert into t overriding system value values (5, 1)", "#1"),
            ("alter table t alter id restart with 6", "#0"),
            ("begin", "#0"),
            ("insert into t (a) values (1) returning id", "6; #1"),
            ("rollback", "#0"),
            // never rolled back
            ("insert into t (a) values (1) returning id", "7; #1"),
            ("create sequence s as bigint increment 5 cache 1", "#0"),
            ("select nextval('s'), currval('s'), setval('s', 20), setval('s', 30, false)", "1,1,20,30; #1"),
            ("select last_value, is_called from s", "30,f; #1"),
            ("drop sequence s", "#0"),
        ],
    )
    .await;
    cluster.stop().await;
}

#[tokio::test]
async fn text_is_utf8_and_sorted_by_its_bytes() {
    let cluster = Cluster::start().await;
    let client = cluster.admin().await;
    let long = "x".repeat(70);
    let create = format!("create table {long} (a int)");
    let named = format!("{}; #1", "x".repeat(63));
    story(
        &client,
        &[
            (
                "select string_agg(v, '' order by v) from (values ('b'), ('B'), ('a'), ('ä'), ('Z')) x (v)",
                "BZabä; #1",
            ),
            ("select upper('aä'), lower('AÄ')", "Aä,aÄ; #1"),
            ("show server_encoding", "UTF8; #0"),
            ("show timezone", "UTC; #0"),
            ("create table n (a numeric, b numeric(40, 3))", "#0"),
            ("insert into n values (1.23456789, 1.23456789) returning a, b", "1.234568,1.235; #1"),
            ("insert into n (a) values (1000000000000)", "22003 numeric field overflow"),
            ("create table w (a numeric(1001))", "22023 NUMERIC precision 1001 must be between 1 and 1000"),
            (&create, "#0"),
            ("select relname from pg_class where relname like 'xxx%'", &named),
        ],
    )
    .await;
    cluster.stop().await;
}
