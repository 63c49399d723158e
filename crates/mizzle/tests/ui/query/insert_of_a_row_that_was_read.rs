#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn run(db: &Db, owner: Owner) {
    let _ = db.insert(owner).await;
}

fn main() {}
