#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Owner)]
struct Card {
    pets: Option<Pet>,
}

fn main() {}
