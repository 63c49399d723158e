//! Starts runs, kills them where it is told to, and compares what comes of it with a run that nobody killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use mizzle_kit::{Folder, Options, apply};
use mizzle_local::Fault;

use crate::child::{LEASE, STOPS, STORY};
use crate::database::Database;
use crate::story::{CATALOG, Story};

/// Where a run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// The statement is on record as begun and was not sent.
    Before,
    /// The server has it, and has not committed it.
    During,
    /// The server has it, and commits it only when the next run is at work already, if that lets it.
    Overtaken,
    /// The server has committed it, and has not answered.
    Unanswered,
    /// The server has answered, and nothing was written since; in a backfill, after a chunk.
    After,
    /// The effect is seen, the record is not written.
    Unrecorded,
    /// The record is written.
    Recorded,
}

pub(crate) const POINTS: &[Point] = &[
    Point::Before,
    Point::During,
    Point::Overtaken,
    Point::Unanswered,
    Point::After,
    Point::Unrecorded,
    Point::Recorded,
];

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failures: Vec<String>,
}

impl Count {
    pub(crate) fn check(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if is_right {
            self.passed += 1;
        } else {
            self.failures.push(what());
        }
    }

    pub(crate) fn add(&mut self, other: Count) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
    }
}

/// Kills a run at every statement of a story, each at the point that is chosen for it, and lets the last one finish.
pub(crate) async fn killed(story: &Story, point: impl Fn(usize) -> Point) -> Count {
    let mut count = Count::default();
    let expected = undisturbed(story).await;
    let database = prepared(story).await;
    let folder = Folder::embedded(&[("0000_story", &story.migration())]).expect("a good migration");
    let lines: Vec<usize> =
        folder.migrations()[0].statements.iter().map(|statement| statement.line).collect();
    for (at, line) in lines.iter().enumerate() {
        let point = point(at);
        let name = || format!("{}, line {line}, {point:?}", story.name);
        let killed = Running::start(&database, story, true).killed_at(&database, *line, point);
        count.check(killed.is_ok(), || format!("{}: {}", name(), killed.unwrap_err()));
    }
    let end = Running::start(&database, story, false).last_line();
    count.check(end.starts_with("end "), || format!("{}: {end}", story.name));
    let found = dump(&database, story).await;
    count.check(found == expected, || format!("{}: expected\n{expected}\nfound\n{found}", story.name));
    let recorded = database.count("__mizzle_migrations WHERE state = 'applied'").await;
    count.check(recorded == lines.len() as i64, || format!("{}: {recorded} are recorded", story.name));
    count
}

/// Ten processes at once, of which one works.
pub(crate) async fn ten(story: &Story) -> Count {
    let mut count = Count::default();
    let database = prepared(story).await;
    let runs: Vec<_> = (0..10).map(|_| Running::start(&database, story, false)).collect();
    let ends: Vec<String> = runs.into_iter().map(Running::last_line).collect();
    let of = |end: &str, part: usize| end.splitn(3, ' ').nth(part).unwrap_or_default().to_owned();
    let workers = ends.iter().filter(|end| of(end, 0) == "end" && of(end, 1) != "0").count();
    count.check(workers == 1, || format!("{}: {workers} of ten worked: {ends:?}", story.name));
    let same = ends.iter().all(|end| end.starts_with("end ") && of(end, 2) == of(&ends[0], 2));
    count.check(same, || format!("{}: ten ends: {ends:?}", story.name));
    let (expected, found) = (undisturbed(story).await, dump(&database, story).await);
    count.check(found == expected, || format!("{}: expected\n{expected}\nfound\n{found}", story.name));
    count
}

async fn prepared(story: &Story) -> Database {
    let database = Database::start().await;
    if let Some(ground) = story.ground() {
        let folder = Folder::embedded(&[("0000_ground", &ground)]).expect("a good migration");
        let mut options = Options::new("public");
        options.table = "__mizzle_ground".into();
        apply(&database.client, &folder, &options, |_| {}).await.expect("the old schema");
    }
    for statement in story.before {
        database.execute(statement).await;
    }
    database
}

/// What a run makes of the story that nobody kills.
async fn undisturbed(story: &Story) -> String {
    let database = prepared(story).await;
    let folder = Folder::embedded(&[("0000_story", &story.migration())]).expect("a good migration");
    let mut options = Options::new("public");
    options.lease = LEASE;
    apply(&database.client, &folder, &options, |_| {})
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", story.name));
    dump(&database, story).await
}

/// The catalog and the rows as text.
async fn dump(database: &Database, story: &Story) -> String {
    let mut text = String::new();
    for query in CATALOG.iter().chain(story.rows) {
        match database.client.query_one(*query, &[]).await {
            // The server counts on where the name it chose for an identity's sequence is taken by what a killed run has not
            // committed; a second sequence would be a second line.
            Ok(row) => {
                let found = row.get::<_, Option<&str>>(0).unwrap_or("nothing");
                let found = found.replace("number_seq1", "number_seq");
                text += &found.replace("vet_id_seq1", "vet_id_seq");
            }
            Err(error) => text += &format!("{query}: {error:?}"),
        }
        text.push('\n');
    }
    text
}

/// A run in a process of its own.
struct Running {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(database: &Database, story: &Story, stops: bool) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "child::child", "--nocapture", "--test-threads=1"]);
        command.envs(database.local.environment()).env(STORY, story.name);
        if stops {
            command.env(STOPS, "1");
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, lines }
    }

    /// What it says next.
    fn next(&mut self) -> Option<String> {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        lines.find_map(|line| line.strip_prefix('@').map(str::to_owned))
    }

    fn go(&mut self) {
        let stdin = self.process.stdin.as_mut().expect("a pipe");
        stdin.write_all(b"go\n").and_then(|()| stdin.flush()).expect("it listens");
    }

    fn last_line(mut self) -> String {
        let mut last = "nothing".to_owned();
        while let Some(line) = self.next() {
            last = line;
        }
        last
    }

    /// Lets it run until it is at this point of this statement, and kills it there with SIGKILL. A statement that has
    /// no such point, because its record is part of its transaction, is killed at the next.
    fn killed_at(mut self, database: &Database, line: usize, point: Point) -> Result<(), String> {
        loop {
            let Some(said) = self.next() else { return Err("it ended without a word".into()) };
            let Some((step, at)) = said.split_once(' ') else { return Err(said) };
            let at = at.parse::<usize>().map_err(|_| said.clone())?;
            let here = match (step, point) {
                _ if at < line => false,
                _ if at > line => return Err(format!("it went past: {said}")),
                ("before", Point::During | Point::Overtaken | Point::Unanswered) => {
                    return self.killed_in_flight(database, point);
                }
                ("before", point) => point == Point::Before,
                ("after" | "chunk", point) => point == Point::After,
                ("settled", point) => point == Point::Unrecorded,
                ("applied", _) => true,
                _ => false,
            };
            if here {
                self.kill();
                return Ok(());
            }
            self.go();
        }
    }

    /// Holds the statement up on the server, so that the client dies while it waits for the answer.
    fn killed_in_flight(mut self, database: &Database, point: Point) -> Result<(), String> {
        let fault = match point {
            Point::Overtaken => Fault::DelayBeforeCommit(LEASE * 3 / 2),
            Point::During => Fault::DelayBeforeCommit(LEASE / 3),
            _ => Fault::DelayAfterCommit(LEASE / 3),
        };
        let id = database.local.inject(fault);
        let fired = || database.local.faults().iter().any(|report| report.id == id && report.fired > 0);
        self.go();
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while !fired() {
            if std::time::Instant::now() > deadline {
                return Err("the statement was never committed".into());
            }
            std::thread::yield_now();
        }
        self.kill();
        database.local.lift_fault(id);
        Ok(())
    }

    fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it is over");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
