//! The tables: each a struct, of which `mizzle generate` makes the migrations.

use mizzle::prelude::*;
use uuid::Uuid;

/// Somebody who brings pets.
#[table]
#[has_many(pets: Pet)]
pub struct Owner {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(80))]
    pub name: String,
}

/// An animal, perhaps with an owner.
#[table]
#[index(owner_id)]
pub struct Pet {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(80))]
    pub name: String,
    #[belongs_to(owner: Owner, foreign_key())]
    pub owner_id: Option<Uuid>,
}

mizzle::schema! { Owner, Pet }
