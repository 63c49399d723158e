#[path = "../clinic.rs"]
mod clinic;
use clinic::*;

fn update() {
    let _ = Owner::update(PetPatch::default());
}

fn main() {}
