#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

fn insert() {
    let _ = NewPet { id: None, name: String::from("Rex"), owner_id: None };
}

fn main() {}
