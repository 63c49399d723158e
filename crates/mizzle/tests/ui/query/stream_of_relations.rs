#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

fn check(db: &Db) {
    let _ = db.stream::<With<Owner, Vec<Pet>>, _>(Owner::query().with(Owner::pets()));
}

fn main() {}
