//! The typed layer beside raw tokio-postgres, on one local DSQL, in turns: the ratio counts, the machine's noise hits both.

use std::collections::HashMap;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Result;
use mizzle::prelude::*;
use mizzle_local::LocalDsql;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::report::{Report, Row, Unit};

#[table]
#[has_many(pets: Pet)]
struct Owner {
    #[column(primary_key, default = gen_random_uuid())]
    id: Uuid,
    #[column(varchar(30))]
    name: String,
    #[column(varchar(80))]
    city: String,
    #[column(varchar(20))]
    telephone: Option<String>,
}

#[table]
struct Pet {
    #[column(primary_key, default = gen_random_uuid())]
    id: Uuid,
    #[column(varchar(30))]
    name: String,
    #[belongs_to(owner: Owner)]
    owner_id: Uuid,
}

const TABLES: [&str; 3] = [
    "CREATE TABLE owner (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(30) NOT NULL, city varchar(80) NOT NULL, telephone varchar(20))",
    "CREATE TABLE pet (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(30) NOT NULL, owner_id uuid NOT NULL)",
    "CREATE INDEX ASYNC ON pet (owner_id)",
];
const OWNERS: usize = 1_000;
const PETS: usize = 5;

/// Milliseconds for each kind of work.
pub(crate) async fn run() -> Result<Report> {
    let local = LocalDsql::start().await?;
    let near = crate::config(&local)?;
    let raw = near.connect().await?;
    let db = Db::connect(near.clone()).await?;
    for table in TABLES {
        raw.batch_execute(table).await?;
    }
    let owners: Vec<_> = (0..OWNERS).map(|at| NewOwner::new(format!("owner {at}"), "Anytown")).collect();
    let owners = db.insert_many(&owners).await?;
    for owners in owners.chunks(3_000 / PETS) {
        let pets: Vec<_> = owners
            .iter()
            .flat_map(|owner| (0..PETS).map(|at| NewPet::new(format!("pet {at}"), owner.id)))
            .collect();
        db.insert_many(&pets).await?;
    }
    let id = owners[OWNERS / 2].id;

    let mut rows = Vec::new();
    rows.push(eager("1,000 owners with 5 pets each", &raw, &db, 1_000).await?);
    rows.push(eager("20 owners with 5 pets each", &raw, &db, 20).await?);
    let far = near.port(crate::network::delayed(local.address(), Duration::from_millis(2)).await?);
    let (far_raw, far_db) = (far.connect().await?, Db::connect(far).await?);
    rows.push(eager("1,000 owners, 2 ms away", &far_raw, &far_db, 1_000).await?);
    rows.push(eager("20 owners, 2 ms away", &far_raw, &far_db, 20).await?);
    let by_key = raw.prepare("SELECT id, name, city, telephone FROM owner WHERE id = $1").await?;
    rows.push(
        compare(
            "one owner by key",
            500,
            async || {
                let row = raw.query_one(&by_key, &[&id]).await?;
                let _: (Uuid, String, String, Option<String>) =
                    (row.get(0), row.get(1), row.get(2), row.get(3));
                Ok(1)
            },
            async || Ok(db.load(Owner::query().filter(owner::id.eq(id))).await?.len()),
        )
        .await?,
    );
    let insert = raw
        .prepare("INSERT INTO owner (name, city) VALUES ($1, $2) RETURNING id, name, city, telephone")
        .await?;
    rows.push(
        compare(
            "insert with defaults, returning the row",
            300,
            async || {
                let row = raw.query_one(&insert, &[&"Ann", &"Bergen"]).await?;
                let _: (Uuid, String, String, Option<String>) =
                    (row.get(0), row.get(1), row.get(2), row.get(3));
                Ok(1)
            },
            async || db.insert(NewOwner::new("Ann", "Bergen")).await.map(|_| 1).map_err(Into::into),
        )
        .await?,
    );
    let update = raw.prepare("UPDATE owner SET city = $1 WHERE id = $2").await?;
    rows.push(
        compare(
            "update of one column by a patch",
            300,
            async || Ok(raw.execute(&update, &[&"Oslo", &id]).await? as usize),
            async || {
                let patch = OwnerPatch { city: Some("Oslo".into()), ..Default::default() };
                Ok(db.execute(Owner::update(patch).filter(owner::id.eq(id))).await? as usize)
            },
        )
        .await?,
    );
    local.stop().await?;
    Ok(Report {
        name: "typed",
        unit: Unit::Milliseconds,
        theirs: "raw",
        ours: "mizzle",
        rows,
        extra: Vec::new(),
        note: None,
    })
}

/// A page of owners with their pets: what one writes by hand, in two round trips, beside one load.
async fn eager(name: &str, raw: &Client, db: &Db, page: i64) -> Result<Row> {
    let owners = raw.prepare("SELECT id, name, city, telephone FROM owner ORDER BY id LIMIT $1").await?;
    let pets = raw.prepare("SELECT id, name, owner_id FROM pet WHERE owner_id = ANY($1)").await?;
    let by_hand = async || {
        let owners: Vec<(Uuid, String, String, Option<String>)> = raw
            .query(&owners, &[&page])
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
            .collect();
        let ids: Vec<Uuid> = owners.iter().map(|owner| owner.0).collect();
        let mut of: HashMap<Uuid, Vec<(Uuid, String)>> = HashMap::with_capacity(owners.len());
        for row in raw.query(&pets, &[&ids]).await? {
            of.entry(row.get(2)).or_default().push((row.get(0), row.get(1)));
        }
        let with: Vec<_> =
            owners.into_iter().map(|owner| (of.remove(&owner.0).unwrap_or_default(), owner)).collect();
        Ok(with.iter().map(|(pets, _)| pets.len()).sum())
    };
    let loaded = async || {
        let owners = db.load(Owner::query().order_by(owner::id).limit(page).with(Owner::pets())).await?;
        Ok(owners.iter().map(|owner| owner.related.len()).sum())
    };
    compare(name, 40, by_hand, loaded).await
}

/// Runs both in turns.
async fn compare<A, B>(name: &str, rounds: usize, raw: impl Fn() -> A, ours: impl Fn() -> B) -> Result<Row>
where
    A: Future<Output = Result<usize>>,
    B: Future<Output = Result<usize>>,
{
    let (mut theirs, mut mine) = (Vec::new(), Vec::new());
    for round in 0..rounds + rounds / 10 {
        let started = Instant::now();
        let expected = raw().await?;
        let between = Instant::now();
        let found = ours().await?;
        let ended = Instant::now();
        anyhow::ensure!(expected == found, "{name}: {found} rows instead of {expected}");
        // the first tenth warms up
        if round >= rounds / 10 {
            theirs.push(between - started);
            mine.push(ended - between);
        }
    }
    let shown = |times| crate::milliseconds(crate::median(times));
    Ok(Row { name: name.to_owned(), theirs: shown(theirs), ours: shown(mine) })
}
