//! Transactions that only read and come in one piece.

use crate::cluster::Cluster;
use crate::raw::Raw;

const SYNC: (u8, &[u8]) = (b'S', b"");
const EXECUTE: (u8, &[u8]) = (b'E', b"\0\0\0\0\0");

impl Raw {
    /// Prepares statements, named by their numbers.
    async fn prepare(&mut self, texts: &[&str]) {
        for (name, text) in texts.iter().enumerate() {
            self.send_together(&[(b'P', format!("{name}\0{text}\0\0\0").as_bytes()), SYNC]).await;
            assert_eq!(self.hear_up_to(b'Z').await, "1 Z(I)", "{text}");
        }
    }

    /// Sends prepared statements between `BEGIN READ ONLY` and `COMMIT`, in one piece or one by one; the answer to each.
    async fn read(&mut self, statements: &[&str], together: bool) -> Vec<String> {
        let binds: Vec<String> = statements.iter().map(|name| format!("\0{name}\0\0\0\0\0\0\0")).collect();
        let mut groups: Vec<Vec<(u8, &[u8])>> = vec![vec![(b'Q', b"BEGIN READ ONLY\0")]];
        groups.extend(binds.iter().map(|bind| vec![(b'B', bind.as_bytes()), EXECUTE, SYNC]));
        groups.push(vec![(b'Q', b"COMMIT\0")]);
        if together {
            self.send_together(&groups.concat()).await;
        }
        let mut heard = Vec::new();
        for group in groups {
            if !together {
                self.send_together(&group).await;
            }
            heard.push(self.hear_up_to(b'Z').await);
        }
        heard
    }
}

#[tokio::test]
async fn statements_in_a_flight_are_answered_as_one_after_the_other() {
    let cluster = Cluster::start().await;
    cluster.admin().await.batch_execute("create table t (id int primary key)").await.expect("a table");
    let mut raw = Raw::admin(&cluster).await;
    raw.prepare(&[
        "select 7",
        "select count(*) from t",
        "select 1 / 0",
        "insert into t values (1)",
        "select repeat('x', 100) from generate_series(1, 3000)",
        "show transaction_read_only",
        "select id from t for update",
        "",
    ])
    .await;
    let cases: [&[&str]; 12] = [
        &["0"],
        &["0", "1", "0"],
        &["2", "0"],
        &["0", "2", "0", "2"],
        &["0", "3", "0"],
        &["4", "4", "0"],
        &["4", "2", "0"],
        &["5", "0"],
        &["0", "6"],
        &["0", "7"],
        &["0", "no such statement", "0"],
        &[],
    ];
    for statements in cases {
        let one_by_one = raw.read(statements, false).await;
        assert_eq!(raw.read(statements, true).await, one_by_one, "{statements:?}");
        assert_eq!(raw.query("select 1").await, "T D(1) C(SELECT 1) Z(I)");
    }
    let heard = raw.read(&["0", "2", "5"], true).await;
    assert_eq!(heard[..3], ["C(BEGIN) Z(T)", "2 D(7) C(SELECT 1) Z(T)", "E(22012 division by zero) Z(E)"]);
    assert!(heard[3].starts_with("E(25P02") && heard[4] == "C(ROLLBACK) Z(I)", "{heard:?}");
    cluster.stop().await;
}

#[tokio::test]
async fn a_flight_reads_one_snapshot_while_others_commit() {
    let cluster = Cluster::start().await;
    let writer = cluster.admin().await;
    for table in ["a", "b"] {
        let create = format!("create table {table} (id int primary key, n int)");
        writer.batch_execute(&create).await.expect("a table");
        writer.batch_execute(&format!("insert into {table} values (1, 0)")).await.expect("a row");
    }
    let mut raw = Raw::admin(&cluster).await;
    raw.prepare(&["select n::text from a", "select n::text from b"]).await;
    let reads = async {
        let mut seen = Vec::new();
        for _ in 0..200 {
            let heard = raw.read(&["0", "1"], true).await;
            assert_eq!(heard[1], heard[2]);
            seen.push(heard[1].clone());
        }
        seen
    };
    let writes = async {
        for _ in 0..100 {
            let both = "begin; update a set n = n + 1; update b set n = n + 1; commit";
            writer.batch_execute(both).await.expect("nobody else writes");
        }
    };
    let (mut seen, ()) = tokio::join!(reads, writes);
    seen.dedup();
    assert!(seen.len() > 2, "they did not meet: {seen:?}");
    assert_eq!(raw.read(&["0", "1"], true).await[2], "2 D(100) C(SELECT 1) Z(T)");
    cluster.stop().await;
}

#[tokio::test]
async fn a_flight_gives_way_to_who_changes_a_table_that_it_reads() {
    let cluster = Cluster::start().await;
    let other = cluster.admin().await;
    other.batch_execute("create table t (id int primary key)").await.expect("a table");
    other.batch_execute("insert into t select generate_series(1, 1000)").await.expect("rows");
    let mut raw = Raw::admin(&cluster).await;
    // a million rows: the change comes while they are counted, and is not to wait for it
    raw.prepare(&["select count(*) from t", "select count(*) from t a, t b where a.id + b.id > 0"]).await;
    for column in ["x", "y", "z"] {
        let change = format!("alter table t add column {column} int");
        let (heard, changed) = tokio::join!(raw.read(&["0", "1", "0"], true), other.batch_execute(&change));
        changed.expect("changed");
        assert_eq!(
            heard[1..],
            [
                "2 D(1000) C(SELECT 1) Z(T)",
                "2 D(1000000) C(SELECT 1) Z(T)",
                "2 D(1000) C(SELECT 1) Z(T)",
                "C(COMMIT) Z(I)"
            ]
        );
    }
    cluster.stop().await;
}
