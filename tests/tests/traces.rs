//! Spans as a collector of traces sees them: their names, their parents, and the fields that OpenTelemetry names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use mizzle::prelude::*;
use mizzle::{Db, Error};
use mizzle_local::{Fault, LocalDsql};
use mizzle_tests::config;
use tokio::sync::Mutex;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

#[table]
struct Owner {
    #[column(primary_key)]
    id: i32,
    name: String,
}

/// Every span of the client's, in the order in which they began.
#[derive(Clone, Default)]
struct Collector(Arc<std::sync::Mutex<Vec<Seen>>>);

#[derive(Clone, Debug, Default)]
struct Seen {
    id: u64,
    name: &'static str,
    parent: Option<&'static str>,
    fields: Fields,
}

#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let target = attributes.metadata().target();
        if !target.starts_with("mizzle") || target.starts_with("mizzle_local") {
            return;
        }
        let parent = context.span(id).and_then(|span| Some(span.parent()?.name()));
        let mut seen =
            Seen { id: id.into_u64(), name: attributes.metadata().name(), parent, ..Seen::default() };
        attributes.record(&mut seen.fields);
        self.0.lock().unwrap().push(seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        // ids are used again, the newest is meant
        if let Some(seen) = self.0.lock().unwrap().iter_mut().rev().find(|seen| seen.id == id.into_u64()) {
            values.record(&mut seen.fields);
        }
    }
}

impl Collector {
    /// What was seen since the last time, with these fields alone: `name (in parent) field=value …`.
    fn take(&self, fields: &[&str]) -> Vec<String> {
        let line = |seen: Seen| {
            let parent = seen.parent.map(|parent| format!(" (in {parent})")).unwrap_or_default();
            let shown: String = fields
                .iter()
                .filter_map(|&name| Some(format!(" {name}={}", seen.fields.0.get(name)?)))
                .collect();
            format!("{}{parent}{shown}", seen.name)
        };
        std::mem::take(&mut *self.0.lock().unwrap()).into_iter().map(line).collect()
    }
}

/// One test at a time: whether anybody listens to a span is decided for the whole process.
static TURN: Mutex<()> = Mutex::const_new(());

/// A collector that listens on this thread, which is the only one of its test.
fn listen(level: Level) -> (Collector, tracing::subscriber::DefaultGuard) {
    let collector = Collector::default();
    let subscriber = Registry::default().with(collector.clone()).with(LevelFilter::from_level(level));
    (collector, tracing::subscriber::set_default(subscriber))
}

async fn connected(local: &LocalDsql) -> Db {
    let db = Db::connect(config(local)).await.unwrap();
    db.execute(sql!("CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL)")).await.unwrap();
    db
}

#[tokio::test]
async fn a_connection_a_statement_and_a_transaction_have_the_names_of_opentelemetry() {
    let _turn = TURN.lock().await;
    let local = LocalDsql::start().await.unwrap();
    let (collector, _guard) = listen(Level::DEBUG);
    let db = connected(&local).await;
    let port = local.address().port();
    let place = format!("server.address={}", local.endpoint());
    let common = ["otel.kind", "db.system.name", "db.namespace", "server.address", "server.port"];
    assert_eq!(
        collector.take(&common),
        [
            format!(
                "connect otel.kind=client db.system.name=postgresql db.namespace=postgres {place} server.port={port}"
            ),
            format!("statement otel.kind=client db.system.name=postgresql db.namespace=postgres {place}"),
        ]
    );

    let names = ["otel.name", "db.operation.name", "db.operation.batch.size", "db.query.text"];
    db.insert(NewOwner::new(1, "a name that nobody else shall read")).await.unwrap();
    db.load(Owner::query()).await.unwrap();
    assert_eq!(
        collector.take(&names),
        [
            "statement otel.name=INSERT db.operation.name=INSERT",
            "statement otel.name=SELECT db.operation.name=SELECT"
        ]
    );

    let ends = ["db.operation.name", "mizzle.attempts", "mizzle.outcome"];
    local.inject(Fault::DataConflict);
    db.transaction(async |tx| tx.execute(Owner::update(owner::name.eq("Ann")).filter(owner::id.eq(1))).await)
        .await
        .unwrap();
    assert_eq!(
        collector.take(&ends),
        [
            "transaction mizzle.attempts=2 mizzle.outcome=committed",
            "statement (in transaction) db.operation.name=UPDATE",
            "statement (in transaction) db.operation.name=UPDATE",
        ]
    );
}

#[tokio::test]
async fn what_failed_says_why() {
    let _turn = TURN.lock().await;
    let local = LocalDsql::start().await.unwrap();
    let (collector, _guard) = listen(Level::DEBUG);
    let db = connected(&local).await;
    db.insert(NewOwner::new(1, "Ann")).await.unwrap();
    collector.take(&[]);
    let ends = ["db.response.status_code", "error.type", "otel.status_code", "mizzle.outcome"];
    db.insert(NewOwner::new(1, "Ann")).await.unwrap_err();
    assert_eq!(
        collector.take(&ends),
        ["statement db.response.status_code=23505 error.type=23505 otel.status_code=ERROR"]
    );
    let failed: Result<(), Error> = db
        .transaction(async |tx| {
            tx.insert(NewOwner::new(1, "Ann")).await?;
            Ok(())
        })
        .await;
    failed.unwrap_err();
    assert_eq!(
        collector.take(&ends),
        [
            "transaction mizzle.outcome=rolled back",
            "statement (in transaction) db.response.status_code=23505 error.type=23505 otel.status_code=ERROR",
        ]
    );
    local.inject(Fault::CutSession);
    db.insert(NewOwner::new(2, "Bob")).await.unwrap_err();
    assert_eq!(collector.take(&ends), ["statement error.type=connection otel.status_code=ERROR"]);
    Db::connect(config(&local).user("stranger")).await.unwrap_err();
    assert_eq!(
        collector.take(&ends),
        ["connect db.response.status_code=28000 error.type=28000 otel.status_code=ERROR"]
    );
}

#[tokio::test]
async fn the_text_of_a_statement_is_for_the_level_trace_and_holds_no_value() {
    let _turn = TURN.lock().await;
    let local = LocalDsql::start().await.unwrap();
    let db = connected(&local).await;
    let (collector, _guard) = listen(Level::TRACE);
    db.load(Owner::query().filter(owner::name.eq("a secret"))).await.unwrap();
    let [seen] = &collector.take(&["db.query.text"])[..] else { panic!("one statement") };
    assert!(seen.starts_with("statement db.query.text=SELECT ") && seen.contains("$1"), "{seen}");
    assert!(!seen.contains("secret"), "{seen}");
}
