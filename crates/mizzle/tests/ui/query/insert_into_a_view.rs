#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db, _: Senior) {
    let _ = db.insert(NewSenior::new("Tom")).await;
}

fn main() {}
