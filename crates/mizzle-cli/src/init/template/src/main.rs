//! newcomer: an application on Amazon Aurora DSQL.

use std::error::Error;

use mizzle::connect::Config;
use mizzle::prelude::*;
use mizzle::{Db, Migrations};
use mizzle_kit::Migrate;
use mizzle_local::LocalDsql;

use newcomer::schema::{NewOwner, NewPet, Owner, owner, pet};

/// The migrations, in the binary.
static MIGRATIONS: Migrations = mizzle::migrations!("migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The cluster that CLUSTER_ENDPOINT names; else an Aurora DSQL on this machine, for as long as the program runs.
    let (config, local) = match std::env::var_os("CLUSTER_ENDPOINT") {
        Some(_) => (Config::from_env()?, None),
        None => {
            let local = LocalDsql::start().await?;
            (Config::from_vars(|name| local.variable(name))?, Some(local))
        }
    };
    let db = Db::connect(config).await?;
    println!("{}", db.migrate(&MIGRATIONS).await?);
    greet(&db).await?;
    drop(db);
    if let Some(local) = local {
        local.stop().await?;
    }
    Ok(())
}

async fn greet(db: &Db) -> Result<(), mizzle::Error> {
    // Committed together, run again when another transaction wins.
    db.transaction(async |tx| {
        let ann = tx.insert(NewOwner::new("Ann")).await?;
        tx.insert(NewPet::new("Rex").owner_id(ann.id)).await?;
        Ok::<_, mizzle::Error>(())
    })
    .await?;
    // One round trip.
    let owners = Owner::query()
        .filter(owner::name.eq("Ann"))
        .with(Owner::pets().order_by(pet::name));
    for owner in db.load(owners).await? {
        let pets: Vec<&str> = owner.related.iter().map(|pet| &*pet.name).collect();
        println!("{} has {}", owner.name, pets.join(", "));
    }
    Ok(())
}
