#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

fn query() {
    let _ = SeniorPatch::default();
}

fn main() {}
