#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Owner::query().order_by(pet::name)).await;
}

fn main() {}
