#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.load(Pet::query().filter(pet::kind.eq("cat"))).await;
    let _ = db.load(Pet::query().filter(pet::kind.eq(Kind::Cat)).filter(pet::name.eq("Tom"))).await;
}

fn main() {}
