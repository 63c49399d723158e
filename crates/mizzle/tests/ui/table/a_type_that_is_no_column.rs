use mizzle::prelude::*;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Cat,
    Dog,
}

pub enum Mood {
    Calm,
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
    #[column(default = Mood::Calm)]
    pub mood: Mood,
    pub address: Option<Address>,
}

#[table]
pub struct Toy {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[belongs_to(pet: Pet)]
    pub pet_id: Uuid,
}

mizzle::schema! { Pet, Toy }

#[derive(Shape)]
#[shape(of = Pet)]
pub struct Card {
    pub mood: Mood,
    pub toys: Vec<Toy>,
}

// what uses the columns is no second mistake
pub async fn queries(db: &Db) -> Result<(), mizzle::Error> {
    let _ = db.load(Pet::query().filter(pet::kind.eq(Kind::Cat)).with(Pet::toys())).await?;
    let _: Vec<(Kind, PetId)> = db.load(pet::table.select((pet::kind, pet::id))).await?;
    let _: Vec<(Toy, Pet)> = db.load(toy::table.inner_join(pet::table)).await?;
    let pet: Pet = db.insert(NewPet::new(PetId(Uuid::nil()), Kind::Dog).mood(Mood::Calm)).await?;
    let patch = PetPatch { kind: Some(Kind::Cat), ..Default::default() };
    db.execute(Pet::update(patch).filter(pet::id.eq(pet.id))).await?;
    Ok(())
}

fn main() {}
