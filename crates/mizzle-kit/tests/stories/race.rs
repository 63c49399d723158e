//! Writers that go on while a column gets another type, and while a table is made anew: nothing that was committed is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mizzle_kit::plan::plan;
use tokio_postgres::Client;

use crate::law::{Ground, rows};
use crate::notation;

const PETS: i32 = 40;

/// What one writer did to its own rows: how often each was counted up, and which it deleted and inserted.
#[derive(Default)]
struct Done {
    counted: i64,
    inserted: i64,
    deleted: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_of_another_type_has_what_was_written_meanwhile() {
    holds(
        "table pet\n id integer\n legs integer\n key id\n index legs",
        "table pet\n id integer\n legs bigint\n key id\n index legs",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_made_anew_has_what_was_written_meanwhile() {
    holds(
        "table pet\n id integer\n legs integer\n key id\n index legs",
        "table pet\n id bigint\n legs integer\n key id\n index legs",
    )
    .await;
}

async fn holds(old: &str, new: &str) {
    let ground = Ground::start().await;
    let (old, new) = (notation::snapshot(old), notation::snapshot(new));
    let made = ground.make(&old).await.expect("the old schema");
    let fill = format!("INSERT INTO pet SELECT n, 0 FROM generate_series(1, {}) n", 2 * PETS);
    ground.sql(&fill).await.expect("rows");
    let planned = plan(&made, &new).expect("a plan");

    let over = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..2 {
        let client = ground.connect().await;
        writers.push(tokio::spawn(write(client, number * PETS, Arc::clone(&over))));
    }
    ground.run(&planned).await.expect("it runs beside the writers");
    over.store(true, Ordering::Relaxed);
    let mut all = Done::default();
    for writer in writers {
        let done = writer.await.expect("a writer ends");
        all.counted += done.counted;
        all.inserted += done.inserted;
        all.deleted += done.deleted;
    }
    ground.is(&new).await.expect("the new schema");
    let found = ground.sql("SELECT count(*), sum(legs) FROM pet").await.expect("rows");
    let there = i64::from(2 * PETS) + all.inserted - all.deleted;
    assert_eq!(rows(&found), format!("{there} {}", all.counted));
    assert!(all.counted > 0 && all.inserted > 0 && all.deleted > 0, "the writers wrote nothing");
}

/// Counts rows up, and inserts and deletes others, until it is told to stop; what is refused was not done.
async fn write(client: Client, first: i32, over: Arc<AtomicBool>) -> Done {
    let mut done = Done::default();
    let mut turn = 0;
    while !over.load(Ordering::Relaxed) {
        turn += 1;
        let pet = first + 1 + turn % PETS;
        let count = format!("UPDATE pet SET legs = legs + 1 WHERE id = {pet}");
        done.counted += i64::from(client.simple_query(&count).await.is_ok());
        let guest = 1_000_000 + first * 1_000 + turn;
        if client.simple_query(&format!("INSERT INTO pet (id, legs) VALUES ({guest}, 0)")).await.is_ok() {
            done.inserted += 1;
            if turn % 2 == 0 {
                let delete = format!("DELETE FROM pet WHERE id = {guest}");
                done.deleted += i64::from(client.simple_query(&delete).await.is_ok());
            }
        }
        // The server's answers are all that this waits for.
        tokio::task::yield_now().await;
    }
    done
}
