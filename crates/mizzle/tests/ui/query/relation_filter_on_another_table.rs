#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Owner::query().with(Owner::pets().filter(owner::name.eq("John Doe")))).await;
}

fn main() {}
