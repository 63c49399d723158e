//! Ours.

use anyhow::Result;
use futures_util::future::BoxFuture;
use mizzle::prelude::*;
use uuid::Uuid;

use super::{Connected, Library, Server};
use crate::case::{Case, NEW, READINGS, station};

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
#[has_many(visits: Visit)]
struct Pet {
    #[column(primary_key, default = gen_random_uuid())]
    id: Uuid,
    #[column(varchar(30))]
    name: String,
    #[belongs_to(owner: Owner)]
    owner_id: Uuid,
}

#[table]
struct Visit {
    #[column(primary_key, default = gen_random_uuid())]
    id: Uuid,
    #[column(varchar(80))]
    description: String,
    #[belongs_to(pet: Pet)]
    pet_id: Uuid,
}

#[table]
struct Reading {
    #[column(primary_key)]
    id: i64,
    station: String,
    height: i64,
}

struct Mizzle {
    db: Db,
    key: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    Ok(Box::new(Mizzle { db: Db::connect(server.config).await?, key: server.key }))
}

impl Library for Mizzle {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        let Mizzle { db, key } = self;
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => db.load(Owner::query().filter(owner::id.eq(*key))).await?.len(),
                Case::Insert => [db.insert(NewOwner::new(NEW.0, NEW.1)).await?].len(),
                Case::Patch => {
                    let patch = OwnerPatch { city: Some("Oslo".into()), ..Default::default() };
                    db.execute(Owner::update(patch).filter(owner::id.eq(*key))).await? as usize
                }
                Case::Pets { owners } => {
                    let query = Owner::query().order_by(owner::id).limit(owners as i64).with(Owner::pets());
                    db.load(query).await?.iter().map(|owner| owner.related.len()).sum()
                }
                Case::Visits { owners } => {
                    let query = Owner::query()
                        .order_by(owner::id)
                        .limit(owners as i64)
                        .with(Owner::pets().with(Pet::visits()));
                    let owners = db.load(query).await?;
                    owners.iter().flat_map(|owner| &owner.related).map(|pet| pet.related.len()).sum()
                }
                Case::Scan => db.load(Visit::query()).await?.len(),
                Case::Readings { from } => {
                    let rows = (from..from + READINGS).map(|id| NewReading::new(id, station(id), id));
                    db.insert_all(rows).await?.rows as usize
                }
            })
        })
    }
}
