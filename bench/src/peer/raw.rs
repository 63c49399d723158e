//! tokio-postgres by hand, every statement prepared: the limit.

use std::collections::HashMap;

use anyhow::Result;
use futures_util::future::BoxFuture;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::{Connected, Library, Server};
use crate::case::{Case, NEW, READINGS, chunks, station};

struct Raw {
    client: Client,
    key: Uuid,
    by_key: Statement,
    insert: Statement,
    patch: Statement,
    owners: Statement,
    pets: Statement,
    visits: Statement,
    scan: Statement,
}

/// Its fields are what a user would have in hand; nothing here looks at them.
#[allow(dead_code)]
struct Owner {
    id: Uuid,
    name: String,
    city: String,
    telephone: Option<String>,
}

#[allow(dead_code)]
struct Pet {
    id: Uuid,
    name: String,
    owner_id: Uuid,
}

#[allow(dead_code)]
struct Visit {
    id: Uuid,
    description: String,
    pet_id: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    let client = server.config.connect().await?;
    Ok(Box::new(Raw {
        key: server.key,
        by_key: client.prepare("SELECT id, name, city, telephone FROM owner WHERE id = $1").await?,
        insert: client
            .prepare("INSERT INTO owner (name, city) VALUES ($1, $2) RETURNING id, name, city, telephone")
            .await?,
        patch: client.prepare("UPDATE owner SET city = $1 WHERE id = $2").await?,
        owners: client.prepare("SELECT id, name, city, telephone FROM owner ORDER BY id LIMIT $1").await?,
        pets: client.prepare("SELECT id, name, owner_id FROM pet WHERE owner_id = ANY($1)").await?,
        visits: client.prepare("SELECT id, description, pet_id FROM visit WHERE pet_id = ANY($1)").await?,
        scan: client.prepare("SELECT id, description, pet_id FROM visit").await?,
        client,
    }))
}

impl Library for Raw {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => [owner(&self.client.query_one(&self.by_key, &[&self.key]).await?)].len(),
                Case::Insert => [owner(&self.client.query_one(&self.insert, &[&NEW.0, &NEW.1]).await?)].len(),
                Case::Patch => self.client.execute(&self.patch, &[&"Oslo", &self.key]).await? as usize,
                Case::Pets { owners } => self.pets(owners).await?.iter().map(|(_, pets)| pets.len()).sum(),
                Case::Visits { owners } => {
                    let owners = self.visits(owners).await?;
                    owners.iter().flat_map(|(_, pets)| pets).map(|(_, visits)| visits.len()).sum()
                }
                Case::Scan => {
                    let rows = self.client.query(&self.scan, &[]).await?;
                    rows.iter().map(visit).collect::<Vec<_>>().len()
                }
                Case::Readings { from } => self.readings(from).await?,
            })
        })
    }
}

impl Raw {
    /// Two queries, put together by the key.
    async fn pets(&self, owners: usize) -> Result<Vec<(Owner, Vec<Pet>)>> {
        let rows = self.client.query(&self.owners, &[&(owners as i64)]).await?;
        let owners: Vec<Owner> = rows.iter().map(owner).collect();
        let ids: Vec<Uuid> = owners.iter().map(|owner| owner.id).collect();
        let mut of: HashMap<Uuid, Vec<Pet>> = HashMap::with_capacity(owners.len());
        for row in self.client.query(&self.pets, &[&ids]).await? {
            of.entry(row.get(2)).or_default().push(pet(&row));
        }
        Ok(owners
            .into_iter()
            .map(|owner| (of.remove(&owner.id).unwrap_or_default(), owner))
            .map(swap)
            .collect())
    }

    /// A third query for the visits of every pet.
    async fn visits(&self, owners: usize) -> Result<Vec<(Owner, Vec<(Pet, Vec<Visit>)>)>> {
        let owners = self.pets(owners).await?;
        let ids: Vec<Uuid> = owners.iter().flat_map(|(_, pets)| pets).map(|pet| pet.id).collect();
        let mut of: HashMap<Uuid, Vec<Visit>> = HashMap::with_capacity(ids.len());
        for row in self.client.query(&self.visits, &[&ids]).await? {
            of.entry(row.get(2)).or_default().push(visit(&row));
        }
        let mut with = |pet: Pet| (of.remove(&pet.id).unwrap_or_default(), pet);
        Ok(owners
            .into_iter()
            .map(|(owner, pets)| (owner, pets.into_iter().map(&mut with).map(swap).collect()))
            .collect())
    }

    /// One array for each column: the fastest of the ways to insert that Aurora DSQL has.
    async fn readings(&self, from: i64) -> Result<usize> {
        let insert = "INSERT INTO reading SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[])";
        let insert = self.client.prepare(insert).await?;
        for chunk in chunks(from) {
            let ids: Vec<i64> = chunk.collect();
            let stations: Vec<String> = ids.iter().map(|id| station(*id)).collect();
            self.client.execute(&insert, &[&ids, &stations, &ids]).await?;
        }
        Ok(READINGS as usize)
    }
}

fn swap<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

fn owner(row: &Row) -> Owner {
    Owner { id: row.get(0), name: row.get(1), city: row.get(2), telephone: row.get(3) }
}

fn pet(row: &Row) -> Pet {
    Pet { id: row.get(0), name: row.get(1), owner_id: row.get(2) }
}

fn visit(row: &Row) -> Visit {
    Visit { id: row.get(0), description: row.get(1), pet_id: row.get(2) }
}
