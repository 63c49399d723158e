#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Pet)]
struct Card {
    owner: Owner,
}

fn main() {}
