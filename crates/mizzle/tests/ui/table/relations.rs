use mizzle::prelude::*;

#[table]
#[has_many(pets: Pet)]
pub struct Owner {
    #[column(primary_key)]
    pub id: i64,
}

#[table]
#[belongs_to(home: Home, by = (street, house))]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    #[belongs_to(owner: Owner)]
    pub owner_id: i32,
    pub street: String,
}

#[table]
#[belongs_to(owner: Owner)]
#[has_one(id: Pet)]
#[many_to_many(pets: Pet)]
#[has_many(others: Pet, through = Owner)]
pub struct Home {
    #[column(primary_key)]
    pub id: i64,
}

fn main() {}
