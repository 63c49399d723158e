#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) -> Result<(), mizzle::Error> {
    let _: Vec<String> = db.load(owner::table.select(owner::telephone)).await?;
    Ok(())
}

fn main() {}
