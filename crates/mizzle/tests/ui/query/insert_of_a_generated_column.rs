#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.insert(NewPet { label: "Tom".into(), ..NewPet::new("Tom", 3) }).await;
}

fn main() {}
