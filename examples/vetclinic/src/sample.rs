//! The sample: fills the clinic, asks it three questions, checks the answers and leaves no row behind.

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use mizzle::diesel;
use mizzle::prelude::*;
use uuid::Uuid;

use vetclinic::schema::{
    NewOwner, NewPet, NewSpecialty, NewSpecialtyToVet, NewVet, Owner, Pet, Specialty, SpecialtyToVet, Vet,
    owner, pet, specialty, specialty_to_vet, vet,
};

/// The rows that a run has made.
pub(crate) struct Created {
    owners: Vec<Owner>,
    pets: Vec<Pet>,
    specialties: Vec<Specialty>,
    vets: Vec<Vet>,
}

/// Creates, queries, cleans up.
pub(crate) async fn run(db: &Db) -> Result<()> {
    let created = create(db).await?;
    created.report();
    finish(db, &created).await
}

/// Queries and cleans up, also when a query did not find what it should.
pub(crate) async fn finish(db: &Db, created: &Created) -> Result<()> {
    let queried = query(db, created).await;
    println!("Cleaning up...");
    let cleaned = clean_up(db, created).await;
    queried?;
    cleaned.context("the sample's rows are still there")?;
    println!("Cleanup complete.");
    Ok(())
}

/// What the veterinarians are good at.
const VETS: [(&str, &[&str]); 2] = [("Akua Mansa", &["Exotic"]), ("Carlos Salazar", &["Cats", "Dogs"])];

/// Everything in one transaction, so that a conflict or a failure leaves nothing half done.
pub(crate) async fn create(db: &Db) -> Result<Created, mizzle::Error> {
    db.transaction(async |tx| {
        let john = tx.insert(NewOwner::new("John Doe", "New York")).await?;
        let mary = tx.insert(NewOwner::new("Mary Major", "Anytown").telephone("555-555-0123")).await?;
        let pets = [
            NewPet::new("Pet1", date(2006, 10, 25)).owner_id(john.id),
            NewPet::new("Pet2", date(2021, 7, 23)).owner_id(john.id),
        ];
        let pets = tx.insert_many(&pets).await?;
        // specialties are known by their names, and another run may have left some
        let specialties = diesel::insert_into(specialty::table)
            .values(Vec::from(["Exotic", "Dogs", "Cats"].map(NewSpecialty::new)))
            .on_conflict_do_nothing()
            .returning(Specialty::as_returning());
        let specialties = tx.load(specialties).await?;
        let mut vets = Vec::new();
        for (name, good_at) in VETS {
            let vet = tx.insert(NewVet::new(name)).await?;
            let links: Vec<_> = good_at.iter().map(|name| NewSpecialtyToVet::new(*name, vet.id)).collect();
            tx.insert_many(&links).await?;
            vets.push(vet);
        }
        Ok(Created { owners: vec![john, mary], pets, specialties, vets })
    })
    .await
}

/// Three questions, one round trip each.
async fn query(db: &Db, created: &Created) -> Result<()> {
    println!("Querying pet information...");
    pets_with_owners(db, created).await?;
    println!("Querying owner information...");
    owners_with_pets(db, created).await?;
    println!("Querying veterinarians with specialties...");
    vets_with_specialties(db, created).await
}

pub(crate) async fn pets_with_owners(db: &Db, created: &Created) -> Result<()> {
    let pets = Pet::query().filter(pet::id.eq_any(created.pets())).order_by(pet::name);
    let pets = db.load(pets.with(Pet::owner())).await?;
    let found: Vec<_> =
        pets.iter().map(|pet| (&*pet.name, pet.related.as_ref().map(|owner| &*owner.name))).collect();
    let expected = [("Pet1", Some("John Doe")), ("Pet2", Some("John Doe"))];
    ensure!(found == expected, "the pets and their owners should be {expected:?}, found {found:?}");
    Ok(())
}

pub(crate) async fn owners_with_pets(db: &Db, created: &Created) -> Result<()> {
    let owners = Owner::query().filter(owner::id.eq_any(created.owners())).order_by(owner::name);
    let owners = db.load(owners.with(Owner::pets())).await?;
    let found: Vec<_> = owners.iter().map(|owner| (&*owner.name, owner.related.len())).collect();
    let expected = [("John Doe", 2), ("Mary Major", 0)];
    ensure!(found == expected, "the owners and their pets should be {expected:?}, found {found:?}");
    Ok(())
}

pub(crate) async fn vets_with_specialties(db: &Db, created: &Created) -> Result<()> {
    let vets = Vet::query().filter(vet::id.eq_any(created.vets())).order_by(vet::name);
    let vets = db.load(vets.with(Vet::specialties().order_by(specialty::name))).await?;
    let names = |specialties: &[Specialty]| specialties.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let found: Vec<_> = vets.iter().map(|vet| (&*vet.name, names(&vet.related))).collect();
    let expected =
        VETS.map(|(vet, specialties)| (vet, specialties.iter().map(|&name| name.into()).collect()));
    ensure!(found == expected, "the vets and their specialties should be {expected:?}, found {found:?}");
    Ok(())
}

/// Deletes what this run has made, links first.
async fn clean_up(db: &Db, created: &Created) -> Result<(), mizzle::Error> {
    db.transaction(async |tx| {
        let specialties = created.specialties.iter().map(|specialty| &*specialty.name);
        tx.execute(SpecialtyToVet::delete().filter(specialty_to_vet::vet_id.eq_any(created.vets()))).await?;
        tx.execute(Vet::delete().filter(vet::id.eq_any(created.vets()))).await?;
        tx.execute(Specialty::delete().filter(specialty::name.eq_any(specialties))).await?;
        tx.execute(Pet::delete().filter(pet::id.eq_any(created.pets()))).await?;
        tx.execute(Owner::delete().filter(owner::id.eq_any(created.owners()))).await?;
        Ok(())
    })
    .await
}

impl Created {
    fn owners(&self) -> impl Iterator<Item = Uuid> {
        self.owners.iter().map(|owner| owner.id)
    }

    fn pets(&self) -> impl Iterator<Item = Uuid> {
        self.pets.iter().map(|pet| pet.id)
    }

    fn vets(&self) -> impl Iterator<Item = Uuid> {
        self.vets.iter().map(|vet| vet.id)
    }

    fn report(&self) {
        println!("Creating owners...");
        for owner in &self.owners {
            println!("Created owner: {} (ID: {})", owner.name, owner.id);
        }
        println!("Creating pets...");
        for pet in &self.pets {
            let owner = self.owners.iter().find(|owner| Some(owner.id) == pet.owner_id);
            println!("Created pet: {} (Owner: {})", pet.name, owner.map_or("none", |owner| &owner.name));
        }
        println!("Creating veterinary specialties...");
        println!("Created specialties: Exotic, Dogs, Cats");
        println!("Creating veterinarians...");
        for (name, specialties) in VETS {
            let label = if specialties.len() == 1 { "Specialty" } else { "Specialties" };
            println!("Created vet: {name} ({label}: {})", specialties.join(", "));
        }
    }
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("the sample's dates are in the calendar")
}
