#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

fn check(db: &Db) {
    let _ = db.stream::<PetCard, _>(PetCard::query());
}

fn main() {}
