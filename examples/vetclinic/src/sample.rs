//! The sample: fills the clinic, asks it three questions, checks the answers and leaves no row behind.

use anyhow::{Context, Result, ensure};
use chrono::NaiveDate;
use mizzle::diesel;
use mizzle::prelude::*;

use crate::schema::{
    NewOwner, NewPet, NewSpecialty, NewSpecialtyToVet, NewVet, Owner, Pet, Specialty, SpecialtyToVet, Vet,
    owner, pet, specialty, specialty_to_vet, vet,
};

/// What the sample asks of a pet: its name, and whose it is.
#[derive(Shape)]
#[shape(of = Pet)]
struct PetCard {
    name: String,
    owner: Option<OwnerName>,
}

/// An owner's name.
#[derive(Shape)]
#[shape(of = Owner)]
struct OwnerName {
    name: String,
}

/// What the sample asks of an owner: the name, and the pets.
#[derive(Shape)]
#[shape(of = Owner)]
struct OwnerCard {
    name: String,
    #[shape(order_by = pet::name)]
    pets: Vec<PetName>,
}

/// A pet's name.
#[derive(Shape)]
#[shape(of = Pet)]
struct PetName {
    name: String,
}

/// What the sample asks of a veterinarian: the name, and the specialties.
#[derive(Shape)]
#[shape(of = Vet)]
struct VetCard {
    name: String,
    #[shape(order_by = specialty::name)]
    specialties: Vec<Specialty>,
}

/// The rows that this run has made.
struct Created {
    owners: Vec<Owner>,
    pets: Vec<Pet>,
    specialties: Vec<Specialty>,
    vets: Vec<(Vet, Vec<&'static str>)>,
}

/// Creates, queries, cleans up.
pub(crate) async fn run(db: &Db) -> Result<()> {
    let created = create(db).await?;
    created.report();
    finish(db, &created).await
}

/// Queries and cleans up, also when a query did not find what it should.
async fn finish(db: &Db, created: &Created) -> Result<()> {
    let queried = query(db, created).await;
    println!("Cleaning up...");
    let cleaned = clean_up(db, created).await;
    queried?;
    cleaned.context("the sample's rows are still there")?;
    println!("Cleanup complete.");
    Ok(())
}

/// Everything in one transaction, so that a conflict or a failure leaves nothing half done.
async fn create(db: &Db) -> Result<Created, mizzle::Error> {
    db.transaction(async |tx| {
        let owners = tx
            .insert_many(&[
                NewOwner::new("John Doe", "Anytown").telephone("555-555-0150"),
                NewOwner::new("Mary Major", "Anytown").telephone("555-555-0151"),
            ])
            .await?;
        let john = owners[0].id;
        let pets = tx
            .insert_many(&[
                NewPet::new("Pet1", date(2006, 10, 25)).owner_id(john),
                NewPet::new("Pet2", date(2021, 7, 23)).owner_id(john),
            ])
            .await?;
        // specialties are known by their names, and another run may have left some
        let specialties = tx
            .load(
                diesel::insert_into(specialty::table)
                    .values(vec![
                        NewSpecialty::new("Exotic"),
                        NewSpecialty::new("Dogs"),
                        NewSpecialty::new("Cats"),
                    ])
                    .on_conflict_do_nothing()
                    .returning(Specialty::as_returning()),
            )
            .await?;
        let mut vets = Vec::new();
        for (name, good_at) in [("Akua Mansa", vec!["Exotic"]), ("Carlos Salazar", vec!["Cats", "Dogs"])] {
            let vet = tx.insert(NewVet::new(name)).await?;
            let links: Vec<_> =
                good_at.iter().map(|specialty| NewSpecialtyToVet::new(*specialty, vet.id)).collect();
            tx.insert_many(&links).await?;
            vets.push((vet, good_at));
        }
        Ok(Created { owners, pets, specialties, vets })
    })
    .await
}

impl Created {
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
        for (vet, specialties) in &self.vets {
            let label = if specialties.len() == 1 { "Specialty" } else { "Specialties" };
            println!("Created vet: {} ({label}: {})", vet.name, specialties.join(", "));
        }
    }
}

/// Three questions, one round trip each.
async fn query(db: &Db, created: &Created) -> Result<()> {
    println!("Querying pet information...");
    let pets = db
        .load(
            PetCard::query()
                .filter(pet::id.eq_any(created.pets.iter().map(|pet| pet.id)))
                .order_by(pet::name),
        )
        .await?;
    let found: Vec<_> =
        pets.iter().map(|pet| (&*pet.name, pet.owner.as_ref().map(|owner| &*owner.name))).collect();
    ensure!(
        found == [("Pet1", Some("John Doe")), ("Pet2", Some("John Doe"))],
        "the pets and their owners should be Pet1 and Pet2 of John Doe, found {found:?}"
    );

    println!("Querying owner information...");
    let owners = db
        .load(
            OwnerCard::query()
                .filter(owner::id.eq_any(created.owners.iter().map(|owner| owner.id)))
                .order_by(owner::name),
        )
        .await?;
    let found: Vec<_> = owners.iter().map(|owner| (&*owner.name, names(&owner.pets))).collect();
    ensure!(
        found == [("John Doe", vec!["Pet1", "Pet2"]), ("Mary Major", vec![])],
        "the owners and their pets should be John Doe with two and Mary Major with none, found {found:?}"
    );

    println!("Querying veterinarians with specialties...");
    let vets = db
        .load(
            VetCard::query()
                .filter(vet::id.eq_any(created.vets.iter().map(|(vet, _)| vet.id)))
                .order_by(vet::name),
        )
        .await?;
    let found: Vec<_> = vets
        .iter()
        .map(|vet| (&*vet.name, vet.specialties.iter().map(|specialty| &*specialty.name).collect::<Vec<_>>()))
        .collect();
    ensure!(
        found == [("Akua Mansa", vec!["Exotic"]), ("Carlos Salazar", vec!["Cats", "Dogs"])],
        "the vets' specialties should be Exotic, and Cats and Dogs, found {found:?}"
    );
    Ok(())
}

fn names(pets: &[PetName]) -> Vec<&str> {
    pets.iter().map(|pet| &*pet.name).collect()
}

/// Deletes what this run has made, links first.
async fn clean_up(db: &Db, created: &Created) -> Result<(), mizzle::Error> {
    let vets: Vec<_> = created.vets.iter().map(|(vet, _)| vet.id).collect();
    let specialties: Vec<_> = created.specialties.iter().map(|specialty| &*specialty.name).collect();
    let owners: Vec<_> = created.owners.iter().map(|owner| owner.id).collect();
    let pets: Vec<_> = created.pets.iter().map(|pet| pet.id).collect();
    db.transaction(async |tx| {
        tx.execute(SpecialtyToVet::delete().filter(specialty_to_vet::vet_id.eq_any(&vets))).await?;
        tx.execute(Vet::delete().filter(vet::id.eq_any(&vets))).await?;
        tx.execute(Specialty::delete().filter(specialty::name.eq_any(&specialties))).await?;
        tx.execute(Pet::delete().filter(pet::id.eq_any(&pets))).await?;
        tx.execute(Owner::delete().filter(owner::id.eq_any(&owners))).await?;
        Ok(())
    })
    .await
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("the sample's dates are in the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    #[tokio::test]
    async fn a_query_that_finds_something_else_fails_loudly_and_is_cleaned_up_after() {
        let cluster = Cluster::local(None).await.unwrap();
        cluster.migrate(|_| ()).await.unwrap();
        let created = create(&cluster.db).await.unwrap();
        cluster.db.execute(Pet::delete().filter(pet::name.eq("Pet2"))).await.unwrap();
        let error = finish(&cluster.db, &created).await.unwrap_err();
        assert!(error.to_string().starts_with("the pets and their owners should be"), "{error}");
        for table in ["owner", "pet", "specialty", "vet", "_SpecialtyToVet"] {
            let rows =
                diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("(SELECT count(*) FROM \"{table}\")"));
            let rows: i64 = cluster.db.first(diesel::select(rows)).await.unwrap();
            assert_eq!(rows, 0, "rows left in {table}");
        }
        cluster.close().await;
    }
}
