//! The tables that the other cases query, and what they rightly do.

use mizzle::prelude::*;
use uuid::Uuid;

#[table]
#[has_many(pets: Pet)]
pub struct Owner {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(30))]
    pub name: String,
    #[column(varchar(20))]
    pub telephone: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
pub enum Kind {
    Cat,
    Dog,
}

#[table]
#[index(owner_id)]
pub struct Pet {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    #[column(varchar(30))]
    pub name: String,
    pub weight: i32,
    #[column(default = Kind::Cat)]
    pub kind: Kind,
    #[column(generated = "upper(name)")]
    pub label: String,
    #[belongs_to(owner: Owner)]
    pub owner_id: Option<Uuid>,
}

/// Pets of some age.
#[table(view = "SELECT id, name FROM pet WHERE weight > 5")]
pub struct Senior {
    #[column(primary_key)]
    pub id: Uuid,
    pub name: String,
}

mizzle::schema! { Owner, Pet, Senior }

/// A transaction's future can be sent to another thread.
pub fn spawned(db: Db) {
    tokio::spawn(async move {
        let name = String::from("John");
        db.transaction(async |tx| {
            let john = tx.insert(NewOwner::new(&*name)).await?;
            let (owners, pets) = futures_util::future::join(
                tx.load(Owner::query().filter(owner::id.eq(john.id)).with(Owner::pets())),
                tx.load(Pet::query().with(Pet::owner().with(Owner::pets()))),
            )
            .await;
            tx.after_commit(async {});
            Ok::<_, mizzle::Error>((owners?, pets?))
        })
        .await
    });
}

/// A struct of one's own names what it wants of a row.
#[derive(Shape)]
#[shape(of = Owner)]
pub struct OwnerCard {
    pub name: String,
    #[shape(order_by = pet::name)]
    pub pets: Vec<PetCard>,
    #[shape(count = pets)]
    pub pet_count: i64,
}

/// The same of a pet.
#[derive(Shape)]
#[shape(of = Pet)]
pub struct PetCard {
    #[shape(from = name)]
    pub called: String,
    pub owner: Option<Box<Owner>>,
}

/// Shapes borrow what they are filtered by, and can be asked for on another thread.
pub async fn cards(db: &Db, name: &str) -> Result<Option<String>, mizzle::Error> {
    let query =
        OwnerCard::query().filter(owner::name.eq(name)).pets(|pets| pets.filter(pet::name.ne(name)).limit(3));
    let cards = db.load(query).await?;
    Ok(cards.into_iter().flat_map(|card| card.pets).map(|pet| pet.called).next())
}

/// Queries are one type whatever they filter.
pub async fn dynamic(db: &Db, name: Option<&str>) -> Result<Vec<With<Owner, Vec<Pet>>>, mizzle::Error> {
    let mut query = Owner::query().order_by((owner::name.asc(), owner::id));
    if let Some(name) = name {
        query = query.filter(owner::name.eq(name));
    }
    db.load(query.limit(10).with(Owner::pets().filter(pet::weight.gt(1)))).await
}

/// Diesel's own queries load as well.
pub async fn diesel_queries(db: &Db) -> Result<(), mizzle::Error> {
    let _: Vec<(String, Option<Pet>)> =
        db.load(owner::table.left_join(pet::table).select((owner::name, Option::<Pet>::as_select()))).await?;
    let _: Vec<(Pet, Owner)> = db.load(pet::table.inner_join(owner::table)).await?;
    let _: i64 = db.first(pet::table.filter(pet::weight.lt(pet::weight + 1)).count()).await?;
    let _: Vec<(Option<Uuid>, i64)> = db
        .load(pet::table.group_by(pet::owner_id).select((pet::owner_id, mizzle::diesel::dsl::count_star())))
        .await?;
    db.execute(mizzle::diesel::update(owner::table.find(Uuid::nil())).set(OwnerPatch::default())).await?;
    db.execute(Owner::update(OwnerPatch { telephone: Some(None), ..Default::default() }).all_rows()).await?;
    db.execute(Owner::update((owner::name.eq("John"), owner::telephone.eq(None::<String>))).all_rows())
        .await?;
    db.execute(Pet::update(pet::weight.eq(pet::weight + 1)).filter(pet::kind.eq(Kind::Dog))).await?;
    db.execute(Pet::delete().filter(pet::name.like("P%"))).await?;
    let _: Vec<Senior> = db.load(Senior::query().filter(senior::name.eq("Tom"))).await?;
    Ok(())
}

fn main() {}
