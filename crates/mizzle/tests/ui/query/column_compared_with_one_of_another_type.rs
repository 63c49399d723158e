#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Pet::query().filter(pet::weight.eq(pet::name))).await;
}

fn main() {}
