use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    #[belongs_to(owner: Pet)]
    pub first: Option<Uuid>,
    #[belongs_to(owner: Pet)]
    pub second: Option<Uuid>,
}

fn main() {}
