use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    pub nicknames: Vec<String>,
    pub legs: u32,
    pub place: (f64, f64),
}

fn main() {}
