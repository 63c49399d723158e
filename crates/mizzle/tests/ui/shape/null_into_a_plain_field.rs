#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
#[shape(of = Owner)]
struct Card {
    telephone: String,
}

fn main() {}
