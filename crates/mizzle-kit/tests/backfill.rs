//! Backfills: every row once, whoever writes beside, however often the run ends or is killed.
//!
//! `MIZZLE_BACKFILL_ROWS` says how many rows the large one has; `cargo xtask crashes --rows 1000000` sets it.

mod database;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use database::Database;
use mizzle_connect::Config;
use mizzle_kit::{Error, Event, Folder, Options, Report, apply};

const TABLE: &str = "CREATE TABLE account (region integer, id integer, balance bigint NOT NULL, cents bigint, \
                     PRIMARY KEY (region, id))";

const FILL: &str = "-- mizzle: backfill\nUPDATE account SET cents = balance * 100 WHERE cents IS NULL";

/// Says that this process is the run that is killed.
const KILLED: &str = "MIZZLE_BACKFILL_KILLED";

/// Rows in transactions that DSQL accepts.
async fn fill(database: &Database, rows: usize) {
    database.execute(TABLE).await;
    for from in (1..=rows).step_by(3_000) {
        let to = rows.min(from + 2_999);
        let insert = "INSERT INTO account (region, id, balance) SELECT i % 3, i, i FROM generate_series";
        database.execute(&format!("{insert}({from}, {to}) AS i")).await;
    }
}

async fn run(database: &Database, text: &str, on_event: impl FnMut(Event<'_>)) -> Result<Report, Error> {
    let folder = Folder::embedded(&[("0000_fill", text)]).expect("a good migration");
    let mut options = Options::new("public");
    options.lease = Duration::from_secs(5);
    apply(&database.client, &folder, &options, on_event).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_right_and_no_writers_update_is_lost() {
    let rows: usize =
        std::env::var("MIZZLE_BACKFILL_ROWS").map_or(6_000, |rows| rows.parse().expect("a number"));
    let database = Database::start().await;
    fill(&database, rows).await;
    let (done, added) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..3_usize)
        .map(|writer| {
            let (config, done, added) = (database.config(), done.clone(), added.clone());
            tokio::spawn(async move {
                let client = config.connect().await.expect("it lets us in");
                for turn in 0.. {
                    if done.load(Ordering::SeqCst) {
                        return;
                    }
                    // As an application of the new version: it keeps both columns, and adds rows of its own.
                    let id = (turn * 7_919 + writer * 104_729) % rows + 1;
                    let update = "UPDATE account SET balance = balance + 1, cents = (balance + 1) * 100 \
                                  WHERE region = $1 AND id = $2";
                    let (region, id) = ((id % 3) as i32, id as i32);
                    let updated = client.execute(update, &[&region, &id]).await;
                    added.fetch_add(u64::from(updated.is_ok_and(|rows| rows == 1)), Ordering::SeqCst);
                    if turn % 50 == 0 {
                        let insert =
                            format!("INSERT INTO account VALUES (-1, {}, 0, NULL)", turn * 3 + writer);
                        client.batch_execute(&insert).await.expect("a new row");
                    }
                }
            })
        })
        .collect();

    let started = Instant::now();
    let killed = killed_at(&database, rows as u64 / 2).await;
    let mut seen = Vec::new();
    let report = run(&database, FILL, |event| {
        if let Event::Backfilled { rows, .. } = event {
            seen.push(rows);
        }
    })
    .await;
    let took = started.elapsed();
    done.store(true, Ordering::SeqCst);
    report.expect("it ends");
    for writer in writers {
        writer.await.expect("no panic");
    }
    let added = added.load(Ordering::SeqCst);
    println!(
        "{rows} rows in {:.1} s, killed behind {killed} and {} chunks more, {added} updates beside it",
        took.as_secs_f64(),
        seen.len()
    );
    assert!(added > 0 && seen.is_sorted() && seen.len() >= rows / 2 / 3_000, "{seen:?}");
    // The count that is on record is one chunk late.
    assert!(seen[0] + 3_000 >= killed, "{} behind {killed}", seen[0]);
    // Rows that came after the last pass may be left: the application fills them from now on.
    let behind = "account WHERE region >= 0 AND cents IS NULL";
    assert_eq!(database.count(behind).await, 0);
    assert_eq!(database.count("account WHERE cents <> balance * 100").await, 0);
    let sum = "SELECT sum(balance)::text FROM account WHERE region >= 0";
    let sum: String = database.client.query_one(sum, &[]).await.expect("a sum").get(0);
    assert_eq!(sum.parse::<u64>().expect("a number"), (rows * (rows + 1) / 2) as u64 + added);
}

/// A run in a process of its own that is killed behind so many rows; answers how many it has told of.
async fn killed_at(database: &Database, rows: u64) -> u64 {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "the_run_that_is_killed", "--nocapture"]).env(KILLED, "1");
    let mut process =
        command.envs(database.local.environment()).stdout(Stdio::piped()).spawn().expect("it starts");
    let told = BufReader::new(process.stdout.take().expect("a pipe"));
    tokio::task::spawn_blocking(move || {
        let told = told.lines().map_while(Result::ok);
        let mut told = told.filter_map(|line| line.strip_prefix('@')?.parse::<u64>().ok());
        let last = told.find(|told| *told >= rows).expect("it comes so far");
        process.kill().and_then(|()| process.wait()).expect("it runs");
        last
    })
    .await
    .expect("no panic")
}

/// In the parent this finds nothing to do.
#[tokio::test]
async fn the_run_that_is_killed() {
    if std::env::var_os(KILLED).is_none() {
        return;
    }
    let client = Config::from_env().expect("the parent says where").connect().await.expect("it lets us in");
    let folder = Folder::embedded(&[("0000_fill", FILL)]).expect("a good migration");
    let mut options = Options::new("public");
    options.lease = Duration::from_secs(5);
    let report = apply(&client, &folder, &options, |event| {
        if let Event::Backfilled { rows, .. } = event {
            println!("\n@{rows}");
        }
    });
    report.await.expect("it is killed before its end");
}

#[tokio::test]
async fn a_chunk_is_as_large_as_a_transaction_takes() {
    let database = Database::start().await;
    fill(&database, 2_998).await;
    let mut chunks = Vec::new();
    run(&database, "-- mizzle: backfill\nUPDATE account SET balance = 0", |event| {
        if let Event::Backfilled { rows, .. } = event {
            chunks.push(rows);
        }
    })
    .await
    .expect("it ends");
    assert_eq!(chunks, [2_998, 2_998]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_without_a_condition_goes_on_where_it_was_and_changes_each_row_once() {
    let database = Database::start().await;
    fill(&database, 3_500).await;
    let text = "-- mizzle: backfill chunk=500\nUPDATE account SET balance = -balance";
    // A run whose future is dropped after its third chunk.
    let client = database.client().await;
    let mut chunks = 0;
    let dropped = async {
        let (stop, mut stopped) = tokio::sync::mpsc::unbounded_channel();
        let folder = Folder::embedded(&[("0000_fill", text)]).expect("a good migration");
        let options = Options::new("public");
        let run = apply(&client, &folder, &options, |event| {
            chunks += usize::from(matches!(event, Event::Backfilled { .. }));
            if chunks == 3 {
                let _ = stop.send(());
            }
        });
        tokio::select! {
            biased;
            _ = stopped.recv() => {}
            _ = run => panic!("it was to be dropped"),
        }
    };
    dropped.await;
    drop(client);
    database.execute("UPDATE __mizzle_migrations SET expires_at = NULL WHERE ordinal = -1").await;

    let mut first = None;
    run(&database, text, |event| {
        if let Event::Backfilled { rows, .. } = event {
            first.get_or_insert(rows);
        }
    })
    .await
    .expect("it goes on");
    assert!(first.is_some_and(|rows| rows >= 1_500), "{first:?}");
    assert_eq!(database.count("account WHERE balance = -id").await, 3_500);
}

#[tokio::test]
async fn a_limit_is_lowered_where_others_write_the_same_rows() {
    let database = Database::start().await;
    fill(&database, 3_200).await;
    // Each of the first commits loses to another transaction.
    database.execute("CREATE TABLE gone (id integer PRIMARY KEY)").await;
    let text = "-- mizzle: backfill\nDELETE FROM account WHERE (region, id) IN \
                (SELECT region, id FROM account WHERE id > 100 LIMIT 3000)";
    database.local.inject("oc000@1-4:public.account".parse::<mizzle_local::FaultRule>().expect("a rule"));
    let mut seen = Vec::new();
    run(&database, text, |event| {
        if let Event::Backfilled { rows, .. } = event {
            seen.push(rows);
        }
    })
    .await
    .expect("it ends");
    assert!(seen[0] < 1_000 && seen.last() == Some(&3_100), "{seen:?}");
    assert_eq!(database.count("account").await, 100);
}

#[tokio::test]
async fn a_backfill_that_was_corrected_begins_anew() {
    let database = Database::start().await;
    fill(&database, 1_000).await;
    // Region 2, which is the last, has a row that cannot be filled so.
    database.execute("UPDATE account SET balance = 0 WHERE id = 998").await;
    let text = |sql: &str| format!("-- mizzle: backfill chunk=100\nUPDATE account SET cents = {sql}");
    let mut rows = 0;
    let wrong = text("-(1000 / balance)");
    let failed = run(&database, &wrong, |event| {
        if let Event::Backfilled { rows: changed, .. } = event {
            rows = changed;
        }
    });
    let error = failed.await.expect_err("a division by zero");
    assert!(error.to_string().contains("division by zero") && rows >= 600, "{rows}: {error}");
    run(&database, &text("balance * 100"), |_| {}).await.expect("the corrected one ends");
    assert_eq!(database.count("account WHERE cents = balance * 100").await, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_ends_behind_a_writer_that_never_stops() {
    let database = Database::start().await;
    fill(&database, 500).await;
    database.execute("CREATE TABLE copied (region integer, id integer, PRIMARY KEY (region, id))").await;
    let client = database.client().await;
    let (done, chunk) = (Arc::new(AtomicBool::new(false)), Arc::new(tokio::sync::Notify::new()));
    let writer = tokio::spawn({
        let (done, chunk) = (done.clone(), chunk.clone());
        async move {
            // One row more for each chunk that is copied: something is always missing.
            for id in 1_000.. {
                chunk.notified().await;
                if done.load(Ordering::SeqCst) {
                    return id - 1_000;
                }
                let insert = format!("INSERT INTO account VALUES (0, {id}, 0, NULL)");
                client.batch_execute(&insert).await.expect("a new row");
            }
            unreachable!("it is told to stop")
        }
    });
    let text = "-- mizzle: backfill chunk=100\nINSERT INTO copied SELECT region, id FROM account o \
                WHERE NOT EXISTS (SELECT FROM copied n WHERE n.region = o.region AND n.id = o.id) LIMIT 100";
    run(&database, text, |event| {
        if let Event::Backfilled { .. } = event {
            chunk.notify_one();
        }
    })
    .await
    .expect("it ends");
    done.store(true, Ordering::SeqCst);
    chunk.notify_one();
    assert!(writer.await.expect("no panic") > 0);
    assert_eq!(database.count("copied WHERE id <= 500").await, 500);
}

#[tokio::test]
async fn what_would_never_end_is_refused() {
    let database = Database::start().await;
    fill(&database, 3_100).await;
    database.execute("CREATE VIEW accounts AS SELECT * FROM account").await;
    for (name, statement, said) in [
        (
            "0",
            "UPDATE account SET cents = 1 WHERE balance > 0",
            "what it has changed still fulfils its condition",
        ),
        (
            "1",
            "INSERT INTO account (region, id, balance) VALUES (9, 9, 9)",
            "what it has changed still fulfils",
        ),
        ("2", "UPDATE accounts SET cents = 1 WHERE cents IS NULL", "has no primary key to go along"),
    ] {
        let name = format!("{name}_fill");
        let text = format!("-- mizzle: backfill\n{statement}");
        let folder = Folder::embedded(&[(&name, &text)]).expect("a good migration");
        let mut options = Options::new("public");
        options.table = format!("track_{name}");
        let error = apply(&database.client, &folder, &options, |_| {}).await.expect_err("it does not end");
        assert!(error.to_string().contains(said) && error.hint().is_some(), "{error}");
    }
}
