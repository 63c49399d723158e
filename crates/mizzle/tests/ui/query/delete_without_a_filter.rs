#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn delete(db: &Db) {
    let _ = db.execute(Owner::delete()).await;
}

fn main() {}
