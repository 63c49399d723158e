//! Logical relations on a real server: nothing is left that belongs to a row that is gone, whoever races.

use std::sync::atomic::{AtomicU32, Ordering};

use mizzle::connect::PoolOptions;
use mizzle::prelude::*;
use mizzle::{Db, Error};
use mizzle_local::{Limits, LocalDsql};
use mizzle_tests::{Ground, config};

#[table]
#[has_many(pets: Pet)]
#[has_many(bills: Bill)]
struct Owner {
    #[column(primary_key)]
    id: i64,
    city: String,
}

#[table]
#[has_many(visits: Visit)]
#[has_many(photos: Photo)]
#[many_to_many(foods: Food, through = PetToFood)]
struct Pet {
    #[column(primary_key, default = gen_random_uuid())]
    id: uuid::Uuid,
    #[belongs_to(owner: Owner)]
    owner_id: Option<i64>,
}

#[table]
struct Bill {
    #[column(primary_key)]
    id: i64,
    #[belongs_to(owner: Owner)]
    owner_id: i64,
}

/// A key of two columns.
#[table]
struct Visit {
    #[column(primary_key)]
    #[belongs_to(pet: Pet)]
    pet_id: uuid::Uuid,
    #[column(primary_key)]
    number: i32,
}

#[table]
struct Photo {
    #[column(primary_key)]
    id: i64,
    #[belongs_to(pet: Pet)]
    pet_id: Option<uuid::Uuid>,
}

/// A tree.
#[table]
#[has_many(below: Folder)]
struct Folder {
    #[column(primary_key)]
    id: i64,
    #[belongs_to(above: Folder)]
    above_id: Option<i64>,
}

/// Linked to pets both ways.
#[table]
#[many_to_many(pets: Pet, through = PetToFood)]
struct Food {
    #[column(primary_key)]
    name: String,
}

#[table]
struct PetToFood {
    #[column(primary_key)]
    #[belongs_to(pet: Pet)]
    pet_id: uuid::Uuid,
    #[column(primary_key)]
    #[belongs_to(food: Food)]
    food_name: String,
}

const TABLES: [&str; 8] = [
    "CREATE TABLE food (name text PRIMARY KEY)",
    "CREATE TABLE pet_to_food (pet_id uuid, food_name text, PRIMARY KEY (pet_id, food_name))",
    "CREATE TABLE owner (id bigint PRIMARY KEY, city text NOT NULL)",
    "CREATE TABLE pet (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), owner_id bigint)",
    "CREATE TABLE bill (id bigint PRIMARY KEY, owner_id bigint NOT NULL)",
    "CREATE TABLE visit (pet_id uuid, number int, PRIMARY KEY (pet_id, number))",
    "CREATE TABLE photo (id bigint PRIMARY KEY, pet_id uuid)",
    "CREATE TABLE folder (id bigint PRIMARY KEY, above_id bigint)",
];

async fn ground() -> Ground {
    Ground::new(&TABLES).await
}

/// A server that takes ten rows a transaction.
async fn narrow() -> (Db, LocalDsql) {
    let mut limits = Limits::default();
    limits.rows = 10;
    let Ground { db, local } = Ground::limited(limits, &TABLES).await;
    (db, local)
}

/// Two who race, and owner 1.
async fn two() -> (Db, Db, LocalDsql) {
    let Ground { db, local } = ground().await;
    db.insert(NewOwner::new(1, "Bergen")).await.unwrap();
    (db, Db::new(config(&local), PoolOptions::default()), local)
}

/// How many rows there are of owners, pets, visits, and photos, and how many photos belong to nothing.
async fn counts(db: &Db) -> [usize; 5] {
    let photos: Vec<Photo> = db.load(Photo::query()).await.unwrap();
    [
        db.load(Owner::query()).await.unwrap().len(),
        db.load(Pet::query()).await.unwrap().len(),
        db.load(Visit::query()).await.unwrap().len(),
        photos.len(),
        photos.iter().filter(|photo| photo.pet_id.is_none()).count(),
    ]
}

/// Pets whose owner is not there, in one snapshot.
async fn orphans(db: &Db) -> usize {
    let pets: Vec<With<Pet, Option<Owner>>> = db.load(Pet::query().with(Pet::owner())).await.unwrap();
    pets.iter().filter(|pet| pet.owner_id.is_some() && pet.related.is_none()).count()
}

/// Three owners in Bergen and one in Oslo, each with 7 pets, each of these with 4 visits and 2 photos.
async fn fill(db: &Db) {
    for id in 0..4 {
        db.insert(NewOwner::new(id, if id < 3 { "Bergen" } else { "Oslo" })).await.unwrap();
        for pet in 0..7 {
            let pet = (db.insert(NewPet::new().owner_id(id)).await.unwrap().id, pet);
            db.insert_all((0..4).map(|number| NewVisit::new(pet.0, number))).await.unwrap();
            let photos = (0..2).map(|photo| NewPhoto::new(id * 100 + pet.1 * 10 + photo).pet_id(pet.0));
            db.insert_all(photos).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_deep_cascade_goes_in_transactions_that_the_server_takes() {
    let (db, _local) = narrow().await;
    fill(&db).await;
    assert_eq!(counts(&db).await, [4, 28, 112, 56, 0]);
    let mut told = 0;
    let report = db
        .delete_cascading(Owner::delete().filter(owner::city.eq("Bergen")))
        .restrict(Owner::bills())
        .cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()).set_null(Pet::photos()))
        .chunk_rows(10)
        .on_progress(|at| told = at.rows_done)
        .await
        .unwrap();
    // three owners, 21 pets, 84 visits, and 42 photos that were let go
    assert_eq!((report.rows, told), (150, 150));
    assert!(report.chunks >= 15, "{report:?}");
    assert_eq!(counts(&db).await, [1, 7, 28, 56, 42]);
    assert_eq!(orphans(&db).await, 0);
}

#[tokio::test]
async fn a_transaction_that_the_server_finds_too_large_is_made_smaller() {
    let (db, _local) = narrow().await;
    fill(&db).await;
    let report = db
        .delete_cascading(Owner::delete().all_rows())
        .cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()).cascade(Pet::photos()))
        .await
        .unwrap();
    assert_eq!((report.rows, counts(&db).await), (200, [0; 5]));
}

#[tokio::test]
async fn a_row_that_restricts_keeps_everything() {
    let Ground { db, local: _local } = ground().await;
    fill(&db).await;
    db.insert(NewBill::new(1, 2)).await.unwrap();
    let delete = || {
        db.delete_cascading(Owner::delete().filter(owner::id.eq(2)))
            .cascade_with(Owner::pets(), |pets| pets.cascade(Pet::visits()).set_null(Pet::photos()))
            .restrict(Owner::bills())
    };
    let error = delete().await.unwrap_err();
    let error = Error::from(error);
    assert!(error.is_foreign_key_violation() && !error.is_conflict() && error.hint().is_some(), "{error:?}");
    let cause = error.as_bulk().unwrap().cause().to_string();
    assert_eq!(cause, "a row of \"owner\" cannot be deleted: rows of \"bill\" belong to it");
    assert_eq!(counts(&db).await, [4, 28, 112, 56, 0]);
    db.execute(Bill::delete().all_rows()).await.unwrap();
    assert_eq!(delete().await.unwrap().rows, 1 + 7 + 28 + 14);
    // deeper down as well
    let delete = || {
        db.delete_cascading(Owner::delete().all_rows())
            .cascade_with(Owner::pets(), |pets| pets.restrict(Pet::visits()))
    };
    let error = delete().await.unwrap_err();
    assert!(error.cause().is_foreign_key_violation() && error.cause().to_string().contains("\"visit\""));
}

#[tokio::test]
async fn a_tree_goes_from_its_leaves_and_a_ring_goes_too() {
    let (db, _local) = narrow().await;
    let chain = (0..60).map(|id| NewFolder { id, above_id: (id > 0).then(|| id - 1) });
    db.insert_all(chain).chunk_rows(10).await.unwrap();
    let ring = (100..103).map(|id| NewFolder { id, above_id: Some(if id == 102 { 100 } else { id + 1 }) });
    db.insert_all(ring).await.unwrap();
    db.insert(NewFolder::new(200).above_id(0)).await.unwrap();
    let delete =
        |id: i64| db.delete_cascading(Folder::delete().filter(folder::id.eq(id))).cascade(Folder::below());
    assert_eq!(delete(30).chunk_rows(10).await.unwrap().rows, 30);
    assert_eq!(delete(100).chunk_rows(10).await.unwrap().rows, 3);
    assert_eq!(delete(0).chunk_rows(10).await.unwrap().rows, 31);
    assert!(db.load(Folder::query()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cascade_over_some_of_the_children_is_refused() {
    let Ground { db, local: _local } = ground().await;
    let some = Owner::pets().filter(pet::owner_id.gt(7));
    let error = db.delete_cascading(Owner::delete().all_rows()).cascade(some).await.unwrap_err();
    assert!(format!("{error:?}").contains("would leave orphans"), "{error:?}");
    let some = Pet::foods().limit(1);
    let error = db.delete_cascading(Pet::delete().all_rows()).unlink(some).await.unwrap_err();
    assert!(format!("{error:?}").contains("would leave orphans"), "{error:?}");
}

/// Links whose pet or food is not there.
async fn loose(db: &Db) -> usize {
    let links = db.load(PetToFood::query().with(PetToFood::pet()).with(PetToFood::food())).await.unwrap();
    links.iter().filter(|link| link.related.0.is_none() || link.related.1.is_none()).count()
}

#[tokio::test]
async fn links_go_with_either_of_their_ends_and_the_other_end_stays() {
    let (db, _local) = narrow().await;
    fill(&db).await;
    db.insert_all(["fish", "meat", "milk"].map(NewFood::new)).await.unwrap();
    let pets: Vec<Pet> = db.load(Pet::query()).await.unwrap();
    let links = pets
        .iter()
        .flat_map(|pet| ["fish", "meat"].map(|food| NewPetToFood::new(pet.id, food)))
        .collect::<Vec<_>>();
    db.insert_all(links).chunk_rows(10).await.unwrap();
    // 28 links and the food, ten rows a transaction
    let delete = db.delete_cascading(Food::delete().filter(food::name.eq("fish"))).unlink(Food::pets());
    let report = delete.chunk_rows(10).await.unwrap();
    assert_eq!((report.rows, report.chunks), (29, 3));
    assert_eq!((counts(&db).await[1], loose(&db).await), (28, 0));
    // deeper down: the links of the pets of an owner
    let report = db
        .delete_cascading(Owner::delete().filter(owner::id.eq(1)))
        .cascade_with(Owner::pets(), |pets| {
            pets.cascade(Pet::visits()).cascade(Pet::photos()).unlink(Pet::foods())
        })
        .chunk_rows(10)
        .await
        .unwrap();
    assert_eq!(report.rows, 1 + 7 * (1 + 4 + 2 + 1));
    assert_eq!(db.load(PetToFood::query()).await.unwrap().len(), 21);
    assert_eq!((db.load(Food::query()).await.unwrap().len(), loose(&db).await), (2, 0));
}

#[tokio::test]
async fn a_link_and_the_end_of_what_it_links_conflict() {
    let (db, other, _local) = two().await;
    db.insert(NewFood::new("fish")).await.unwrap();
    let rex = db.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await.unwrap().id;
    let fish = || Food::delete().filter(food::name.eq("fish"));
    // the link comes first, so it goes with the food
    let runs = AtomicU32::new(0);
    let link = async |db: &Db, meanwhile: bool| {
        db.transaction(async |tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            tx.lock_parent(PetToFood::food(), &"fish".to_owned()).await?;
            let link = tx.insert_child(PetToFood::pet(), NewPetToFood::new(rex, "fish")).await?;
            if meanwhile && run == 0 {
                other.delete_cascading(fish()).unlink(Food::pets()).await?;
            }
            Ok::<_, Error>(link)
        })
        .await
    };
    let runs_of_delete = AtomicU32::new(0);
    let gone = db
        .transaction(async |tx| {
            let gone = tx.delete_cascading(fish(), |foods| foods.unlink(Food::pets())).await?;
            if runs_of_delete.fetch_add(1, Ordering::SeqCst) == 0 {
                link(&other, false).await?;
            }
            Ok::<_, Error>(gone)
        })
        .await
        .unwrap();
    assert_eq!((gone, runs_of_delete.into_inner(), loose(&db).await), (2, 2, 0));
    // the food goes first, so there is nothing to link
    db.insert(NewFood::new("fish")).await.unwrap();
    runs.store(0, Ordering::SeqCst);
    assert!(link(&db, true).await.unwrap_err().is_foreign_key_violation());
    assert_eq!((runs.load(Ordering::SeqCst), db.load(PetToFood::query()).await.unwrap().len()), (2, 0));
}

#[tokio::test]
async fn a_transaction_takes_a_cascade_whole_or_not_at_all() {
    let Ground { db, local: _local } = ground().await;
    fill(&db).await;
    let rows = db
        .transaction(async |tx| {
            let rows = tx
                .delete_cascading(Owner::delete().filter(owner::id.eq(1)), |owners| {
                    owners.cascade_with(Owner::pets(), |pets| {
                        pets.cascade(Pet::visits()).cascade(Pet::photos())
                    })
                })
                .await?;
            assert_eq!(tx.budget().rows(), rows);
            Ok::<_, Error>(rows)
        })
        .await
        .unwrap();
    assert_eq!((rows, counts(&db).await), (1 + 7 + 28 + 14, [3, 21, 84, 42, 0]));
    db.insert_all((0..3_000).map(|_| NewPet::new().owner_id(2))).await.unwrap();
    let error = db
        .transaction(async |tx| {
            let all = tx.delete_cascading(Owner::delete().filter(owner::id.eq(2)), |owners| {
                owners.cascade(Owner::pets())
            });
            // even if the closure thinks nothing of it
            Ok::<_, Error>(all.await.is_err())
        })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the closure returned Ok"), "{error}");
    assert_eq!(counts(&db).await[..2], [3, 3_021]);
}

#[tokio::test]
async fn a_child_needs_its_parent() {
    let Ground { db, local: _local } = ground().await;
    let error = db.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await.unwrap_err();
    assert!(error.is_foreign_key_violation() && error.hint().is_some(), "{error:?}");
    assert_eq!(error.to_string(), "no such row in \"owner\" for this one to belong to");
    // even if the closure thinks nothing of it
    let swallowed = db
        .transaction(async |tx| {
            tx.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await.unwrap_err();
            Ok::<_, Error>(())
        })
        .await;
    assert!(swallowed.is_err());
    assert_eq!(counts(&db).await[..2], [0, 0]);
    db.insert(NewOwner::new(1, "Bergen")).await.unwrap();
    db.insert(NewOwner::new(2, "Bergen")).await.unwrap();
    assert_eq!(db.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await.unwrap().owner_id, Some(1));
    // who belongs to nobody needs nobody
    assert_eq!(db.insert_child(Pet::owner(), NewPet::new()).await.unwrap().owner_id, None);
    let pets = [Some(1), Some(2), Some(1), None].map(|owner_id| NewPet { id: None, owner_id });
    let pets = db.transaction(async |tx| tx.insert_children(Pet::owner(), &pets).await).await.unwrap();
    assert_eq!(pets.len(), 4);
    let one_missing = [1, 3].map(|owner| NewPet::new().owner_id(owner));
    let error =
        db.transaction(async |tx| tx.insert_children(Pet::owner(), &one_missing).await).await.unwrap_err();
    assert!(error.is_foreign_key_violation());
    assert_eq!(counts(&db).await[..2], [2, 6]);
}

/// The delete is committed while the child is on its way.
#[tokio::test]
async fn a_child_whose_parent_goes_first_is_not_inserted() {
    let (db, other, _local) = two().await;
    let runs = AtomicU32::new(0);
    let error = db
        .transaction(async |tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            tx.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await?;
            if run == 0 {
                let gone = other
                    .delete_cascading(Owner::delete().filter(owner::id.eq(1)))
                    .cascade(Owner::pets())
                    .await?;
                assert_eq!(gone.rows, 1);
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
    assert!(error.is_foreign_key_violation(), "{error:?}");
    assert_eq!((runs.into_inner(), counts(&db).await), (2, [0; 5]));
}

/// Both hold on to the parent, and neither has to run again.
#[tokio::test]
async fn children_of_one_parent_do_not_get_in_each_others_way() {
    let (db, other, _local) = two().await;
    let runs = AtomicU32::new(0);
    db.transaction(async |tx| {
        runs.fetch_add(1, Ordering::SeqCst);
        tx.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await?;
        other.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await?;
        // nor does a change of the parent that leaves its key alone
        other.execute(Owner::update(owner::city.eq("Oslo")).filter(owner::id.eq(1))).await
    })
    .await
    .unwrap();
    assert_eq!((runs.into_inner(), counts(&db).await[1], orphans(&db).await), (1, 2, 0));
}

/// The child is committed while the delete is on its way.
#[tokio::test]
async fn a_parent_whose_child_comes_first_goes_with_it() {
    let (db, other, _local) = two().await;
    let runs = AtomicU32::new(0);
    let gone = db
        .transaction(async |tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            let gone = tx
                .delete_cascading(Owner::delete().filter(owner::id.eq(1)), |owners| {
                    owners.cascade(Owner::pets())
                })
                .await?;
            if run == 0 {
                other.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await?;
            }
            Ok::<_, Error>(gone)
        })
        .await
        .unwrap();
    assert_eq!((gone, runs.into_inner(), counts(&db).await), (2, 2, [0; 5]));
}

/// A restriction that comes while the delete is on its way holds.
#[tokio::test]
async fn a_restriction_that_comes_first_keeps_the_parent() {
    let (db, other, _local) = two().await;
    let runs = AtomicU32::new(0);
    let error = db
        .transaction(async |tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            let delete = Owner::delete().filter(owner::id.eq(1));
            tx.delete_cascading(delete, |owners| owners.restrict(Owner::bills())).await?;
            if run == 0 {
                other.insert_child(Bill::owner(), NewBill::new(1, 1)).await?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
    assert!(error.is_foreign_key_violation());
    assert_eq!((runs.into_inner(), counts(&db).await[0]), (2, 1));
}

/// A child that moves to a parent that goes, both orders.
#[tokio::test]
async fn a_child_that_moves_under_the_lock_of_its_new_parent_is_safe() {
    let (db, other, _local) = two().await;
    db.insert(NewOwner::new(2, "Bergen")).await.unwrap();
    let rex = db.insert_child(Pet::owner(), NewPet::new().owner_id(1)).await.unwrap();
    let runs = AtomicU32::new(0);
    let moved = db
        .transaction(async |tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            tx.lock_parent(Pet::owner(), &2).await?;
            let patch = PetPatch { owner_id: Some(Some(2)) };
            tx.execute(Pet::update(patch).filter(pet::id.eq(rex.id))).await?;
            if run == 0 {
                other
                    .delete_cascading(Owner::delete().filter(owner::id.eq(2)))
                    .cascade(Owner::pets())
                    .await?;
            }
            Ok::<_, Error>(())
        })
        .await;
    assert!(moved.unwrap_err().is_foreign_key_violation());
    assert_eq!((runs.into_inner(), orphans(&db).await), (2, 0));
    assert_eq!(db.first(Pet::query()).await.unwrap().owner_id, Some(1));
}

/// What the documentation warns of, and why the tests above could fail.
#[tokio::test]
async fn a_child_that_is_inserted_without_the_lock_becomes_an_orphan() {
    let (db, other, _local) = two().await;
    db.transaction(async |tx| {
        tx.first(Owner::query().filter(owner::id.eq(1))).await?;
        tx.insert(NewPet::new().owner_id(1)).await?;
        other.delete_cascading(Owner::delete().filter(owner::id.eq(1))).cascade(Owner::pets()).await?;
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    assert_eq!(orphans(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_insert_and_delete_leave_no_orphan() {
    const OWNERS: i64 = 4;
    let Ground { local, .. } = ground().await;
    let db = Db::new(config(&local), PoolOptions { max_size: 12, ..PoolOptions::default() });
    let owner = |id| NewOwner::new(id, "Bergen");
    db.insert_all((0..OWNERS).map(owner)).await.unwrap();
    let inserters: Vec<_> = (0..6_i64)
        .map(|inserter| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut inserted = 0;
                for round in 0..60 {
                    let row = NewPet::new().owner_id((inserter + round) % OWNERS);
                    match db.insert_child(Pet::owner(), row).await {
                        Ok(_) => inserted += 1,
                        // its owner is gone, or goes all the time
                        Err(error) if error.is_foreign_key_violation() || error.is_conflict() => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
                inserted
            })
        })
        .collect();
    let mut deleted = 0;
    for id in (0..OWNERS).cycle() {
        let work = db.delete_cascading(Owner::delete().filter(owner::id.eq(id))).cascade(Owner::pets());
        match work.await {
            Ok(report) => deleted += report.rows,
            Err(error) => assert!(error.cause().is_conflict(), "{error:?}"),
        }
        assert_eq!(orphans(&db).await, 0);
        db.insert_all([owner(id)]).on_conflict_do_nothing().await.unwrap();
        if inserters.iter().all(|inserter| inserter.is_finished()) {
            break;
        }
    }
    let mut inserted = 0;
    for inserter in inserters {
        inserted += inserter.await.unwrap();
    }
    assert!(deleted > 0 && inserted > 0, "{inserted} inserted, {deleted} deleted: nothing was raced for");
    assert_eq!(orphans(&db).await, 0);
    println!("{inserted} pets inserted, {deleted} rows deleted");
}
