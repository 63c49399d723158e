#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Owner::query().filter(pet::name.eq("Rex"))).await;
}

fn main() {}
