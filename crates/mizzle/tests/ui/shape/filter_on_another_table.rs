#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Owner)]
struct Card {
    #[shape(filter = owner::name.eq("John"))]
    pets: Vec<Pet>,
}

fn main() {}
