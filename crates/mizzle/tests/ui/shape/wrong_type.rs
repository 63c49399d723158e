#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Pet)]
struct Card {
    weight: String,
}

fn main() {}
