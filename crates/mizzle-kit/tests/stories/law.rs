//! The law that every change obeys: `run(old); run(plan); read == new; plan again == []`.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::time::Duration;

use mizzle_connect::Config;
use mizzle_kit::diff::diff;
use mizzle_kit::introspect::introspect_for;
use mizzle_kit::plan::{Plan, plan};
use mizzle_kit::snapshot::{PUBLIC, Snapshot};
use mizzle_kit::{Event, Folder, Options, apply};
use mizzle_local::LocalDsql;
use tokio_postgres::{Client, SimpleQueryMessage};

/// How often a statement is run that others came before; a job's end is such another.
const ATTEMPTS: usize = 20;

/// A local DSQL with a client on it. Empty at the beginning of every story.
pub(crate) struct Ground {
    pub(crate) client: Client,
    // Ends when it is dropped.
    local: LocalDsql,
}

impl Ground {
    pub(crate) async fn start() -> Self {
        let local =
            LocalDsql::builder().job_delay(Duration::ZERO).start().await.expect("a local DSQL starts");
        let client = connect(&local).await;
        Self { client, local }
    }

    /// Another client.
    pub(crate) async fn connect(&self) -> Client {
        connect(&self.local).await
    }

    /// Brings an empty database to a schema; answers it as the plan leaves it.
    pub(crate) async fn make(&self, old: &Snapshot) -> Result<Snapshot, String> {
        let made = plan(&Snapshot::default(), old).map_err(|refused| format!("old: {refused}"))?;
        self.run(&made).await.map_err(|error| format!("old: {error}"))?;
        Ok(made.snapshot)
    }

    /// Brings a plan in by the runner, from the text that its migration has.
    pub(crate) async fn run(&self, plan: &Plan) -> Result<(), String> {
        if plan.is_empty() {
            return Ok(());
        }
        let folder = folder(plan)?;
        apply(&self.client, &folder, &Options::new(PUBLIC), |_| {}).await.map_err(|error| told(&error))?;
        self.recorded(plan, "attempts = 1").await
    }

    /// The same by runs that die: each behind the first answer that none before it had, with nothing written since.
    pub(crate) async fn run_dying(&self, plan: &Plan) -> Result<(), String> {
        if plan.is_empty() {
            return Ok(());
        }
        let folder = folder(plan)?;
        let mut seen = BTreeSet::new();
        while !self.dies(&folder, &mut seen).await? {
            // What the dead run was about to write is in a transaction that nobody ends.
            self.sql("ROLLBACK").await?;
            self.sql("UPDATE __mizzle_migrations SET expires_at = NULL WHERE ordinal = -1").await?;
        }
        self.recorded(plan, "true").await
    }

    /// One such run; whether it came to the end.
    async fn dies(&self, folder: &Folder, seen: &mut BTreeSet<usize>) -> Result<bool, String> {
        let (stop, mut stopped) = tokio::sync::mpsc::unbounded_channel();
        let options = Options::new(PUBLIC);
        let run = apply(&self.client, folder, &options, |event| {
            if let Event::Answered { statement, .. } | Event::Backfilled { statement, .. } = event
                && seen.insert(statement.line)
            {
                let _ = stop.send(());
            }
        });
        tokio::select! {
            biased;
            _ = stopped.recv() => Ok(false),
            done = run => done.map(|_| true).map_err(|error| told(&error)),
        }
    }

    /// Whether every statement is on record as applied; the records go, as the next plan is another folder.
    async fn recorded(&self, plan: &Plan, condition: &str) -> Result<(), String> {
        let count = "SELECT count(*) FROM __mizzle_migrations WHERE state = 'applied'";
        let found = self.sql(&format!("{count} AND {condition}")).await?;
        self.sql("DELETE FROM __mizzle_migrations").await?;
        match first(&found) {
            Some(found) if found == plan.steps.len().to_string() => Ok(()),
            found => Err(format!("{found:?} of {} statements are on record: {condition}", plan.steps.len())),
        }
    }

    /// Runs a statement, again if another change of the catalog came between.
    pub(crate) async fn sql(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>, String> {
        for attempt in 1.. {
            match self.client.simple_query(sql).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let told = error.as_db_error();
                    let conflict = told.is_some_and(|told| told.code().code() == "40001");
                    if !conflict || attempt == ATTEMPTS {
                        return Err(format!(
                            "{sql}: {}",
                            told.map_or(error.to_string(), ToString::to_string)
                        ));
                    }
                }
            }
        }
        unreachable!("the loop ends in a return")
    }

    /// Whether the database is as wanted, and a plan to it is empty.
    pub(crate) async fn is(&self, wanted: &Snapshot) -> Result<(), String> {
        let read = introspect_for(&self.client, wanted).await.map_err(|error| error.to_string())?;
        is_as(&read, wanted)
    }

    /// Takes a schema away again, by a plan as well.
    pub(crate) async fn clear(&self, left: &Snapshot) -> Result<(), String> {
        let nothing = Snapshot::default();
        let away = plan(left, &nothing).map_err(|refused| format!("clear: {refused}"))?;
        self.run(&away).await.map_err(|error| format!("clear: {error}"))
    }
}

async fn connect(local: &LocalDsql) -> Client {
    let config = Config::from_vars(|name| local.variable(name)).expect("the server says how to connect");
    config.connect().await.expect("it lets us in")
}

/// Whether what was read is what was wanted, and a plan between them is empty.
pub(crate) fn is_as(read: &Snapshot, wanted: &Snapshot) -> Result<(), String> {
    let left = plan(read, wanted).map_err(|refused| format!("plan again: {refused}"))?;
    if !left.is_empty() || !left.changes.is_empty() {
        let steps: Vec<&str> = left.steps.iter().map(|step| step.sql.as_str()).collect();
        return Err(format!("plan again: {:?} {steps:#?}", left.changes));
    }
    if read.hash() != wanted.hash() {
        return Err(format!("read is another: {}\nwanted: {}", read.to_json(), wanted.to_json()));
    }
    // What is read is equal to itself, and to what a file makes of it.
    let file = Snapshot::from_json(&read.to_json()).map_err(|error| error.to_string())?;
    if file != *read || !diff(read, read).is_empty() || !diff(&file, read).is_empty() {
        return Err(format!("a snapshot is not itself: {}", read.to_json()));
    }
    Ok(())
}

/// The folder that a plan is written to, with every hazard allowed.
fn folder(plan: &Plan) -> Result<Folder, String> {
    let hazards: BTreeSet<String> = plan.hazards().map(|hazard| hazard.kind.to_string()).collect();
    let allowed = hazards.iter().map(|kind| format!("-- mizzle: allow {kind}\n"));
    let text = allowed.collect::<String>() + &plan.to_sql();
    Folder::embedded(&[("0_story", &text)]).map_err(|error| format!("{error}\n{text}"))
}

/// An error with what it comes from.
fn told(error: &mizzle_kit::Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

/// The first column of the first row.
pub(crate) fn first(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

/// Rows as words, one row a line.
pub(crate) fn rows(answer: &[SimpleQueryMessage]) -> String {
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    });
    rows.collect::<Vec<_>>().join("\n")
}
