//! What `docs/from-drizzle.md` shows beside the post's code, where it is not vetclinic's own.

use std::path::Path;

use mizzle::connect::Config;
use mizzle::diesel::insert_into;
use mizzle::diesel::upsert::excluded;
use mizzle::prelude::*;
use mizzle_kit::{Folder, Options, apply};
use mizzle_local::LocalDsql;
use uuid::Uuid;

use crate::repository;
use crate::schema::{
    NewOwner, NewPet, NewSpecialty, Owner, OwnerPatch, Pet, Specialty, owner, pet, specialty,
};

type Result<T, E = anyhow::Error> = std::result::Result<T, E>;

#[derive(Shape)]
#[shape(of = Owner)]
struct OwnerCard {
    name: String,
    #[shape(order_by = pet::name)]
    pets: Vec<PetName>,
    #[shape(count = pets)]
    pet_count: i64,
}

#[derive(Shape)]
#[shape(of = Pet)]
struct PetName {
    name: String,
}

/// Needs a cluster to be run.
#[allow(dead_code)]
async fn connect() -> Result<Db> {
    let db = Db::connect(Config::from_env()?.search_path("public")).await?;
    Ok(db)
}

async fn local() -> Result<(LocalDsql, Db)> {
    let local = LocalDsql::start().await?;
    let db = Db::connect(Config::from_vars(|name| local.variable(name))?).await?;
    Ok((local, db))
}

async fn migrate(db: &Db, migrations: &Path) -> Result<()> {
    let folder = Folder::read(migrations)?;
    let connection = db.connection().await?;
    apply(connection.client(), &folder, &Options::new("public"), |event| println!("{event}")).await?;
    Ok(())
}

async fn rename(db: &Db, pet_id: Uuid) -> Result<(), mizzle::Error> {
    db.transaction(async |tx| {
        let record = tx.first(Pet::query().filter(pet::id.eq(pet_id))).await?;
        let name = format!("{} (updated)", record.name);
        tx.execute(Pet::update(pet::name.eq(name)).filter(pet::id.eq(pet_id))).await?;
        Ok(())
    })
    .await
}

async fn insert(db: &Db) -> Result<Owner> {
    let john = db.insert(NewOwner::new("John Doe", "New York")).await?;
    let birth_date = chrono::NaiveDate::from_ymd_opt(2006, 10, 25).unwrap();
    let pets = ["Pet1", "Pet2"].map(|name| NewPet::new(name, birth_date).owner_id(john.id));
    let pets = db.insert_many(&pets).await?;
    assert_eq!(pets[1].name, "Pet2");
    let all = (0..10_000).map(|number| NewOwner::new(format!("Owner {number}"), "Anytown"));
    let report = db.insert_all(all).await?;
    assert_eq!(report.rows, 10_000);
    Ok(john)
}

async fn find(db: &Db, city: Option<&str>) -> Result<Vec<Owner>> {
    let mut query = Owner::query().filter(owner::name.like("J%").and(owner::telephone.is_null()));
    if let Some(city) = city {
        query = query.filter(owner::city.eq(city));
    }
    let owners = db.load(query.order_by(owner::name.desc()).limit(10)).await?;
    Ok(owners)
}

async fn cards(db: &Db) -> Result<()> {
    let cards = db.load(OwnerCard::query().filter(owner::city.eq("New York"))).await?;
    let OwnerCard { name, pets, pet_count } = &cards[0];
    assert_eq!((&**name, pets.len(), *pet_count), ("John Doe", 2, 2));
    assert_eq!(cards[0].pets[0].name, "Pet1");
    Ok(())
}

async fn the_rest(db: &Db, john: Owner) -> Result<()> {
    // one or none
    let mary = db.first(Owner::query().filter(owner::name.eq("Mary Major"))).await;
    assert!(mary.is_err_and(|error| error.is_not_found()));
    // joins, some columns, groups: all of Diesel's queries
    let counts: Vec<(String, i64)> = db
        .load(
            owner::table
                .inner_join(pet::table)
                .group_by(owner::name)
                .select((owner::name, mizzle::diesel::dsl::count(pet::id))),
        )
        .await?;
    assert_eq!(counts, [("John Doe".into(), 2)]);
    // owners with a pet that is called so
    let query = Owner::query().filter(Owner::pets().filter(pet::name.eq("Pet1")).any());
    assert_eq!(db.load(query).await?.len(), 1);
    // update, delete: without a filter they do not compile
    let patch = OwnerPatch { telephone: Some(None), ..Default::default() };
    db.execute(Owner::update(patch).filter(owner::id.eq(john.id))).await?;
    db.execute(Owner::delete().filter(owner::name.like("Owner 99%"))).await?;
    // insert or update
    let again = NewOwner { id: Some(john.id), ..NewOwner::new("John", "Oslo") };
    let upsert = insert_into(owner::table)
        .values(again)
        .on_conflict(owner::id)
        .do_update()
        .set(owner::city.eq(excluded(owner::city)));
    db.execute(upsert).await?;
    db.execute(insert_into(specialty::table).values(NewSpecialty::new("Cats")).on_conflict_do_nothing())
        .await?;
    assert_eq!(db.load(Specialty::query()).await?.len(), 1);
    // SQL by hand, its parameters beside it
    let city = "Oslo";
    let names: Vec<(String,)> =
        db.load(sql!("SELECT {owner::name} FROM {owner::table} WHERE {owner::city} = {city}")).await?;
    assert_eq!(names, [("John Doe".into(),)]);
    Ok(())
}

#[tokio::test]
async fn the_chapter_for_those_who_come_from_drizzle_is_true() {
    let (local, db) = local().await.unwrap();
    migrate(&db, &repository().join("examples/vetclinic/migrations")).await.unwrap();
    let john = insert(&db).await.unwrap();
    assert_eq!(find(&db, Some("New York")).await.unwrap(), std::slice::from_ref(&john));
    assert_eq!(find(&db, None).await.unwrap().len(), 1);
    cards(&db).await.unwrap();
    the_rest(&db, john).await.unwrap();
    let rex = db.first(Pet::query()).await.unwrap();
    rename(&db, rex.id).await.unwrap();
    let renamed = db.first(Pet::query().filter(pet::id.eq(rex.id))).await.unwrap();
    assert_eq!(renamed.name, format!("{} (updated)", rex.name));
    drop(db);
    local.stop().await.unwrap();
}
