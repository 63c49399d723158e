//! Several runs on one database: who works, who waits, and what it costs to have nothing to do.

mod database;

use std::sync::Arc;
use std::time::Duration;

use database::Database;
use mizzle::{Db, Migrations};
use mizzle_kit::{Folder, Migrate, Options, Report, apply, status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

static MIGRATIONS: Migrations = mizzle::migrations!("tests/migrations");

#[test]
fn the_folder_in_the_program_is_the_one_on_disk() {
    let folder =
        Folder::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/migrations")).expect("a good folder");
    let embedded = Folder::embedded(MIGRATIONS.files()).expect("a good folder");
    let chains =
        |folder: &Folder| folder.migrations().iter().map(|m| (m.name.clone(), m.chain)).collect::<Vec<_>>();
    assert_eq!(chains(&folder), chains(&embedded));
    assert_eq!(folder.migrations().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_instances_that_start_at_once_one_works_and_all_report_the_same_end() {
    let database = Database::start().await;
    let gate = Arc::new(Barrier::new(10));
    let runs: Vec<_> = (0..10)
        .map(|_| {
            let (config, gate) = (database.config(), gate.clone());
            tokio::spawn(async move {
                let db = Db::connect(config).await.expect("it lets us in");
                gate.wait().await;
                db.migrate(&MIGRATIONS).await.expect("it applies")
            })
        })
        .collect();
    let mut reports: Vec<Report> = Vec::new();
    for run in runs {
        reports.push(run.await.expect("no panic"));
    }
    let (worked, waited): (Vec<_>, Vec<_>) = reports.iter().partition(|report| !report.is_empty());
    assert_eq!((worked.len(), waited.len()), (1, 9));
    assert_eq!(worked[0].statements(), 3);
    assert!(waited.iter().all(|report| report.to_string().starts_with("Nothing to apply")));
    let end = &worked[0].end;
    assert_eq!(end.as_ref().map(|(name, _)| name.as_str()), Some("0001_pets"));
    assert!(reports.iter().all(|report| &report.end == end), "{reports:?}");
    assert_eq!(database.count("__mizzle_migrations WHERE state = 'applied' AND attempts = 1").await, 3);
    let jobs = "sys.jobs WHERE job_type = 'INDEX_BUILD'";
    assert_eq!(database.count(jobs).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_overtaken_writes_nothing_more() {
    let database = Database::start().await;
    let folder = Folder::embedded(&[
        ("0000_a", "CREATE TABLE a (id uuid PRIMARY KEY)"),
        ("0001_b", "CREATE TABLE b (id uuid PRIMARY KEY)"),
    ])
    .expect("a good folder");
    let options = Options::new("public");
    let overtaken = async {
        let mut moved = false;
        apply(&database.client, &folder, &options, |event| {
            // As if this run had slept: its lease is over and somebody else has it.
            if matches!(event, mizzle_kit::Event::Answered { .. }) && !moved {
                moved = true;
                overtake(&database);
            }
        })
        .await
    };
    let error = overtaken.await.expect_err("another run took over");
    assert_eq!(
        error.to_string(),
        "0000_a/migration.sql:1:1: another run took over, because this one was silent for too long"
    );
    assert_eq!(database.count("pg_class WHERE relname IN ('a', 'b')").await, 1);
    assert_eq!(database.count("__mizzle_migrations WHERE state = 'applied'").await, 0);

    database.execute("UPDATE __mizzle_migrations SET expires_at = NULL WHERE ordinal = -1").await;
    let report = apply(&database.client, &folder, &options, |_| {}).await.expect("it goes on");
    assert_eq!(report.statements(), 2);
    let status = status(&database.client, &folder, &options).await.expect("it tells");
    assert!(status.is_clean() && status.runner.is_none(), "{status:?}");
}

/// Gives the lease to somebody else, from a thread of its own because the run is in the middle of its callback.
fn overtake(database: &Database) {
    let config = database.config();
    let steal = async move {
        let client = config.connect().await.expect("it lets us in");
        let steal = "UPDATE __mizzle_migrations SET token = 'thief', expires_at = now() + interval '1 hour' WHERE ordinal = -1";
        assert_eq!(client.execute(steal, &[]).await.expect("it is there"), 1);
    };
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(steal);
    })
    .join()
    .expect("it is stolen");
}

#[tokio::test]
async fn a_silent_run_is_waited_for_as_long_as_was_agreed() {
    let database = Database::start().await;
    let folder =
        Folder::embedded(&[("0000_a", "CREATE TABLE a (id uuid PRIMARY KEY)")]).expect("a good folder");
    let first = Folder::embedded(&[("0000_0", "SELECT 1")]).expect("a good folder");
    let mut options = Options::new("public");
    options.lease = Duration::from_millis(600);
    apply(&database.client, &first, &options, |_| {}).await.expect("it applies");
    database
        .execute(
            "UPDATE __mizzle_migrations SET token = 'dead', runner = 'a dead one', \
             expires_at = now() + interval '3 seconds' WHERE ordinal = -1",
        )
        .await;
    let mut lines = Vec::new();
    let folder =
        Folder::embedded(&[("0000_0", "SELECT 1"), ("0001_a", &folder.migrations()[0].statements[0].sql)])
            .expect("a good folder");
    let report = apply(&database.client, &folder, &options, |event| lines.push(event.to_string())).await;
    assert_eq!(report.expect("its turn comes").statements(), 1);
    assert!(lines[0].starts_with("Waiting for a dead one, whose turn ends in "), "{lines:?}");
}

#[tokio::test]
async fn with_nothing_to_do_a_run_takes_one_turn_and_an_instance_two() {
    let database = Database::start().await;
    let relay = Relay::to(database.local.address()).await;
    let config = || database.config().port(relay.port);
    let client = config().connect().await.expect("it lets us in");
    let folder = Folder::embedded(MIGRATIONS.files()).expect("a good folder");
    let options = Options::new("public");
    apply(&client, &folder, &options, |_| {}).await.expect("it applies");

    let before = relay.turns();
    assert!(apply(&client, &folder, &options, |_| {}).await.expect("nothing to do").is_empty());
    assert_eq!(relay.turns() - before, 1);

    let db = Db::connect(config()).await.expect("it lets us in");
    let before = relay.turns();
    assert!(db.migrate(&MIGRATIONS).await.expect("nothing to do").is_empty());
    assert_eq!(relay.turns() - before, 2);
}

/// Counts how often the client speaks after the server has: a round trip each. TLS goes through as it is.
struct Relay {
    port: u16,
    turns: Arc<Turns>,
}

#[derive(Default)]
struct Turns {
    count: std::sync::atomic::AtomicU32,
    server_spoke: std::sync::atomic::AtomicBool,
}

impl Relay {
    async fn to(server: std::net::SocketAddr) -> Relay {
        let listener = TcpListener::bind((server.ip(), 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let turns = Arc::new(Turns::default());
        let shared = turns.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.expect("the server listens");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, shared.clone(), true));
                tokio::spawn(pass(from_server, to_client, shared.clone(), false));
            }
        });
        Relay { port, turns }
    }

    /// Everything that was answered has been counted: the answer went through here.
    fn turns(&self) -> u32 {
        self.turns.count.load(std::sync::atomic::Ordering::SeqCst)
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    turns: Arc<Turns>,
    is_client: bool,
) {
    use std::sync::atomic::Ordering::SeqCst;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !is_client {
            turns.server_spoke.store(true, SeqCst);
        } else if turns.server_spoke.swap(false, SeqCst) {
            turns.count.fetch_add(1, SeqCst);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
