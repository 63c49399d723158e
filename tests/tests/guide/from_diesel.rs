//! What `docs/from-diesel.md` shows: Diesel's own code, which runs as it is, and what it becomes.

use mizzle::Error;
use mizzle::prelude::*;
use uuid::Uuid;

use crate::clinic;
use crate::schema::{NewOwner, NewPet, Owner, OwnerPatch, Pet, owner, pet};

type Result<T, E = Error> = std::result::Result<T, E>;

/// Plain Diesel, on a connection of Mizzle's.
mod before {
    use diesel::prelude::{
        AsChangeset, Associations, BelongingToDsl, GroupedBy, Identifiable, Insertable, QueryDsl, Queryable,
        Selectable, SelectableHelper,
    };
    use diesel_async::RunQueryDsl;
    use mizzle::{Connection, Db};
    use uuid::Uuid;

    diesel::table! {
        owner (id) {
            id -> Uuid,
            name -> Varchar,
            city -> Varchar,
            telephone -> Nullable<Varchar>,
        }
    }

    diesel::table! {
        pet (id) {
            id -> Uuid,
            name -> Varchar,
            birth_date -> Date,
            owner_id -> Nullable<Uuid>,
        }
    }

    diesel::joinable!(pet -> owner (owner_id));
    diesel::allow_tables_to_appear_in_same_query!(owner, pet);

    #[derive(Debug, PartialEq, Queryable, Selectable, Identifiable)]
    #[diesel(table_name = owner)]
    pub(super) struct Owner {
        pub(super) id: Uuid,
        pub(super) name: String,
        pub(super) city: String,
        pub(super) telephone: Option<String>,
    }

    #[derive(Debug, PartialEq, Queryable, Selectable, Identifiable, Associations)]
    #[diesel(table_name = pet, belongs_to(Owner))]
    pub(super) struct Pet {
        pub(super) id: Uuid,
        pub(super) name: String,
        pub(super) owner_id: Option<Uuid>,
    }

    #[derive(Insertable)]
    #[diesel(table_name = owner)]
    struct NewOwner<'a> {
        name: &'a str,
        city: &'a str,
        telephone: Option<&'a str>,
    }

    #[derive(AsChangeset)]
    #[diesel(table_name = owner)]
    struct OwnerChanges<'a> {
        city: Option<&'a str>,
        telephone: Option<Option<&'a str>>,
    }

    pub(super) async fn insert(connection: &mut Connection) -> diesel::QueryResult<Owner> {
        let new = NewOwner { name: "John Doe", city: "New York", telephone: None };
        let john: Owner = diesel::insert_into(owner::table)
            .values(new)
            .returning(Owner::as_returning())
            .get_result(connection)
            .await?;
        Ok(john)
    }

    pub(super) async fn update(connection: &mut Connection, id: Uuid) -> diesel::QueryResult<usize> {
        let changes = OwnerChanges { city: Some("Oslo"), telephone: Some(Some("555")) };
        diesel::update(owner::table.find(id)).set(changes).execute(connection).await
    }

    pub(super) async fn relations(db: &Db) -> Result<Vec<(Owner, Vec<Pet>)>, Box<dyn std::error::Error>> {
        let mut connection = Connection::clone(&*db.connection().await?);
        let owners: Vec<Owner> =
            owner::table.order(owner::name).select(Owner::as_select()).load(&mut connection).await?;
        let pets: Vec<Pet> =
            Pet::belonging_to(&owners).select(Pet::as_select()).load(&mut connection).await?;
        let grouped = pets.grouped_by(&owners);
        let both: Vec<(Owner, Vec<Pet>)> = owners.into_iter().zip(grouped).collect();
        Ok(both)
    }
}

async fn query(db: &Db) -> Result<()> {
    let query = owner::table
        .inner_join(pet::table)
        .filter(owner::city.eq("Oslo"))
        .order(pet::name.desc())
        .select((owner::name, pet::name));
    let names: Vec<(String, String)> = db.load(query).await?;
    let first: (String, String) = db.first(query.limit(1)).await?;
    let oslo: i64 = db.first(owner::table.filter(owner::city.eq("Oslo")).count()).await?;
    assert_eq!((names.len(), &first, oslo), (1, &names[0], 1));
    Ok(())
}

async fn insert(db: &Db) -> Result<Owner> {
    let mary = db.insert(NewOwner::new("Mary Major", "Anytown").telephone("555-555-0123")).await?;
    Ok(mary)
}

async fn update(db: &Db, id: Uuid) -> Result<u64> {
    let changes = OwnerPatch { city: Some("Oslo".into()), telephone: Some(None), ..Default::default() };
    db.execute(Owner::update(changes).filter(owner::id.eq(id))).await
}

async fn relations(db: &Db) -> Result<Vec<With<Owner, Vec<Pet>>>> {
    let owners = db.load(Owner::query().order_by(owner::name).with(Owner::pets())).await?;
    Ok(owners)
}

async fn transaction(db: &Db, id: Uuid) -> Result<Pet> {
    let birth_date = chrono::NaiveDate::from_ymd_opt(2021, 7, 23).unwrap_or_default();
    db.transaction(async |tx| {
        let john = tx.first(owner::table.find(id).select(Owner::as_select()).for_update()).await?;
        let rex = tx.insert(NewPet::new("Rex", birth_date).owner_id(john.id)).await?;
        tx.after_commit(async { println!("Rex is in") });
        Ok(rex)
    })
    .await
}

async fn diesels_own_methods(db: &Db) -> Result<i64, Box<dyn std::error::Error>> {
    use mizzle::diesel_async::RunQueryDsl;

    let pooled = db.connection().await?;
    let mut connection = &*pooled;
    let owners: i64 = owner::table.count().get_result(&mut connection).await?;
    Ok(owners)
}

async fn columns_one_by_one(db: &Db, id: Uuid) -> Result<()> {
    use mizzle::diesel;

    // these know what the program makes: the struct does
    db.execute(diesel::insert_into(owner::table).values(NewOwner::new("Ann", "Bergen"))).await?;
    let patch = OwnerPatch { city: Some("Bergen".into()), ..Default::default() };
    db.execute(diesel::update(owner::table.find(id)).set(patch)).await?;
    // these do not: Diesel writes the columns that are named here and no other
    let bob = (owner::name.eq("Bob"), owner::city.eq("Oslo"));
    db.execute(diesel::insert_into(owner::table).values(bob)).await?;
    db.execute(diesel::update(owner::table.find(id)).set(owner::city.eq("Oslo"))).await?;
    // Mizzle's update does
    db.execute(Owner::update(owner::city.eq("Oslo")).filter(owner::id.eq(id))).await?;
    Ok(())
}

#[tokio::test]
async fn the_chapter_for_those_who_come_from_diesel_is_true() {
    let ground = clinic().await;
    let db = &ground.db;
    let mut connection = mizzle::Connection::clone(&*db.connection().await.unwrap());
    let john = before::insert(&mut connection).await.unwrap();
    assert_eq!(before::update(&mut connection, john.id).await.unwrap(), 1);
    let rex = transaction(db, john.id).await.unwrap();
    let mary = insert(db).await.unwrap();
    let old = before::relations(db).await.unwrap();
    let new = relations(db).await.unwrap();
    assert_eq!(old[0].0.name, "John Doe");
    assert_eq!((&*old[0].0.city, old[0].0.telephone.as_deref()), ("Oslo", Some("555")));
    let pet = &old[0].1[0];
    assert_eq!((pet.id, &*pet.name, pet.owner_id), (rex.id, "Rex", Some(john.id)));
    let old: Vec<_> = old.iter().map(|(owner, pets)| (owner.id, pets.len())).collect();
    let new: Vec<_> = new.iter().map(|owner| (owner.id, owner.related.len())).collect();
    assert_eq!(old, new);
    assert_eq!(old, [(john.id, 1), (mary.id, 0)]);
    query(db).await.unwrap();
    assert_eq!(update(db, mary.id).await.unwrap(), 1);
    columns_one_by_one(db, mary.id).await.unwrap();
    assert_eq!(diesels_own_methods(db).await.unwrap(), 4);
}
