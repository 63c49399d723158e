#[path = "../clinic.rs"]
mod clinic;
use clinic::*;

fn insert() {
    let _ = NewPet { id: None, name: String::from("Rex"), owner_id: None };
}

fn main() {}
