#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.execute(Owner::update(pet::weight.eq(3)).all_rows()).await;
}

fn main() {}
