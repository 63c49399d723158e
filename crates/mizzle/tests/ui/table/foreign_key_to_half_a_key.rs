use mizzle::prelude::*;

#[table]
pub struct Spot {
    #[column(primary_key)]
    pub floor: i32,
    #[column(primary_key)]
    pub number: i32,
}

#[table]
#[foreign_key(floor => Spot)]
pub struct Seat {
    #[column(primary_key)]
    pub id: i64,
    pub floor: i32,
}

fn main() {}
