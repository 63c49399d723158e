//! The clinic's own commands: one enum for each kind of thing, one variant for each thing to do.

use anyhow::{Result, bail};
use chrono::NaiveDate;
use clap::Subcommand;
use mizzle::diesel::insert_into;
use mizzle::prelude::*;
use uuid::Uuid;

use crate::cluster::Cluster;
use vetclinic::schema::{
    NewOwner, NewPet, NewSpecialty, NewSpecialtyToVet, NewVet, Owner as OwnerRow, Pet as PetRow,
    Vet as VetRow, owner, pet, specialty, vet,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Owner {
    /// Add an owner
    Add {
        name: String,
        city: String,
        #[arg(long)]
        telephone: Option<String>,
    },
    /// List the owners
    List {
        /// Only those of this city
        #[arg(long)]
        city: Option<String>,
    },
    /// Show an owner with the pets
    Show { id: Uuid },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pet {
    /// Add a pet
    Add {
        name: String,
        /// As in 2021-07-23
        birth_date: NaiveDate,
        #[arg(long)]
        owner: Option<Uuid>,
    },
    /// List the pets with their owners
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vet {
    /// Add a veterinarian
    Add {
        name: String,
        /// What the veterinarian is good at; can be given several times
        #[arg(long = "specialty")]
        specialties: Vec<String>,
    },
    /// List the veterinarians with their specialties
    List,
}

impl Owner {
    pub(crate) async fn run(self, cluster: &Cluster) -> Result<()> {
        cluster.migrate(|line| println!("{line}")).await?;
        let db = &cluster.db;
        match self {
            Self::Add { name, city, telephone } => {
                let mut new = NewOwner::new(name, city);
                new.telephone = telephone;
                let owner = db.insert(new).await?;
                println!("{}  {}", owner.id, owner.name);
            }
            Self::List { city } => {
                let mut query = OwnerRow::query().order_by(owner::name);
                if let Some(city) = &city {
                    query = query.filter(owner::city.eq(city));
                }
                for owner in db.load(query).await? {
                    println!("{}  {}, {}", owner.id, owner.name, owner.city);
                }
            }
            Self::Show { id } => {
                let query = OwnerRow::query()
                    .filter(owner::id.eq(id))
                    .with(OwnerRow::pets().order_by((pet::birth_date, pet::name)));
                let owner = match db.first(query).await {
                    Ok(owner) => owner,
                    Err(error) if error.is_not_found() => bail!("no owner has the id {id}"),
                    Err(error) => return Err(error.into()),
                };
                println!("{}, {}", owner.name, owner.city);
                if let Some(telephone) = &owner.telephone {
                    println!("  telephone {telephone}");
                }
                for pet in &owner.related {
                    println!("  {}, born {}", pet.name, pet.birth_date);
                }
            }
        }
        Ok(())
    }
}

impl Pet {
    pub(crate) async fn run(self, cluster: &Cluster) -> Result<()> {
        cluster.migrate(|line| println!("{line}")).await?;
        let db = &cluster.db;
        match self {
            Self::Add { name, birth_date, owner: owner_id } => {
                let new = NewPet { id: None, name, birth_date, owner_id };
                // the relation is logical: the owner is locked until the pet is there
                match db.insert_child(PetRow::owner(), new).await {
                    Ok(pet) => println!("{}  {}", pet.id, pet.name),
                    Err(error) if error.is_foreign_key_violation() => {
                        bail!("no owner has the id {}", owner_id.unwrap_or_default())
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            Self::List => {
                for pet in db.load(PetRow::query().order_by(pet::name).with(PetRow::owner())).await? {
                    let owner = pet.related.as_ref().map_or("nobody", |owner| &owner.name);
                    println!("{}  {}, born {}, of {owner}", pet.id, pet.name, pet.birth_date);
                }
            }
        }
        Ok(())
    }
}

impl Vet {
    pub(crate) async fn run(self, cluster: &Cluster) -> Result<()> {
        cluster.migrate(|line| println!("{line}")).await?;
        let db = &cluster.db;
        match self {
            Self::Add { name, specialties } => {
                let vet = db
                    .transaction(async |tx| {
                        let vet = tx.insert(NewVet::new(&*name)).await?;
                        for specialty in &specialties {
                            let new = NewSpecialty::new(specialty);
                            let unless_known =
                                insert_into(specialty::table).values(new).on_conflict_do_nothing();
                            tx.execute(unless_known).await?;
                            tx.insert(NewSpecialtyToVet::new(specialty, vet.id)).await?;
                        }
                        Ok::<_, mizzle::Error>(vet)
                    })
                    .await?;
                println!("{}  {}", vet.id, vet.name);
            }
            Self::List => {
                let query =
                    VetRow::query().order_by(vet::name).with(VetRow::specialties().order_by(specialty::name));
                for vet in db.load(query).await? {
                    let specialties: Vec<_> = vet.related.iter().map(|specialty| &*specialty.name).collect();
                    println!("{}  {} ({})", vet.id, vet.name, specialties.join(", "));
                }
            }
        }
        Ok(())
    }
}
