#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

#[derive(Shape)]
struct OfNothing {
    name: String,
}

#[derive(Shape)]
#[shape(of = Owner)]
struct Unknown {
    #[shape(rename = "name")]
    called: String,
}

#[derive(Shape)]
#[shape(of = Owner)]
struct SumOfWhat {
    #[shape(sum = pets)]
    weight: Option<i64>,
}

fn main() {}
