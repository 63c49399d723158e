#[path = "../clinic.rs"]
mod clinic;
use clinic::*;

fn query(error: &mizzle::Error) {
    let _ = mizzle::Error::constraint_of::<Owner>(error) == Some(PetConstraint::Pkey);
}

fn main() {}
