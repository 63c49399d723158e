//! The law that every change obeys: `run(old); run(plan); read == new; plan again == []`.

use mizzle_connect::Config;
use mizzle_kit::diff::diff;
use mizzle_kit::introspect::introspect_for;
use mizzle_kit::plan::{Plan, Step, StepKind, plan};
use mizzle_kit::snapshot::Snapshot;
use mizzle_local::LocalDsql;
use std::time::Duration;
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

    /// Runs the steps of a plan, one after the other.
    pub(crate) async fn run(&self, plan: &Plan) -> Result<(), String> {
        for step in &plan.steps {
            self.step(step).await?;
        }
        Ok(())
    }

    async fn step(&self, step: &Step) -> Result<(), String> {
        let sql = match step.kind {
            StepKind::Backfill { chunk } => self.chunk(&step.sql, chunk).await?,
            _ => step.sql.clone(),
        };
        loop {
            let answer = self.sql(&sql).await?;
            match step.kind {
                StepKind::Ddl | StepKind::Statement => return Ok(()),
                StepKind::Index | StepKind::Validation => return self.wait(&step.sql, &answer).await,
                StepKind::Backfill { chunk } => {
                    let rows = answer.iter().find_map(|message| match message {
                        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                        _ => None,
                    });
                    match rows {
                        Some(0) | None => return Ok(()),
                        Some(rows) if rows > u64::from(chunk) => {
                            return Err(format!("{}: {rows} rows", step.sql));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }

    /// A statement that takes as many rows as a transaction may change: by its own limit, or by the key of its table.
    async fn chunk(&self, sql: &str, rows: u32) -> Result<String, String> {
        let (head, condition) = match cut(sql) {
            Some(parts) if !sql.ends_with(&format!("LIMIT {rows}")) => parts,
            _ => return Ok(sql.to_owned()),
        };
        let word = if head.starts_with("UPDATE") { 1 } else { 2 };
        let table = head.split_whitespace().nth(word).ok_or_else(|| format!("{sql}: no table"))?;
        let key = self
            .sql(&format!(
                "SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_index i \
                 JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = ANY ((indkey::int2[])[:indnkeyatts - 1]) \
                 WHERE indrelid = '{table}'::regclass AND indisprimary"
            ))
            .await?;
        let key = first(&key).ok_or_else(|| format!("{sql}: no key"))?;
        Ok(format!("{head} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {rows})"))
    }

    async fn wait(&self, sql: &str, answer: &[SimpleQueryMessage]) -> Result<(), String> {
        let job = first(answer).ok_or_else(|| format!("{sql}: no job"))?;
        let waited = self.sql(&format!("CALL sys.wait_for_job('{job}')")).await?;
        if first(&waited).as_deref() == Some("t") {
            return Ok(());
        }
        let why = self.sql(&format!("SELECT details FROM sys.jobs WHERE job_id = '{job}'")).await?;
        Err(format!("{sql}: {}", first(&why).unwrap_or_default()))
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

/// A statement before and behind the WHERE that is its own.
fn cut(sql: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    for (at, letter) in sql.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            'W' if depth == 0 && sql[at..].starts_with("WHERE ") => {
                return Some((sql[..at].trim_end(), &sql[at + 6..]));
            }
            _ => {}
        }
    }
    None
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
