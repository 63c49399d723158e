use mizzle::prelude::*;

#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    pub id: i64,
}

#[table]
#[has_many(owners: Owner)]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    #[belongs_to(owner: Owner)]
    pub owner_id: i64,
}

fn main() {}
