#[path = "../clinic.rs"]
mod clinic;
use clinic::*;

fn query(_: Senior) {
    let _ = SeniorPatch::default();
}

fn main() {}
