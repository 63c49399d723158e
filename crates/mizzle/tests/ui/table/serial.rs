use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Pet {
    #[column(primary_key, serial)]
    pub id: i64,
    pub owner_id: Option<Uuid>,
}

fn main() {}
