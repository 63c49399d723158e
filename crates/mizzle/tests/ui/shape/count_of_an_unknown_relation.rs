#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Owner)]
struct Card {
    #[shape(count = petz)]
    pet_count: i64,
}

#[derive(Shape)]
#[shape(of = Owner)]
struct Short {
    #[shape(count = pets)]
    pet_count: i32,
}

fn main() {}
