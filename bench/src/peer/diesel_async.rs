//! Diesel over diesel-async, on the same kind of client as raw; it caches its prepared statements.

use anyhow::Result;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{Connected, Library, Server};
use crate::case::{Case, NEW, READINGS, chunks, station};

diesel::table! {
    owner (id) {
        id -> Uuid,
        name -> Varchar,
        city -> Varchar,
        telephone -> Nullable<Varchar>,
    }
}

diesel::table! {
    pet (id) {
        id -> Uuid,
        name -> Varchar,
        owner_id -> Uuid,
    }
}

diesel::table! {
    visit (id) {
        id -> Uuid,
        description -> Varchar,
        pet_id -> Uuid,
    }
}

diesel::table! {
    reading (id) {
        id -> BigInt,
        station -> Text,
        height -> BigInt,
    }
}

#[derive(Queryable, Selectable, Identifiable)]
#[diesel(table_name = owner, check_for_backend(diesel::pg::Pg))]
#[allow(dead_code)]
struct Owner {
    id: Uuid,
    name: String,
    city: String,
    telephone: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = owner)]
struct NewOwner<'a> {
    name: &'a str,
    city: &'a str,
}

#[derive(AsChangeset, Default)]
#[diesel(table_name = owner)]
struct OwnerPatch {
    name: Option<String>,
    city: Option<String>,
    telephone: Option<Option<String>>,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = pet, belongs_to(Owner), check_for_backend(diesel::pg::Pg))]
#[allow(dead_code)]
struct Pet {
    id: Uuid,
    name: String,
    owner_id: Uuid,
}

#[derive(Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = visit, belongs_to(Pet), check_for_backend(diesel::pg::Pg))]
#[allow(dead_code)]
struct Visit {
    id: Uuid,
    description: String,
    pet_id: Uuid,
}

#[derive(Insertable)]
#[diesel(table_name = reading)]
struct NewReading {
    id: i64,
    station: String,
    height: i64,
}

struct Diesel {
    connection: AsyncPgConnection,
    key: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    let connection = AsyncPgConnection::try_from(server.config.connect().await?).await?;
    Ok(Box::new(Diesel { connection, key: server.key }))
}

impl Library for Diesel {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        let Diesel { connection, key } = self;
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => {
                    let by_key = owner::table.find(*key).select(Owner::as_select());
                    [by_key.first(connection).await?].len()
                }
                Case::Insert => {
                    let new = NewOwner { name: NEW.0, city: NEW.1 };
                    let insert =
                        diesel::insert_into(owner::table).values(new).returning(Owner::as_returning());
                    [insert.get_result(connection).await?].len()
                }
                Case::Patch => {
                    let patch = OwnerPatch { city: Some("Oslo".into()), ..Default::default() };
                    diesel::update(owner::table.find(*key)).set(patch).execute(connection).await?
                }
                Case::Pets { owners } => {
                    let owners = first(owners, connection).await?;
                    let pets = Pet::belonging_to(&owners).select(Pet::as_select()).load(connection).await?;
                    let grouped = pets.grouped_by(&owners);
                    let with: Vec<(Owner, Vec<Pet>)> = owners.into_iter().zip(grouped).collect();
                    with.iter().map(|(_, pets)| pets.len()).sum()
                }
                Case::Visits { owners } => {
                    let owners = first(owners, connection).await?;
                    let pets = Pet::belonging_to(&owners).select(Pet::as_select()).load(connection).await?;
                    let visits =
                        Visit::belonging_to(&pets).select(Visit::as_select()).load(connection).await?;
                    let visits = visits.grouped_by(&pets);
                    let pets: Vec<(Pet, Vec<Visit>)> = pets.into_iter().zip(visits).collect();
                    let grouped = pets.grouped_by(&owners);
                    let with: Vec<(Owner, Vec<(Pet, Vec<Visit>)>)> =
                        owners.into_iter().zip(grouped).collect();
                    with.iter().flat_map(|(_, pets)| pets).map(|(_, visits)| visits.len()).sum()
                }
                Case::Scan => visit::table.select(Visit::as_select()).load(connection).await?.len(),
                Case::Readings { from } => {
                    for chunk in chunks(from) {
                        let rows: Vec<_> =
                            chunk.map(|id| NewReading { id, station: station(id), height: id }).collect();
                        diesel::insert_into(reading::table).values(&rows).execute(connection).await?;
                    }
                    READINGS as usize
                }
            })
        })
    }
}

async fn first(owners: usize, connection: &mut AsyncPgConnection) -> QueryResult<Vec<Owner>> {
    owner::table.order(owner::id).limit(owners as i64).select(Owner::as_select()).load(connection).await
}
