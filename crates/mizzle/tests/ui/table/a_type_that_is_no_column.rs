use mizzle::prelude::*;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Cat,
    Dog,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    pub street: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PetId(Uuid);

#[table]
#[has_many(toys: Toy)]
pub struct Pet {
    #[column(primary_key)]
    pub id: PetId,
    pub kind: Kind,
    pub address: Option<Address>,
}

#[table]
pub struct Toy {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[belongs_to(pet: Pet)]
    pub pet_id: PetId,
}

fn main() {
    let _ = Pet::query().filter(pet::kind.eq(Kind::Cat)).with(Pet::toys());
    let _ = NewPet::new(PetId(Uuid::nil()), Kind::Dog);
}
