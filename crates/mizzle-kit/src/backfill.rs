//! Changes more rows than a transaction takes: chunk after chunk, each with the place it has come to.
//!
//! A chunk and its place are one transaction, so after a crash no row is changed twice and none is left out. A chunk
//! that loses to other writers is tried again with half as many rows. A condition is asked about again from the start
//! until nothing fulfils it any more: rows that came behind our back are found then.

use mizzle_connect::Conflict;
use serde_json::{Value, json};

use crate::directive::ROWS;
use crate::journal::Record;
use crate::lease::Stop;
use crate::name::{identifier, literal};
use crate::run::{Run, Step};
use crate::simple::{self, spread};
use crate::walk::{Chunks, Repeat, Walk, chunks};
use crate::{Error, Event};

/// How many rows a chunk has at least: fewer do not conflict less.
const LEAST: usize = 10;

/// How many passes may find no fewer rows than the one before.
const STALLS: u32 = 3;

/// Where a backfill stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Position {
    /// How many rows it has changed since it began.
    changed: u64,
    /// How many it changed in this pass over the table, and in the one before.
    pass: u64,
    previous: Option<u64>,
    /// The key that the last chunk ended with, as text.
    key: Option<Vec<String>>,
}

pub(crate) async fn run<F: FnMut(Event<'_>)>(
    run: &mut Run<'_, F>,
    step: Step<'_>,
    chunk: usize,
    open: Option<&Record>,
) -> Result<(), Error> {
    // Where another text had come to says nothing about this one.
    let open = open.filter(|open| open.sha256 == step.statement.sha256.to_string());
    let position = open.map(Position::of).unwrap_or_default();
    let estimate = estimate(run, step).await?;
    // The record of the place and the lease are rows too.
    let most = chunk.min(ROWS - 2);
    let size = Size { now: most, most };
    let mut fill = Backfill { run, step, estimate, size, position, stalled: 0 };
    match chunks(&step.statement.sql) {
        Chunks::Keys(walk) => match fill.keys(&walk).await? {
            Some(keys) => fill.along(&walk, &keys).await?,
            None => return Err(Error::no_key(step, &walk.table.quoted())),
        },
        Chunks::Repeat(repeat) => fill.again(&repeat).await?,
        Chunks::Endless => return Err(Error::endless(step)),
    }
    let applied = run.journal.applied(step.migration, step.ordinal, None);
    run.write(step, &[&applied]).await
}

struct Backfill<'r, 'a, 's, F> {
    run: &'r mut Run<'a, F>,
    step: Step<'s>,
    estimate: Option<u64>,
    size: Size,
    position: Position,
    /// How many passes in a row found no fewer rows than the one before.
    stalled: u32,
}

/// How many rows a chunk has.
struct Size {
    now: usize,
    most: usize,
}

/// A column of the primary key, and its type.
struct Key {
    name: String,
    kind: String,
}

impl<F: FnMut(Event<'_>)> Backfill<'_, '_, '_, F> {
    /// Along the keys, from where an earlier run stopped, until a pass finds nothing.
    async fn along(&mut self, walk: &Walk<'_>, keys: &[Key]) -> Result<(), Error> {
        loop {
            let bound = self.bound(walk, keys).await?;
            let sql = walk.sql(&range(keys, self.position.key.as_deref(), bound.as_deref()));
            // Without a condition nothing but the record tells that the last chunk is done.
            let record = match (&bound, walk.condition) {
                (None, None) => self.run.journal.applied(self.step.migration, self.step.ordinal, None),
                _ => self.progress(bound.clone()),
            };
            let Some(rows) = self.chunk(&sql, &record, true).await? else { continue };
            self.done(rows, bound);
            if self.position.key.is_some() {
                continue;
            }
            // The last chunk of a pass: without a condition every row has been changed, with one it may hold for new rows.
            let pass = std::mem::take(&mut self.position.pass);
            if walk.condition.is_none() || pass == 0 {
                return Ok(());
            }
            // New rows come now and then; as many in every pass are the same rows again, or a writer that never stops.
            let stalls = self.position.previous.is_some_and(|previous| pass >= previous);
            self.stalled = if stalls { self.stalled + 1 } else { 0 };
            if self.stalled == STALLS {
                return Err(Error::endless(self.step));
            }
            self.position.previous = Some(pass);
        }
    }

    /// As it is, until nothing is left.
    async fn again(&mut self, repeat: &Repeat<'_>) -> Result<(), Error> {
        loop {
            let size = self.size.now;
            let record = self.progress(None);
            let Some(rows) = self.chunk(&repeat.sql(size), &record, repeat.limit.is_some()).await? else {
                continue;
            };
            if rows > 0 {
                self.done(rows, None);
            }
            if repeat.is_last(size, rows) {
                return Ok(());
            }
        }
    }

    /// The statement that records a place. How many rows a chunk changes is known behind it only, so the count is one
    /// chunk late.
    fn progress(&mut self, key: Option<Vec<String>>) -> String {
        let place = Position { key, ..self.position.clone() }.text();
        self.run.journal.progress(self.step.migration, self.step.ordinal, self.position.changed, &place)
    }

    fn done(&mut self, rows: u64, key: Option<Vec<String>>) {
        self.size.grow();
        self.position.key = key;
        self.position.changed += rows;
        self.position.pass += rows;
        let Step { migration, statement, .. } = self.step;
        let (rows, of) = (self.position.changed, self.estimate);
        (self.run.on_event)(Event::Backfilled { migration, statement, rows, of });
    }

    /// One chunk with its record in one transaction; nothing when it is to be tried again with fewer rows.
    async fn chunk(&mut self, sql: &str, record: &str, can_shrink: bool) -> Result<Option<u64>, Error> {
        let mut attempt = 0;
        loop {
            let source = match self.run.lease.transaction_once(&[sql, record]).await {
                Ok(counts) => return Ok(counts.first().copied()),
                Err(Stop::Lost) => return Err(Error::lease_lost(self.step)),
                Err(Stop::Refused { source, .. }) => source,
            };
            attempt += 1;
            let conflict = Conflict::of(&source);
            if can_shrink && (conflict.is_some() || is_full(&source)) && self.size.shrink() {
                return Ok(None);
            }
            let policy = &self.run.journal.options.retry;
            let Some(conflict) = conflict.filter(|_| attempt < policy.max_attempts) else {
                return Err(self.run.refused(self.step, source).await);
            };
            tokio::time::sleep(policy.delay(attempt, conflict, spread(attempt))).await;
        }
    }

    /// The key of the last row of the next chunk; nothing when what is left is a chunk.
    async fn bound(&mut self, walk: &Walk<'_>, keys: &[Key]) -> Result<Option<Vec<String>>, Error> {
        let names: Vec<_> = keys.iter().map(|key| identifier(&key.name)).collect();
        // Under names of their own: ORDER BY would take the text for the column.
        let texts = names.iter().enumerate().map(|(at, name)| format!("{name}::text AS key_text_{at}"));
        let texts: Vec<_> = texts.collect();
        let range = range(keys, self.position.key.as_deref(), None);
        let condition = walk.condition.map_or_else(String::new, |condition| format!("({condition}) AND "));
        let select = format!(
            "SELECT {} FROM {} WHERE {condition}{range} ORDER BY {} OFFSET {} LIMIT 1",
            texts.join(", "),
            walk.table.quoted(),
            names.join(", "),
            self.size.now - 1
        );
        let rows = simple::rows(self.run.journal.client, &self.run.journal.options.retry, &select).await;
        let rows = rows.map_err(|source| Error::catalog(self.step, source))?;
        let key = |row: &tokio_postgres::SimpleQueryRow| {
            (0..keys.len()).map(|at| row.get(at).map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        Ok(rows.first().and_then(key))
    }

    /// The primary key of the table.
    async fn keys(&mut self, walk: &Walk<'_>) -> Result<Option<Vec<Key>>, Error> {
        let select = format!(
            "SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS kind \
             FROM pg_catalog.pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (attnum, place) \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum \
             WHERE c.conrelid = to_regclass({}) AND c.contype = 'p' ORDER BY k.place",
            walk.table.text()
        );
        let rows = simple::rows(self.run.journal.client, &self.run.journal.options.retry, &select).await;
        let rows = rows.map_err(|source| Error::catalog(self.step, source))?;
        let key = |row: &tokio_postgres::SimpleQueryRow| {
            Some(Key {
                name: simple::column(row, "name")?.to_owned(),
                kind: simple::column(row, "kind")?.to_owned(),
            })
        };
        Ok(rows.iter().map(key).collect::<Option<Vec<_>>>().filter(|keys| !keys.is_empty()))
    }
}

/// Whether a transaction was too large (54000).
fn is_full(source: &tokio_postgres::Error) -> bool {
    source.as_db_error().is_some_and(|db| db.code().code() == "54000")
}

/// How many rows the table has, as the server last counted them.
async fn estimate<F>(run: &mut Run<'_, F>, step: Step<'_>) -> Result<Option<u64>, Error> {
    let Chunks::Keys(walk) = chunks(&step.statement.sql) else { return Ok(None) };
    let select = format!(
        "SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = to_regclass({})",
        walk.table.text()
    );
    let found = simple::value(run.journal.client, &run.journal.options.retry, &select).await;
    let found = found.map_err(|source| Error::catalog(step, source))?;
    // -1 before the first count.
    Ok(found.and_then(|count| count.parse().ok()).filter(|count| *count > 0))
}

/// The rows behind one key and up to another.
fn range(keys: &[Key], from: Option<&[String]>, to: Option<&[String]>) -> String {
    let names: Vec<_> = keys.iter().map(|key| identifier(&key.name)).collect();
    let side = |operator: &str, values: &[String]| {
        let typed = values.iter().zip(keys).map(|(value, key)| format!("{}::{}", literal(value), key.kind));
        format!("({}) {operator} ({})", names.join(", "), typed.collect::<Vec<_>>().join(", "))
    };
    match (from, to) {
        (None, None) => "true".into(),
        (Some(from), None) => side(">", from),
        (None, Some(to)) => side("<=", to),
        (Some(from), Some(to)) => format!("{} AND {}", side(">", from), side("<=", to)),
    }
}

impl Size {
    /// Half as many; false when there are few already.
    fn shrink(&mut self) -> bool {
        let was = self.now;
        self.now = (was / 2).max(LEAST.min(self.most));
        self.now < was
    }

    fn grow(&mut self) {
        self.now = (self.now + self.now / 4 + 1).min(self.most);
    }
}

impl Position {
    fn of(record: &Record) -> Self {
        let value: Value =
            record.position.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let texts = |value: &Value| {
            value.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        let key: Option<Vec<String>> = texts(&value["key"]);
        // The count is one chunk late: a pass that has begun may have changed something.
        let least = u64::from(key.is_some());
        Self {
            changed: record.changed,
            pass: value["pass"].as_u64().unwrap_or_default().max(least),
            previous: value["previous"].as_u64(),
            key,
        }
    }

    fn text(&self) -> String {
        json!({ "pass": self.pass, "previous": self.previous, "key": self.key }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_lies_between_two_keys() {
        let keys = [("a", "uuid"), ("B", "integer")]
            .map(|(name, kind)| Key { name: name.into(), kind: kind.into() });
        let key = |b: &str| vec!["x'".to_owned(), b.to_owned()];
        let range = |from: Option<Vec<String>>, to: Option<Vec<String>>| {
            super::range(&keys, from.as_deref(), to.as_deref())
        };
        assert_eq!(range(None, None), "true");
        assert_eq!(
            range(Some(key("1")), Some(key("2"))),
            "(\"a\", \"B\") > ('x'''::uuid, '1'::integer) AND (\"a\", \"B\") <= ('x'''::uuid, '2'::integer)"
        );
    }

    #[test]
    fn a_chunk_shrinks_when_it_loses_and_grows_again() {
        let mut size = Size { now: 40, most: 40 };
        assert!(size.shrink() && size.shrink() && !size.shrink());
        assert_eq!(size.now, 10);
        (0..9).for_each(|_| size.grow());
        assert_eq!(size.now, 40);
        assert!(!Size { now: 3, most: 3 }.shrink());
    }

    #[test]
    fn a_place_is_kept() {
        let position =
            Position { changed: 7, pass: 5, previous: Some(9), key: Some(vec!["it's".into(), "2".into()]) };
        let record = Record { changed: 7, position: Some(position.text()), ..Record::default() };
        assert_eq!(Position::of(&record), position);
        assert_eq!(Position::of(&Record::default()), Position::default());
    }
}
