//! Large results, and queries that nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt};
use mizzle::connect::{PoolOptions, Session};
use mizzle::prelude::*;
use mizzle::{Connection, Error};
use mizzle_tests::{Ground, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[table]
struct Item {
    #[column(primary_key)]
    id: i32,
    name: String,
}

const ROWS: i64 = 200_000;
/// How wide a row is, so that all of them are far more than the network between two programs holds.
const WIDTH: i32 = 400;
/// More than this is nobody's buffer but the client's own: the kernel's two buffers of a connection grow to some megabytes.
const BUFFERS: usize = 16 << 20;

fn all_rows() -> mizzle::RawSql {
    let (rows, width) = (ROWS, WIDTH);
    sql!("SELECT n, repeat('x', {width}) FROM generate_series(1::bigint, {rows}) AS n")
}

/// One connection, so that the next statement meets whatever the last one left.
fn narrow(ground: &Ground) -> Db {
    Db::new(config(&ground.local), PoolOptions { max_size: 1, ..PoolOptions::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_wait_on_the_server_until_they_are_asked_for() {
    let ground = Ground::new(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relayed = config(&ground.local).port(listener.local_addr().unwrap().port());
    let arrived = Arc::new(AtomicUsize::new(0));
    let relay = tokio::spawn({
        let (arrived, server) = (arrived.clone(), ground.local.address());
        async move {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(server).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            let asked = tokio::io::copy(&mut from_client, &mut to_server);
            let answered = async {
                let mut buffer = vec![0; 64 << 10];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    if to_client.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                    arrived.fetch_add(read, Ordering::SeqCst);
                }
            };
            futures_util::future::join(asked, answered).await.0.map(|_| ())
        }
    });
    let db = Db::new(relayed, PoolOptions { max_size: 1, ..PoolOptions::default() });
    let mut rows = db.stream::<(i64, String), _>(all_rows());
    let (mut count, mut sum) = (0_usize, 0);
    while let Some((number, text)) = rows.try_next().await.unwrap() {
        count += 1;
        sum += number;
        assert_eq!(text.len(), usize::try_from(WIDTH).unwrap());
        if count % 20_000 == 1 {
            // whoever would read ahead has all the turns it needs for that
            let mut quiet = 0;
            let mut seen = arrived.load(Ordering::SeqCst);
            while quiet < 20_000 {
                tokio::task::yield_now().await;
                let now = arrived.load(Ordering::SeqCst);
                quiet = if now == seen { quiet + 1 } else { 0 };
                seen = now;
            }
        }
        let taken = count * usize::try_from(WIDTH).unwrap();
        let ahead = arrived.load(Ordering::SeqCst).saturating_sub(taken + count * 32);
        assert!(ahead < BUFFERS, "{ahead} bytes were read ahead at row {count}");
    }
    assert_eq!((count, sum), (200_000, ROWS * (ROWS + 1) / 2));
    assert!(arrived.load(Ordering::SeqCst) > 4 * BUFFERS, "the rows are too few to show anything");
    relay.abort();
}

#[tokio::test]
async fn models_and_diesels_queries_stream_as_well() {
    let ground = Ground::new(&["CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)"]).await;
    let db = narrow(&ground);
    let items: Vec<_> = (0..1_000).map(|id| NewItem::new(id, format!("item {id}"))).collect();
    db.insert_many(&items).await.unwrap();
    let some = db.stream(Item::query().filter(item::id.ge(10)).order_by(item::id)).take(2);
    let some: Vec<Item> = some.try_collect().await.unwrap();
    assert_eq!(some, [Item { id: 10, name: "item 10".into() }, Item { id: 11, name: "item 11".into() }]);
    let names: Vec<String> =
        db.stream(item::table.select(item::name).order(item::id)).try_collect().await.unwrap();
    assert_eq!(names.len(), 1_000);
    let nothing: Vec<Item> = db.stream(Item::query().filter(item::id.lt(0))).try_collect().await.unwrap();
    assert_eq!(nothing, []);
    let refused = db.stream::<(i32,), _>(sql!("SELECT 1 / (id - 5) FROM item WHERE id = 5")).try_next().await;
    assert_eq!(refused.unwrap_err().sql_state(), Some("22012"));
    assert_eq!(db.load(Item::query()).await.unwrap().len(), 1_000);
}

/// An item without its id.
#[derive(Shape, Debug, PartialEq)]
#[shape(of = Item)]
struct Named {
    #[shape(from = name)]
    called: Called,
}

/// A type that does not tell whether it is a column's.
#[derive(Debug, Clone, PartialEq, DbType)]
struct Called(String);

#[tokio::test]
async fn a_shape_of_columns_streams_and_so_does_a_transaction() {
    let ground = Ground::new(&["CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)"]).await;
    let db = narrow(&ground);
    let items: Vec<_> = (0..1_000).map(|id| NewItem::new(id, format!("item {id}"))).collect();
    db.insert_many(&items).await.unwrap();
    let query = Named::query().filter(item::id.ge(10)).order_by(item::id).limit(2);
    let named: Vec<Named> = db.stream(query).try_collect().await.unwrap();
    assert_eq!(named, ["item 10", "item 11"].map(|name| Named { called: Called(name.into()) }));

    let runs = AtomicUsize::new(0);
    let counted = db
        .transaction(async |mut tx| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            tx.insert(NewItem::new(1_000, "its own")).await?;
            let mut rows = tx.stream(Named::query().order_by(item::id));
            let mut last = rows.try_next().await?;
            if run == 0 {
                // its snapshot does not see what comes in meanwhile, and the conflict that follows runs it again
                ground.db.insert(NewItem::new(1_000, "somebody else's")).await?;
            }
            let mut count = 1;
            while let Some(row) = rows.try_next().await? {
                (last, count) = (Some(row), count + 1);
            }
            assert_eq!(last, Some(Named { called: Called("its own".into()) }));
            // dropped half-way, the rest does not come in the way of what follows
            drop(rows);
            let first = tx.stream(Item::query().order_by(item::id)).next().await.unwrap()?;
            assert_eq!(first.id, 0);
            tx.execute(Item::delete().filter(item::id.lt(10))).await?;
            Ok::<_, Error>(count)
        })
        .await;
    assert!(counted.unwrap_err().is_unique_violation(), "the second run finds the other's row");
    assert_eq!(runs.into_inner(), 2);
    assert_eq!(db.load(Item::query()).await.unwrap().len(), 1_001);
    // a refused stream is a refused statement: the transaction does not commit
    let swallowed = db
        .transaction(async |mut tx| {
            tx.insert(NewItem::new(2_000, "lost")).await?;
            let refused = tx.stream::<(i32,), _>(sql!("SELECT 1 / (id - 5) FROM item ORDER BY id")).count();
            Ok::<_, Error>(refused.await)
        })
        .await;
    assert!(swallowed.unwrap_err().to_string().contains("the closure returned Ok"));
    assert_eq!(db.load(Item::query()).await.unwrap().len(), 1_001);
}

/// Counts for hours.
fn endless() -> mizzle::RawSql {
    sql!("SELECT count(*) FROM generate_series(1::bigint, 1000000000000) AS n")
}

/// Waits until a condition holds that somebody else brings about.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    while !holds().await {
        tokio::task::yield_now().await;
    }
}

/// How many sessions run the endless query, as the server sees it.
async fn running(ground: &Ground) -> i64 {
    let (count,) = ground
        .db
        .first(sql!(
            "SELECT count(*) FROM pg_stat_activity
             WHERE state = 'active' AND query LIKE '%1000000000000%' AND query NOT LIKE '%pg_stat_activity%'"
        ))
        .await
        .unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_nobody_waits_for_is_cancelled_on_the_server_and_the_pool_goes_on() {
    let ground = Ground::new(&["CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)"]).await;
    let db = narrow(&ground);
    let connection = Connection::clone(&*db.connection().await.unwrap());
    let endless = tokio::spawn({
        let db = db.clone();
        async move { db.load::<(i64,), _>(endless()).await }
    });
    until(async || running(&ground).await == 1).await;
    endless.abort();
    assert!(endless.await.unwrap_err().is_cancelled());
    until(async || running(&ground).await == 0).await;
    assert!(!connection.is_reusable(), "a late cancel must not meet somebody else's statement");
    for id in 0..3 {
        db.insert(NewItem::new(id, "after")).await.unwrap();
    }
    assert_eq!(db.load(Item::query()).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_dropped_half_way_gives_its_connection_back_or_up() {
    let ground = Ground::new(&[]).await;
    let db = narrow(&ground);
    for _ in 0..3 {
        let first: Vec<(i64, String)> = db.stream(all_rows()).take(1).try_collect().await.unwrap();
        assert_eq!(first[0].0, 1);
        let (one,): (i32,) = db.first(sql!("SELECT 1")).await.unwrap();
        assert_eq!(one, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_dropped_a_statement_half_way_does_not_commit() {
    let ground = Ground::new(&["CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)"]).await;
    let db = narrow(&ground);
    let error = db
        .transaction(async |tx| {
            tx.insert(NewItem::new(1, "lost")).await?;
            let slow = std::pin::pin!(tx.load::<(i64,), _>(endless()));
            // polled once, so it is on its way, and then dropped
            let sent = futures_util::future::select(slow, std::future::ready(())).await;
            assert!(matches!(sent, futures_util::future::Either::Right(_)));
            drop(sent);
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("was dropped before its answer"), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(db.load(Item::query()).await.unwrap(), []);
}

#[tokio::test]
async fn the_statements_prepared_on_a_connection_are_bounded_and_a_refused_one_is_forgotten() {
    let ground = Ground::new(&[]).await;
    let db = narrow(&ground);
    for number in 0..300 {
        // a text of its own each: nothing but the number differs
        let query = mizzle::RawSql::verbatim(format!("SELECT {number}"));
        for _ in 0..2 {
            let (found,): (i32,) = db.first(query.clone()).await.unwrap();
            assert_eq!(found, number);
        }
    }
    let connection = db.connection().await.unwrap();
    let prepared =
        connection.client().query("SELECT 1 FROM pg_prepared_statements", &[]).await.unwrap().len();
    // those that have just been let go of are closed behind the next statement
    assert!((200..=260).contains(&prepared), "{prepared} statements are prepared");
    drop(connection);
    for _ in 0..3 {
        let error = db.load::<(i32,), _>(sql!("SELECT nothing FROM nowhere")).await.unwrap_err();
        assert_eq!(error.sql_state(), Some("42P01"));
    }
    let (one,): (i32,) = db.first(sql!("SELECT 1")).await.unwrap();
    assert_eq!(one, 1);
}
