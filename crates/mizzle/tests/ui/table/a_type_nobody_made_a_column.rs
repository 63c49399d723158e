use mizzle::prelude::*;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Cat,
    Dog,
}

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    pub kind: Kind,
    pub name: String,
}

pub async fn used(db: &Db) -> Result<Vec<Pet>, mizzle::Error> {
    db.insert(NewPet::new(Uuid::nil(), Kind::Cat, "Tom")).await?;
    db.execute(Pet::update(PetPatch { kind: Some(Kind::Dog), ..Default::default() }).all_rows()).await?;
    db.load(Pet::query().filter(pet::name.eq("Tom"))).await
}

fn main() {}
