use mizzle::prelude::*;
use uuid::Uuid;

#[table]
#[index(owner)]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    pub owner_id: Uuid,
}

fn main() {}
