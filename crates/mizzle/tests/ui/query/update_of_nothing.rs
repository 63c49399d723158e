#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.execute(Owner::update(()).all_rows()).await;
}

fn main() {}
