#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn update(db: &Db) {
    let _ = db.execute(Owner::update(OwnerPatch::default())).await;
}

fn main() {}
