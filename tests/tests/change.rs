//! Updates and deletes of any size on a real server: each row once, beside other writers, and on from where it ended.

use std::sync::Arc;

use mizzle::prelude::*;
use mizzle::{Db, Error, diesel};
use mizzle_local::{Fault, Limits, LocalDsql};
use mizzle_tests::{Ground, run};
use tokio::sync::Barrier;

#[table]
struct Item {
    #[column(primary_key)]
    id: i64,
    size: i32,
    note: Option<String>,
}

#[table]
struct Seat {
    #[column(primary_key)]
    row: i32,
    #[column(primary_key, varchar(10))]
    place: String,
    taken: bool,
}

const TABLES: [&str; 2] = [
    "CREATE TABLE item (id bigint PRIMARY KEY, size int NOT NULL, note text, CONSTRAINT small CHECK (id <> 35 OR size < 100))",
    "CREATE TABLE seat (row int, place varchar(10), taken boolean NOT NULL, PRIMARY KEY (row, place))",
];

/// A server that takes ten rows a transaction.
async fn ground() -> (Db, LocalDsql) {
    let mut limits = Limits::default();
    limits.rows = 10;
    let Ground { db, local } = Ground::limited(limits, &TABLES).await;
    (db, local)
}

async fn fill(db: &Db, items: i64) {
    db.insert_all((0..items).map(|id| NewItem::new(id, 1))).chunk_rows(10).await.unwrap();
}

async fn items(db: &Db) -> Vec<Item> {
    db.load(Item::query().order_by(item::id)).await.unwrap()
}

fn sized(size: i32) -> ItemPatch {
    ItemPatch { size: Some(size), ..Default::default() }
}

#[tokio::test]
async fn an_update_reaches_every_row_once_up_to_the_last() {
    let (db, _local) = ground().await;
    let mut there = 0;
    for (rows, transactions) in [(0, 1), (9, 1), (10, 2), (11, 2), (30, 4)] {
        db.insert_all((there..rows).map(|id| NewItem::new(id, 1))).chunk_rows(10).await.unwrap();
        there = rows;
        let report = db.update_all(Item::update(sized(rows as i32)).all_rows()).chunk_rows(10).await.unwrap();
        assert_eq!((report.rows, report.chunks), (rows as u64, transactions), "{rows} rows");
        assert!(items(&db).await.iter().all(|item| item.size == rows as i32));
    }
    let report = db
        .update_all(Item::update(sized(7)).filter(item::id.ge(3)).filter(item::id.lt(28)))
        .chunk_rows(10)
        .await
        .unwrap();
    assert_eq!(report.rows, 25);
    assert_eq!(items(&db).await.iter().filter(|item| item.size == 7).count(), 25);
}

#[tokio::test]
async fn a_delete_takes_what_its_filter_says_and_no_more() {
    let (db, _local) = ground().await;
    fill(&db, 50).await;
    let mut told = Vec::new();
    let report = db
        .delete_all(Item::delete().filter(item::id.ge(5)).filter(item::id.lt(45)))
        .chunk_rows(10)
        .on_progress(|at| told.push(at.rows_done))
        .await
        .unwrap();
    assert_eq!(report.rows, 40);
    assert_eq!(told, [10, 20, 30, 40, 40]);
    let left: Vec<i64> = items(&db).await.iter().map(|item| item.id).collect();
    assert_eq!(left, (0..5).chain(45..50).collect::<Vec<_>>());
    // chunks that are too large for the server are made smaller
    fill_again(&db).await;
    let report = db.delete_all(Item::delete().all_rows()).await.unwrap();
    assert_eq!((report.rows, items(&db).await.len()), (50, 0));
}

async fn fill_again(db: &Db) {
    db.insert_all((0..50).map(|id| NewItem::new(id, 1)))
        .chunk_rows(10)
        .on_conflict_do_nothing()
        .await
        .unwrap();
}

#[tokio::test]
async fn keys_of_several_columns_are_walked_in_order() {
    let (db, _local) = ground().await;
    let seats = (0..6).flat_map(|row| ["a", "b", "c", "d", "e"].map(|place| NewSeat::new(row, place, false)));
    db.insert_all(seats).chunk_rows(10).await.unwrap();
    // steps that end within a row
    let taken = SeatPatch { taken: Some(true) };
    let report = db.update_all(Seat::update(taken).filter(seat::place.ne("c"))).chunk_rows(7).await.unwrap();
    assert_eq!((report.rows, report.chunks), (24, 4));
    let seats: Vec<Seat> = db.load(Seat::query()).await.unwrap();
    assert!(seats.iter().all(|seat| seat.taken == (seat.place != "c")));
    let report = db.delete_all(Seat::delete().filter(seat::taken.eq(true))).chunk_rows(7).await.unwrap();
    assert_eq!((report.rows, db.load(Seat::query()).await.unwrap().len()), (24, 6));
}

#[tokio::test]
async fn an_update_that_ends_early_goes_on_where_it_was() {
    let (db, _local) = ground().await;
    fill(&db, 100).await;
    let error = db.update_all(Item::update(sized(100)).all_rows()).chunk_rows(10).await.unwrap_err();
    assert!(error.cause().is_check_violation(), "{error:?}");
    assert_eq!(error.cause().constraint(), Some("small"));
    assert_eq!((error.report().rows, error.report().chunks), (30, 3));
    assert_eq!(error.to_string(), "the work ended early: 30 rows in 3 transactions are committed");
    assert_eq!(items(&db).await.iter().filter(|item| item.size == 100).count(), 30);
    db.execute(Item::delete().filter(item::id.eq(35))).await.unwrap();
    let report = db
        .update_all(Item::update(sized(100)).all_rows())
        .chunk_rows(10)
        .after(error.position().expect("three chunks are committed"))
        .await
        .unwrap();
    assert_eq!(report.rows, 69, "no row is changed twice");
    assert!(items(&db).await.iter().all(|item| item.size == 100));
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_ends_an_update() {
    let (db, local) = ground().await;
    fill(&db, 20).await;
    local.inject(Fault::DropAfterCommit);
    let error = db.update_all(Item::update(sized(2)).all_rows()).chunk_rows(10).await.unwrap_err();
    assert!(error.cause().is_outcome_unknown() && error.position().is_none());
    assert_eq!(error.report().rows, 0);
    assert_eq!(items(&db).await.iter().filter(|item| item.size == 2).count(), 10);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_is_refused_before_anything_is_sent() {
    let (db, _local) = ground().await;
    let error = db.update_all(Item::update(ItemPatch::default()).all_rows()).await.unwrap_err();
    assert_eq!(error.cause().to_string(), "the query cannot be written as SQL");
    assert_eq!(error.report().chunks, 0);
}

#[tokio::test]
async fn a_step_that_loses_a_conflict_runs_again() {
    let (db, local) = ground().await;
    fill(&db, 30).await;
    local.inject(Fault::DataConflict);
    local.inject(Fault::SchemaConflict);
    let report = db.update_all(Item::update(sized(2)).all_rows()).chunk_rows(10).await.unwrap();
    assert_eq!((report.rows, report.retries), (30, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_other_writers_no_change_is_lost() {
    let (db, _local) = ground().await;
    fill(&db, 60).await;
    let start = Arc::new(Barrier::new(5));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (db, start) = (db.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                for round in 0..15 {
                    let id = (writer * 17 + round * 7) % 60;
                    let grow = diesel::update(item::table.find(id)).set(item::size.eq(item::size + 1));
                    let grow = || grow.clone();
                    db.transaction(async |tx| tx.execute(grow()).await).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    start.wait().await;
    let patch = ItemPatch { note: Some(Some("seen".into())), ..Default::default() };
    let report = db.update_all(Item::update(patch).filter(item::note.is_null())).chunk_rows(7).await.unwrap();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(report.rows, 60);
    let items = items(&db).await;
    assert!(items.iter().all(|item| item.note.as_deref() == Some("seen")));
    assert_eq!(items.iter().map(|item| item.size).sum::<i32>(), 60 + 4 * 15);
}

#[tokio::test]
async fn rows_that_a_foreign_key_takes_along_make_the_steps_smaller() {
    let (db, _local) = ground().await;
    run(
        &db,
        "CREATE TABLE part (id int PRIMARY KEY, item_id bigint NOT NULL REFERENCES item ON DELETE CASCADE)",
    )
    .await;
    fill(&db, 9).await;
    db.insert_all((0..27).map(|id| NewPart::new(id, i64::from(id % 9)))).chunk_rows(10).await.unwrap();
    let report = db.delete_all(Item::delete().all_rows()).chunk_rows(8).await.unwrap();
    // an item and its three parts: two items a transaction
    assert_eq!(report.rows, 9);
    assert!(items(&db).await.is_empty() && db.load(Part::query()).await.unwrap().is_empty());
}

#[table]
struct Part {
    #[column(primary_key)]
    id: i32,
    item_id: i64,
}
