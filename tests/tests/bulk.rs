//! Writes of any size on a real server: where chunks end, what is reported when one fails, and that nothing is lost or done twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use mizzle::connect::{PoolOptions, RetryPolicy};
use mizzle::prelude::*;
use mizzle::{Db, Error};
use mizzle_local::{Fault, Limits, LocalDsql};
use mizzle_tests::{Ground, config, run};
use uuid::Uuid;

#[table]
struct Item {
    #[column(primary_key)]
    id: i64,
    #[column(varchar(1000))]
    name: String,
    #[column(default = 7)]
    size: i32,
    note: Option<String>,
}

const ITEM: &str = "CREATE TABLE item (id bigint PRIMARY KEY, name varchar(1000) NOT NULL, size int NOT NULL DEFAULT 7, note text)";

/// A key of two columns, and nothing that must be given.
#[table]
struct Seat {
    #[column(primary_key, default = gen_random_uuid())]
    row: Uuid,
    #[column(primary_key, default = 1)]
    number: i32,
    #[column(default = false)]
    taken: bool,
}

const SEAT: &str = "CREATE TABLE seat (row uuid DEFAULT gen_random_uuid(), number int DEFAULT 1, taken boolean NOT NULL DEFAULT false, PRIMARY KEY (row, number))";

/// A server that takes this many rows and bytes a transaction.
async fn ground(rows: u32, bytes: u64) -> (Db, LocalDsql) {
    let mut limits = Limits::default();
    limits.rows = rows;
    limits.transaction_bytes = bytes;
    let Ground { db, local } = Ground::limited(limits, &[ITEM, SEAT]).await;
    (db, local)
}

async fn plain() -> (Db, LocalDsql) {
    ground(3_000, 10 << 20).await
}

fn items(ids: std::ops::Range<i64>) -> impl Iterator<Item = NewItem> + Send {
    ids.map(|id| NewItem::new(id, format!("item {id}")))
}

async fn ids(db: &Db) -> Vec<i64> {
    let items: Vec<Item> = db.load(Item::query().order_by(item::id)).await.unwrap();
    items.iter().map(|item| item.id).collect()
}

#[tokio::test]
async fn rows_are_inserted_in_chunks_up_to_the_last_row() {
    let (db, _local) = ground(10, 10 << 20).await;
    let mut at = 0;
    for (rows, chunks) in [(0, 0), (1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (25, 3)] {
        let report = db.insert_all(items(at..at + rows)).chunk_rows(10).await.unwrap();
        assert_eq!((report.rows, report.chunks, report.retries), (rows as u64, chunks, 0), "{rows} rows");
        at += rows;
    }
    assert_eq!(ids(&db).await, (0..at).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_of_one_call_leave_out_what_they_like() {
    let (db, _local) = plain().await;
    let rows: Vec<_> = (0..40)
        .map(|id| {
            let mut row = NewItem::new(id, "x");
            if id % 2 == 0 {
                row = row.size(id as i32);
            }
            if id % 3 == 0 {
                row = row.note(format!("note {id}"));
            }
            row
        })
        .collect();
    let report = db.insert_all(rows).chunk_rows(16).await.unwrap();
    assert_eq!((report.rows, report.chunks), (40, 3));
    for item in db.load(Item::query()).await.unwrap() {
        assert_eq!(item.size, if item.id % 2 == 0 { item.id as i32 } else { 7 });
        assert_eq!(item.note, (item.id % 3 == 0).then(|| format!("note {}", item.id)));
    }
}

#[tokio::test]
async fn rows_of_nothing_but_defaults_are_inserted() {
    let (db, _local) = plain().await;
    let report = db.insert_all((0..25).map(|_| NewSeat::new())).chunk_rows(10).await.unwrap();
    assert_eq!((report.rows, report.chunks), (25, 3));
    let seats: Vec<Seat> = db.load(Seat::query()).await.unwrap();
    assert!(seats.len() == 25 && seats.iter().all(|seat| seat.number == 1 && !seat.taken));
}

#[tokio::test]
async fn rows_come_back_as_the_database_made_them_in_the_order_given() {
    let (db, _local) = plain().await;
    let new = |id: i64| match id % 3 {
        0 => NewItem::new(id, "plain"),
        1 => NewItem::new(id, "sized").size(id as i32),
        _ => NewItem::new(id, "noted").note("a note"),
    };
    // falling ids: neither the order of the key nor that of the shapes
    let items: Vec<Item> = db.insert_all((0..95).rev().map(new)).chunk_rows(10).returning().await.unwrap();
    assert_eq!(items.iter().map(|item| item.id).collect::<Vec<_>>(), (0..95).rev().collect::<Vec<_>>());
    for item in &items {
        assert_eq!(item.size, if item.id % 3 == 1 { item.id as i32 } else { 7 });
        assert_eq!(item.note.is_some(), item.id % 3 == 2);
    }
    let stored: Vec<Item> = db.load(Item::query().order_by(item::id.desc())).await.unwrap();
    assert_eq!(items, stored);
    // what is left out does not come back, what is updated does
    let new: Vec<Item> =
        db.insert_all((90..100).map(new)).on_conflict_do_nothing().returning().await.unwrap();
    let mut new: Vec<_> = new.iter().map(|item| item.id).collect();
    new.sort_unstable();
    assert_eq!(new, [95, 96, 97, 98, 99]);
    let rows = futures_util::stream::iter((98..102).map(|id| NewItem::new(id, "again")));
    let again: Vec<Item> = db.insert_stream(rows).on_conflict_do_update().returning().await.unwrap();
    assert_eq!(
        again.iter().map(|item| (item.id, &*item.name)).collect::<Vec<_>>(),
        [(98, "again"), (99, "again"), (100, "again"), (101, "again")]
    );
    let seats: Vec<Seat> = db.insert_all((0..25).map(|_| NewSeat::new())).returning().await.unwrap();
    assert_eq!(seats.len(), 25);
    assert_eq!(db.insert_all(Vec::<NewSeat>::new()).returning().await.unwrap(), []);
}

#[tokio::test]
async fn rows_are_handed_over_when_their_chunk_is_committed_and_not_before() {
    let (db, local) = plain().await;
    // the second of three commits is refused, and its chunk written again
    local.inject(Fault::DataConflict.nth(2));
    let mut chunks = Vec::new();
    let report = db
        .insert_all(items(0..25))
        .chunk_rows(10)
        .concurrency(1)
        .on_rows(|items: Vec<Item>| chunks.push(items.iter().map(|item| item.id).collect::<Vec<_>>()))
        .await
        .unwrap();
    assert_eq!((report.rows, report.retries), (25, 1));
    assert_eq!(chunks, [(0..10).collect::<Vec<_>>(), (10..20).collect(), (20..25).collect()]);
    // what came before a failure stays, and was handed over
    let mut seen = Vec::new();
    let rows = (100..130).map(|id| NewItem::new(if id == 115 { 3 } else { id }, "x"));
    let error = db
        .insert_all(rows)
        .chunk_rows(10)
        .concurrency(1)
        .on_rows(|items| seen.extend(items.iter().map(|item: &Item| item.id)))
        .await
        .unwrap_err();
    assert!(error.cause().is_unique_violation());
    assert_eq!((seen, error.committed().to_string()), ((100..110).collect::<Vec<i64>>(), "0..10".into()));
}

#[tokio::test]
async fn chunks_end_where_their_bytes_do() {
    let (db, _local) = plain().await;
    // a row is 500 bytes of name, 8 of id, 4 for each of its three values, and 40 that the database is taken to add
    let rows = |ids: std::ops::Range<i64>| ids.map(|id| NewItem::new(id, "x".repeat(500)));
    let weight = 560;
    for (at, bytes, chunks) in [(0, 10 * weight, 2), (100, 10 * weight - 1, 3), (200, 1, 20)] {
        let report = db.insert_all(rows(at..at + 20)).chunk_bytes(bytes).await.unwrap();
        assert_eq!((report.rows, report.chunks), (20, chunks), "{bytes} bytes");
    }
}

#[tokio::test]
async fn a_chunk_that_the_server_finds_too_large_is_cut_in_two() {
    // by bytes, judged at COMMIT
    let (db, _local) = ground(3_000, 10_000).await;
    let rows = (0..64).map(|id| NewItem::new(id, "x".repeat(900)));
    let report = db.insert_all(rows).await.unwrap();
    assert_eq!((report.rows, report.chunks), (64, 8));
    // by rows, judged at the statement
    let (db, _local) = ground(10, 10 << 20).await;
    let report = db.insert_all(items(0..40)).await.unwrap();
    assert_eq!((report.rows, report.chunks, report.retries), (40, 4, 0));
    assert_eq!(ids(&db).await, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_row_that_no_transaction_takes_fails_alone() {
    let (db, _local) = ground(3_000, 500).await;
    let rows = (0..4).map(|id| NewItem::new(id, "x".repeat(if id == 2 { 600 } else { 100 })));
    let error = db.insert_all(rows).concurrency(1).await.unwrap_err();
    assert_eq!((error.committed().to_string(), error.failed().to_string()), ("0..2".into(), "2..3".into()));
    assert!(error.cause().is_over_budget(), "{error:?}");
    assert_eq!(ids(&db).await, [0, 1]);
}

#[tokio::test]
async fn a_poisoned_row_ends_the_work_and_the_report_tells_what_is_committed() {
    let (db, _local) = plain().await;
    db.insert(NewItem::new(25, "taken")).await.unwrap();
    let error = db.insert_all(items(0..100)).chunk_rows(10).concurrency(1).await.unwrap_err();
    assert!(error.cause().is_unique_violation(), "{error:?}");
    assert_eq!(error.cause().constraint(), Some("item_pkey"));
    assert_eq!(error.committed().to_string(), "0..20");
    assert_eq!(error.failed().to_string(), "20..30");
    assert!(error.unknown().is_empty() && error.position().is_none());
    assert_eq!((error.report().rows, error.report().chunks), (20, 2));
    assert_eq!(
        error.to_string(),
        "the work ended early: 20 rows in 2 transactions are committed; rows 0..20 are committed; rows 20..30 are refused"
    );
    // as the error of the crate it answers the same questions, and is not to be repeated as a whole
    let error: Error = error.into();
    assert!(error.is_unique_violation() && !error.is_retryable() && !error.is_outcome_unknown());
    let bulk = error.as_bulk().expect("it was work in chunks");
    // what is committed is not tried again, and the row that is there stays as it is
    let report = db.insert_all(items(0..100)).skip(bulk.committed()).on_conflict_do_nothing().await.unwrap();
    assert_eq!(report.rows, 79);
    assert_eq!(ids(&db).await, (0..100).collect::<Vec<_>>());
    assert_eq!(db.first(Item::query().filter(item::id.eq(25))).await.unwrap().name, "taken");
}

#[tokio::test]
async fn chunks_under_way_are_finished_when_another_fails() {
    let (db, _local) = plain().await;
    // without an end: whoever does not stop never comes back
    let rows = (0..).map(|id| NewItem::new(id, if id == 35 { "x".repeat(1_001) } else { "x".into() }));
    let error = db.insert_all(rows).chunk_rows(10).concurrency(4).await.unwrap_err();
    assert_eq!(error.cause().sql_state(), Some("22001"), "{error:?}");
    assert_eq!(error.failed().to_string(), "30..40");
    let there: Vec<u64> = ids(&db).await.into_iter().map(|id| id as u64).collect();
    let committed: Vec<u64> = error.committed().iter().flatten().collect();
    assert_eq!(there, committed);
}

#[tokio::test]
async fn a_stream_that_never_ends_does_not_keep_a_failure_back() {
    use futures_util::StreamExt;
    let (db, _local) = plain().await;
    db.insert(NewItem::new(5, "taken")).await.unwrap();
    let rows = futures_util::stream::iter(items(0..12)).chain(futures_util::stream::pending());
    let error = db.insert_stream(rows).chunk_rows(10).await.unwrap_err();
    assert!(error.cause().is_unique_violation());
    assert_eq!((error.failed().to_string(), ids(&db).await), ("0..10".into(), vec![5]));
}

#[tokio::test]
async fn a_commit_that_loses_is_repeated_and_counted() {
    let (db, local) = plain().await;
    for fault in [Fault::DataConflict, Fault::SchemaConflict, Fault::DataConflict] {
        local.inject(fault);
    }
    let report = db.insert_all(items(0..50)).chunk_rows(10).await.unwrap();
    assert_eq!((report.rows, report.chunks, report.retries), (50, 5, 3));
    assert_eq!(ids(&db).await.len(), 50);
}

#[tokio::test]
async fn a_conflict_that_never_ends_ends_the_work() {
    let (db, local) = plain().await;
    let db = db.with_retry(RetryPolicy { max_attempts: 2, ..RetryPolicy::default() });
    local.inject(Fault::DataConflict);
    local.inject(Fault::DataConflict);
    let error = db.insert_all(items(0..10)).await.unwrap_err();
    assert!(error.cause().is_conflict());
    assert_eq!((error.failed().to_string(), error.report().retries), ("0..10".into(), 1));
    assert_eq!(ids(&db).await, [0; 0]);
}

#[tokio::test]
async fn a_connection_lost_during_commit_leaves_rows_of_unknown_outcome() {
    for (fault, there) in
        [(Fault::DropAfterCommit, 10), (Fault::DropBeforeCommit, 0), (Fault::Unavailable, 0)]
    {
        let (db, local) = plain().await;
        db.insert_all(items(0..20)).chunk_rows(10).await.unwrap();
        local.inject(fault);
        let error = db.insert_all(items(20..30)).await.unwrap_err();
        assert_eq!(error.unknown().to_string(), "0..10", "{fault:?}: {error:?}");
        assert!(error.committed().is_empty() && error.failed().is_empty());
        assert!(Error::from(error.clone()).is_outcome_unknown());
        assert_eq!(ids(&db).await.len(), 20 + there, "{fault:?}");
        // to go on, whichever it was
        db.insert_all(items(20..30)).skip(error.committed()).on_conflict_do_nothing().await.unwrap();
        assert_eq!(ids(&db).await, (0..30).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn rows_that_are_there_are_left_or_updated() {
    let (db, _local) = plain().await;
    db.insert_all((0..10).map(|id| NewItem::new(id, "old").size(1).note("kept"))).await.unwrap();
    let report = db.insert_all(items(5..15)).on_conflict_do_nothing().await.unwrap();
    assert_eq!(report.rows, 5);
    let report = db
        .insert_all((0..20).map(|id| NewItem { note: None, ..NewItem::new(id, "new") }))
        .on_conflict_do_update()
        .await
        .unwrap();
    assert_eq!(report.rows, 20);
    let items: Vec<Item> = db.load(Item::query().order_by(item::id)).await.unwrap();
    assert!(items.iter().all(|item| item.name == "new" && item.note.is_none()));
    // the size was left to its default, so what is there stays
    assert!(items.iter().all(|item| item.size == if item.id < 10 { 1 } else { 7 }));
}

#[tokio::test]
async fn a_unique_column_says_which_row_is_meant() {
    let (db, _local) = plain().await;
    run(&db, "CREATE TABLE member (id bigint PRIMARY KEY, email text UNIQUE NOT NULL, name text NOT NULL)")
        .await;
    db.insert_all([NewMember::new(1, "a@b", "Ann"), NewMember::new(2, "c@d", "Cid")]).await.unwrap();
    let report = db.insert_all([NewMember::new(9, "a@b", "Anna")]).unique_by(member::email).await.unwrap();
    assert_eq!(report.rows, 1);
    let members: Vec<Member> = db.load(Member::query().order_by(member::id)).await.unwrap();
    let names: Vec<_> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
    assert_eq!(names, [(1, "Anna"), (2, "Cid")]);
}

#[table]
struct Member {
    #[column(primary_key)]
    id: i64,
    email: String,
    name: String,
}

#[tokio::test]
async fn progress_is_told_after_each_commit() {
    let (db, _local) = plain().await;
    let mut told = Vec::new();
    db.insert_all(items(0..25))
        .chunk_rows(10)
        .concurrency(1)
        .on_progress(|at| told.push((at.rows_done, at.rows_total, at.chunks_done)))
        .await
        .unwrap();
    assert_eq!(told, [(10, Some(25), 1), (20, Some(25), 2), (25, Some(25), 3)]);
}

#[tokio::test]
async fn no_more_than_a_few_chunks_are_in_memory_or_under_way() {
    let (db, _local) = plain().await;
    let (read, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ahead = AtomicUsize::new(0);
    let rows = items(0..1_000).inspect(|_| {
        let read = 1 + read.fetch_add(1, Ordering::SeqCst);
        ahead.fetch_max(read - done.load(Ordering::SeqCst), Ordering::SeqCst);
    });
    db.insert_all(rows)
        .chunk_rows(10)
        .concurrency(3)
        .on_progress(|at| done.store(at.rows_done as usize, Ordering::SeqCst))
        .await
        .unwrap();
    let ahead = ahead.into_inner();
    assert!(ahead <= 30, "{ahead} rows were read before they could be written");
    assert_eq!(ids(&db).await.len(), 1_000);
}

#[tokio::test]
async fn more_at_a_time_than_the_pool_has_connections_wait_for_nothing() {
    let (_, local) = plain().await;
    let options = PoolOptions { max_size: 2, min_idle: 2, ..PoolOptions::default() };
    let db = Db::connect_with(config(&local), options).await.unwrap();
    let most = AtomicUsize::new(0);
    let report = db
        .insert_all(items(0..2_000))
        .chunk_rows(20)
        .concurrency(50)
        .on_progress(|_| {
            most.fetch_max(db.stats().pool.waiting, Ordering::SeqCst);
        })
        .await
        .unwrap();
    assert_eq!((report.chunks, most.into_inner()), (100, 0));
}

#[tokio::test]
async fn work_that_is_dropped_leaves_whole_chunks_and_a_pool_that_works() {
    let (_, local) = plain().await;
    let db = Db::new(config(&local), PoolOptions { max_size: 2, ..PoolOptions::default() });
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    let work = tokio::spawn({
        let db = db.clone();
        async move {
            let tell = move |_| {
                if let Some(sender) = sender.take() {
                    sender.send(()).unwrap();
                }
            };
            db.insert_all(items(0..1_000_000)).chunk_rows(10).concurrency(2).on_progress(tell).await
        }
    });
    receiver.await.unwrap();
    work.abort();
    assert!(work.await.unwrap_err().is_cancelled());
    // the two connections are given back without an open transaction: what is read now stays so
    let there = ids(&db).await;
    assert!(there.len() % 10 == 0 && there.len() >= 10, "{} rows", there.len());
    db.insert_all((0..20).map(|id| NewItem::new(-1 - id, "x"))).chunk_rows(10).await.unwrap();
    assert_eq!(ids(&db).await.len(), there.len() + 20);
}

#[tokio::test]
async fn a_hundred_thousand_rows() {
    let (db, _local) = plain().await;
    let report = db.insert_all(items(0..100_000)).await.unwrap();
    assert_eq!((report.rows, report.chunks), (100_000, 100));
    let (count, sum): (i64, Option<bigdecimal::BigDecimal>) = db
        .first(item::table.select((mizzle::diesel::dsl::count_star(), mizzle::diesel::dsl::sum(item::id))))
        .await
        .unwrap();
    assert_eq!((count, sum), (100_000, Some(4_999_950_000_i64.into())));
    println!("100,000 rows in {:?}", report.elapsed);
}
