//! sqlx with its own TLS: SQL by hand, rows into structs by its derive; it caches its prepared statements.

use std::collections::HashMap;

use anyhow::Result;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use uuid::Uuid;

use super::{Connected, Library, Server, Tls};
use crate::case::{Case, NEW, READINGS, chunks, station};

#[derive(sqlx::FromRow)]
#[allow(dead_code)]
struct Owner {
    id: Uuid,
    name: String,
    city: String,
    telephone: Option<String>,
}

#[derive(sqlx::FromRow)]
#[allow(dead_code)]
struct Pet {
    id: Uuid,
    name: String,
    owner_id: Uuid,
}

#[derive(sqlx::FromRow)]
#[allow(dead_code)]
struct Visit {
    id: Uuid,
    description: String,
    pet_id: Uuid,
}

struct Sqlx {
    pool: PgPool,
    key: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    Ok(Box::new(Sqlx { pool: pool(&server.tls).await?, key: server.key }))
}

/// One connection, which is not asked whether it lives each time it is taken: nor are the others'.
pub(super) async fn pool(tls: &Tls) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::new()
        .host("localhost")
        .port(tls.port)
        .username("admin")
        .password(&tls.token)
        .database("postgres")
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(&tls.root_certificate);
    PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(options).await
}

impl Library for Sqlx {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        let Sqlx { pool, key } = &*self;
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => {
                    let by_key = "SELECT id, name, city, telephone FROM owner WHERE id = $1";
                    [sqlx::query_as::<_, Owner>(by_key).bind(key).fetch_one(pool).await?].len()
                }
                Case::Insert => {
                    let insert =
                        "INSERT INTO owner (name, city) VALUES ($1, $2) RETURNING id, name, city, telephone";
                    let insert = sqlx::query_as::<_, Owner>(insert).bind(NEW.0).bind(NEW.1);
                    [insert.fetch_one(pool).await?].len()
                }
                Case::Patch => {
                    let update =
                        sqlx::query("UPDATE owner SET city = $1 WHERE id = $2").bind("Oslo").bind(key);
                    update.execute(pool).await?.rows_affected() as usize
                }
                Case::Pets { owners } => {
                    let with = pets(owners, pool).await?;
                    with.iter().map(|(_, pets)| pets.len()).sum()
                }
                Case::Visits { owners } => {
                    let with = visits(owners, pool).await?;
                    with.iter().flat_map(|(_, pets)| pets).map(|(_, visits)| visits.len()).sum()
                }
                Case::Scan => {
                    let scan = "SELECT id, description, pet_id FROM visit";
                    sqlx::query_as::<_, Visit>(scan).fetch_all(pool).await?.len()
                }
                Case::Readings { from } => readings(from, pool).await?,
            })
        })
    }
}

/// Two queries, put together by the key.
async fn pets(owners: usize, pool: &PgPool) -> Result<Vec<(Owner, Vec<Pet>)>, sqlx::Error> {
    let owners: Vec<Owner> =
        sqlx::query_as("SELECT id, name, city, telephone FROM owner ORDER BY id LIMIT $1")
            .bind(owners as i64)
            .fetch_all(pool)
            .await?;
    let ids: Vec<Uuid> = owners.iter().map(|owner| owner.id).collect();
    let rows: Vec<Pet> = sqlx::query_as("SELECT id, name, owner_id FROM pet WHERE owner_id = ANY($1)")
        .bind(&ids)
        .fetch_all(pool)
        .await?;
    let mut of: HashMap<Uuid, Vec<Pet>> = HashMap::with_capacity(owners.len());
    for pet in rows {
        of.entry(pet.owner_id).or_default().push(pet);
    }
    let with = |owner: Owner| {
        let pets = of.remove(&owner.id).unwrap_or_default();
        (owner, pets)
    };
    Ok(owners.into_iter().map(with).collect())
}

type Visits = Vec<(Owner, Vec<(Pet, Vec<Visit>)>)>;

/// A third query for the visits of every pet.
async fn visits(owners: usize, pool: &PgPool) -> Result<Visits, sqlx::Error> {
    let owners = pets(owners, pool).await?;
    let ids: Vec<Uuid> = owners.iter().flat_map(|(_, pets)| pets).map(|pet| pet.id).collect();
    let rows: Vec<Visit> = sqlx::query_as("SELECT id, description, pet_id FROM visit WHERE pet_id = ANY($1)")
        .bind(&ids)
        .fetch_all(pool)
        .await?;
    let mut of: HashMap<Uuid, Vec<Visit>> = HashMap::with_capacity(ids.len());
    for visit in rows {
        of.entry(visit.pet_id).or_default().push(visit);
    }
    let mut with = |pet: Pet| {
        let visits = of.remove(&pet.id).unwrap_or_default();
        (pet, visits)
    };
    Ok(owners.into_iter().map(|(owner, pets)| (owner, pets.into_iter().map(&mut with).collect())).collect())
}

/// One array for each column.
async fn readings(from: i64, pool: &PgPool) -> Result<usize, sqlx::Error> {
    for chunk in chunks(from) {
        let ids: Vec<i64> = chunk.collect();
        let stations: Vec<String> = ids.iter().map(|id| station(*id)).collect();
        sqlx::query("INSERT INTO reading SELECT * FROM UNNEST($1::int8[], $2::text[], $3::int8[])")
            .bind(&ids)
            .bind(&stations)
            .bind(&ids)
            .execute(pool)
            .await?;
    }
    Ok(READINGS as usize)
}
