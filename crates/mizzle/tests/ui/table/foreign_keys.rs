use mizzle::prelude::*;

#[table]
pub struct Spot {
    #[column(primary_key)]
    pub floor: i32,
    #[column(primary_key)]
    pub number: i32,
}

#[table]
pub struct Room {
    #[column(primary_key)]
    pub id: i64,
}

#[table]
#[foreign_key(floor, number => Spot(floor))]
pub struct Seat {
    #[column(primary_key)]
    pub id: i64,
    pub floor: i32,
    pub number: i32,
    #[belongs_to(room: Room, foreign_key(on_delete = set_null, on_update = set_default))]
    pub room_id: i64,
}

#[table]
#[foreign_key(floor => Spot, on_delete = explode)]
pub struct Chair {
    #[column(primary_key)]
    pub id: i64,
    pub floor: i32,
}

fn main() {}
