use mizzle::prelude::*;
use uuid::Uuid;

#[table]
#[has_many(pets: Pet)]
pub struct Owner {
    #[column(primary_key)]
    pub id: Uuid,
}

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    pub owner_id: Uuid,
}

fn main() {}
