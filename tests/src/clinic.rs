//! Owners, their pets, and what these eat: the tables that tests of relations and of shapes have in common.

use chrono::NaiveDate;
use mizzle::prelude::*;
use uuid::Uuid;

use crate::Ground;

/// Somebody who brings pets.
#[table]
#[has_many(pets: Pet)]
#[has_one(passport: Passport)]
pub struct Owner {
    /// Made by the database.
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    /// As spoken to.
    #[column(varchar(30))]
    pub name: String,
    /// If there is one.
    #[column(varchar(20))]
    pub telephone: Option<String>,
}

/// An animal.
#[table]
#[has_many(visits: Visit)]
#[many_to_many(foods: Food, through = PetToFood)]
pub struct Pet {
    /// Made by the database.
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    /// As called.
    #[column(varchar(30))]
    pub name: String,
    /// In kilograms.
    #[column(default = 10)]
    pub weight: i32,
    /// Whose it is.
    #[belongs_to(owner: Owner)]
    pub owner_id: Option<Uuid>,
}

/// A pet that was here.
#[table]
pub struct Visit {
    /// Given by hand.
    #[column(primary_key)]
    pub number: i64,
    /// Who was here.
    #[belongs_to(pet: Pet)]
    pub pet_id: Uuid,
    /// When.
    #[column(name = "date")]
    pub on: NaiveDate,
    /// What it came to.
    #[column(default = 0)]
    pub cost: i64,
}

/// What pets eat.
#[table]
#[many_to_many(pets: Pet, through = PetToFood)]
pub struct Food {
    /// Such as fish.
    #[column(primary_key, varchar(20))]
    pub name: String,
}

/// Who eats what.
#[table(name = "_PetToFood")]
pub struct PetToFood {
    /// Who eats.
    #[column(primary_key, name = "A")]
    #[belongs_to(pet: Pet)]
    pub pet_id: Uuid,
    /// What is eaten.
    #[column(primary_key, name = "B", varchar(20))]
    #[belongs_to(food: Food)]
    pub food_name: String,
}

/// At most one for each owner.
#[table]
pub struct Passport {
    /// As printed.
    #[column(primary_key)]
    pub number: i64,
    /// Whose it is.
    #[belongs_to(owner: Owner)]
    pub owner_id: Uuid,
}

mizzle::schema! { Owner, Pet, Visit, Food, PetToFood, Passport }

const CREATE: &[&str] = &[
    r#"CREATE TABLE "owner" ("id" uuid PRIMARY KEY DEFAULT gen_random_uuid(), "name" varchar(30) NOT NULL, "telephone" varchar(20))"#,
    r#"CREATE TABLE "pet" ("id" uuid PRIMARY KEY DEFAULT gen_random_uuid(), "name" varchar(30) NOT NULL, "weight" int NOT NULL DEFAULT 10, "owner_id" uuid)"#,
    r#"CREATE TABLE "visit" ("number" bigint PRIMARY KEY, "pet_id" uuid NOT NULL, "date" date NOT NULL, "cost" bigint NOT NULL DEFAULT 0)"#,
    r#"CREATE TABLE "food" ("name" varchar(20) PRIMARY KEY)"#,
    r#"CREATE TABLE "_PetToFood" ("A" uuid, "B" varchar(20), PRIMARY KEY ("A", "B"))"#,
    r#"CREATE TABLE "passport" ("number" bigint PRIMARY KEY, "owner_id" uuid NOT NULL)"#,
];

/// John, with telephone 555, has Rex (10 kg) and Tom (4 kg), who both eat fish; Rex also eats meat. Mary has nothing. Gives John and
/// Rex.
///
/// # Panics
/// When the server does not start or refuses something.
pub async fn open() -> (Ground, Owner, Pet) {
    let ground = Ground::new(CREATE).await;
    let filled = ground.db.transaction(async |tx| {
        let john = tx.insert(NewOwner::new("John").telephone("555")).await?;
        tx.insert(NewOwner::new("Mary")).await?;
        let rex = tx.insert(NewPet::new("Rex").owner_id(john.id)).await?;
        let tom = tx.insert(NewPet::new("Tom").weight(4).owner_id(john.id)).await?;
        tx.insert_many(&[NewFood::new("fish"), NewFood::new("meat")]).await?;
        let eats = [(&rex, "fish"), (&rex, "meat"), (&tom, "fish")];
        tx.insert_many(&eats.map(|(pet, food)| NewPetToFood::new(pet.id, food))).await?;
        Ok::<_, mizzle::Error>((john, rex))
    });
    let (john, rex) = filled.await.expect("the clinic is filled");
    (ground, john, rex)
}

/// A day of January 2026.
///
/// # Panics
/// When January has no such day.
#[must_use]
pub fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, day).expect("a day of January")
}
