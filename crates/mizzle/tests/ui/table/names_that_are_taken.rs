use mizzle::prelude::*;

#[table]
#[has_many(query: Pet)]
pub struct Owner {
    #[column(primary_key)]
    pub id: i64,
    pub table: String,
    pub all_columns: String,
    pub name: String,
    pub name: String,
}

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    #[belongs_to(owner: Owner)]
    pub owner_id: i64,
}

#[table]
pub struct Crate {
    #[column(primary_key)]
    pub id: i64,
}

mizzle::schema! { Owner, Pet, Owner }

fn main() {}
