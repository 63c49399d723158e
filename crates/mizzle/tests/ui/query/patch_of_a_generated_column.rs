#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = PetPatch { label: Some("Tom".into()), ..Default::default() };
}

fn main() {}
