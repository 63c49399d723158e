#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _: Vec<(Owner, Pet)> = db.load(owner::table.left_join(pet::table)).await.unwrap();
}

fn main() {}
