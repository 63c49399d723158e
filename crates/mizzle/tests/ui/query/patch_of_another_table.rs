#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

fn update() {
    let _ = Owner::update(PetPatch::default());
}

fn main() {}
