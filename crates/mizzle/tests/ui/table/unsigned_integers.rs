use mizzle::prelude::*;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: u64,
    pub legs: u32,
}

fn main() {}
