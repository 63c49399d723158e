#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn run(db: &Db) {
    let _ = db.load(Owner::query().filter(owner::id.eq_any(["one", "two"]))).await;
}

fn main() {}
