#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Pet::query().with(Owner::pets())).await;
}

fn main() {}
