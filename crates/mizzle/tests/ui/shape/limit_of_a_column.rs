#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Owner)]
struct Card {
    #[shape(limit = 3)]
    name: String,
}

fn main() {}
