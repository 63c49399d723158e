#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Owner::query().filter(owner::name.eq(42))).await;
}

fn main() {}
