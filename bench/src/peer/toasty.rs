//! Toasty with its own TLS and pool. It makes the key of a new row itself, where the others leave it to the server.

use std::fmt::Write;

use anyhow::Result;
use futures_util::future::BoxFuture;
use toasty::{Db, Deferred};
use uuid::Uuid;

use super::{Connected, Library, Server, Tls};
use crate::case::{Case, NEW, READINGS, chunks, station};

#[derive(Debug, toasty::Model)]
#[table = "owner"]
#[allow(dead_code)]
struct Owner {
    #[key]
    #[auto]
    id: Uuid,
    name: String,
    city: String,
    telephone: Option<String>,
    #[has_many]
    pets: Deferred<Vec<Pet>>,
}

#[derive(Debug, toasty::Model)]
#[table = "pet"]
#[allow(dead_code)]
struct Pet {
    #[key]
    #[auto]
    id: Uuid,
    name: String,
    #[index]
    owner_id: Uuid,
    #[belongs_to]
    owner: Deferred<Owner>,
    #[has_many]
    visits: Deferred<Vec<Visit>>,
}

#[derive(Debug, toasty::Model)]
#[table = "visit"]
#[allow(dead_code)]
struct Visit {
    #[key]
    #[auto]
    id: Uuid,
    description: String,
    #[index]
    pet_id: Uuid,
    #[belongs_to]
    pet: Deferred<Pet>,
}

#[derive(Debug, toasty::Model)]
#[table = "reading"]
#[allow(dead_code)]
struct Reading {
    #[key]
    id: i64,
    station: String,
    height: i64,
}

struct Toasty {
    db: Db,
    key: Uuid,
}

pub(super) async fn connect(server: Server) -> Connected {
    let db = Db::builder()
        .models(toasty::models!(Owner, Pet, Visit, Reading))
        .max_pool_size(1)
        .connect(&url(&server.tls))
        .await?;
    Ok(Box::new(Toasty { db, key: server.key }))
}

/// The settings as the URL that it takes.
fn url(tls: &Tls) -> String {
    let root = tls.root_certificate.display();
    let (port, token, root) = (tls.port, encoded(&tls.token), encoded(&root.to_string()));
    format!(
        "postgresql://admin@localhost:{port}/postgres?sslmode=verify-full&sslrootcert={root}&password={token}"
    )
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

impl Library for Toasty {
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>> {
        let Toasty { db, key } = self;
        Box::pin(async move {
            Ok(match case {
                Case::ByKey => [Owner::get_by_id(db, &*key).await?].len(),
                Case::Insert => [toasty::create!(Owner { name: NEW.0, city: NEW.1 }).exec(db).await?].len(),
                Case::Patch => {
                    Owner::filter_by_id(*key).update().city("Oslo").exec(db).await?;
                    1
                }
                Case::Pets { owners } => {
                    let query = Owner::all()
                        .order_by(Owner::fields().id().asc())
                        .limit(owners)
                        .include(Owner::fields().pets());
                    query.exec(db).await?.iter().map(|owner| owner.pets.get().len()).sum()
                }
                Case::Visits { owners } => {
                    let query = Owner::all()
                        .order_by(Owner::fields().id().asc())
                        .limit(owners)
                        .include(Owner::fields().pets().visits());
                    let owners = query.exec(db).await?;
                    owners.iter().flat_map(|owner| owner.pets.get()).map(|pet| pet.visits.get().len()).sum()
                }
                Case::Scan => Visit::all().exec(db).await?.len(),
                Case::Readings { from } => {
                    for chunk in chunks(from) {
                        let rows = chunk.fold(Reading::create_many(), |rows, id| {
                            rows.item(Reading::create().id(id).station(station(id)).height(id))
                        });
                        rows.exec(db).await?;
                    }
                    READINGS as usize
                }
            })
        })
    }
}
