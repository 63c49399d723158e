//! drizzle-rs on the same kind of client as raw; it caches its prepared statements.

use anyhow::Result;
use drizzle::core::asc;
use drizzle::core::expr::eq;
use drizzle::postgres::prelude::*;
use drizzle::postgres::tokio::Drizzle;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Connected, Library, Server};
use crate::case::{Case, NEW, READINGS, chunks, station};

#[PostgresTable(name = "owner")]
struct Owner {
    #[column(primary, default = "gen_random_uuid()")]
    id: Uuid,
    name: String,
    city: String,
    telephone: Option<String>,
}

#[PostgresTable(name = "pet")]
struct Pet {
    #[column(primary, default = "gen_random_uuid()")]
    id: Uuid,
    name: String,
    #[column(references = Owner::id)]
    owner_id: Uuid,
}

#[PostgresTable(name = "visit")]
struct Visit {
    #[column(primary, default = "gen_random_uuid()")]
    id: Uuid,
    description: String,
    #[column(references = Pet::id)]
    pet_id: Uuid,
}

#[PostgresTable(name = "reading")]
struct Reading {
    #[column(primary)]
    id: i64,
    station: String,
    height: i64,
}

#[derive(PostgresSchema)]
struct Schema {
    owner: Owner,
    pet: Pet,
    visit: Visit,
    reading: Reading,
}

struct DrizzleRs {
    db: Drizzle<Schema>,
    key: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    let (db, _) = Drizzle::new(server.config.connect().await?, Schema::new());
    Ok(Box::new(DrizzleRs { db, key: server.key }))
}

impl Library for DrizzleRs {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        let DrizzleRs { db, key } = &*self;
        let Schema { owner, pet, visit, reading } = *db.schema();
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => {
                    let found: SelectOwner =
                        db.select(()).from(owner).r#where(eq(owner.id, *key)).get().await?;
                    [found].len()
                }
                Case::Insert => {
                    let insert = db.insert(owner).value(InsertOwner::new(NEW.0, NEW.1));
                    let made: SelectOwner = insert.returning(()).get().await?;
                    [made].len()
                }
                Case::Patch => {
                    let update = db.update(owner).set(UpdateOwner::default().with_city("Oslo"));
                    update.r#where(eq(owner.id, *key)).execute().await? as usize
                }
                Case::Pets { owners } => {
                    let query =
                        db.query(owner).with(owner.pets()).order_by(asc(owner.id)).limit(owners as u32);
                    query.find_many().await?.iter().map(|owner| owner.pets.len()).sum()
                }
                Case::Visits { owners } => {
                    let query = db
                        .query(owner)
                        .with(owner.pets().with(pet.visits()))
                        .order_by(asc(owner.id))
                        .limit(owners as u32);
                    let owners = query.find_many().await?;
                    owners.iter().flat_map(|owner| owner.pets.iter()).map(|pet| pet.visits.len()).sum()
                }
                Case::Scan => {
                    let rows: Vec<SelectVisit> = db.select(()).from(visit).all().await?;
                    rows.len()
                }
                Case::Readings { from } => {
                    for chunk in chunks(from) {
                        let rows = chunk.map(|id| InsertReading::new(id, station(id), id));
                        db.insert(reading).values(rows).execute().await?;
                    }
                    READINGS as usize
                }
            })
        })
    }
}
