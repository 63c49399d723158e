//! The clinic's five tables: owners and their pets, veterinarians and their specialties.
//!
//! The relations are logical: they live here, not in FOREIGN KEY clauses of the database.

use chrono::NaiveDate;
use mizzle::prelude::*;
use uuid::Uuid;

/// Somebody who brings pets.
#[table]
#[has_many(pets: Pet)]
pub struct Owner {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(30))]
    pub name: String,
    #[column(varchar(80))]
    pub city: String,
    #[column(varchar(20))]
    pub telephone: Option<String>,
}

/// An animal, perhaps with an owner.
#[table]
#[index(owner_id)]
pub struct Pet {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(30))]
    pub name: String,
    pub birth_date: NaiveDate,
    #[belongs_to(owner: Owner)]
    pub owner_id: Option<Uuid>,
}

/// What a veterinarian can be good at, known by its name.
#[table]
#[many_to_many(vets: Vet, through = SpecialtyToVet)]
pub struct Specialty {
    #[column(primary_key, varchar(80))]
    pub name: String,
}

/// A veterinarian.
#[table]
#[many_to_many(specialties: Specialty, through = SpecialtyToVet)]
pub struct Vet {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(30))]
    pub name: String,
}

/// Which veterinarian has which specialty.
#[table(name = "_SpecialtyToVet")]
pub struct SpecialtyToVet {
    #[column(primary_key, name = "A", varchar(80))]
    #[belongs_to(specialty: Specialty)]
    pub specialty_name: String,
    #[column(primary_key, name = "B")]
    #[belongs_to(vet: Vet)]
    pub vet_id: Uuid,
}

mizzle::schema! { Owner, Pet, Specialty, Vet, SpecialtyToVet }
