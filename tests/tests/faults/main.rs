//! What goes wrong in production, one test for each: no lost update, no double write, the documented error, and recovery.
//!
//! `cargo xtask faults` runs these, with the bank open for a minute.

mod bank;
mod commit;
mod connect;

use mizzle::connect::{PoolOptions, RetryBudget, RetryPolicy};
use mizzle::prelude::*;
use mizzle::{CommitMarker, Db, Error, Outcome};
use mizzle_local::{Builder, LocalDsql};
use mizzle_tests::{Ground, config, run};
use uuid::Uuid;

#[table]
struct Account {
    #[column(primary_key)]
    id: i32,
    balance: i64,
}

/// A transfer that was made. Its key is the client's, so that one made twice is refused.
#[table]
struct Transfer {
    #[column(primary_key)]
    id: Uuid,
    source: i32,
    target: i32,
    amount: i64,
}

/// What each account has at the beginning.
const OPENING: i64 = 1_000;

/// A bank with this many accounts.
async fn bank(accounts: i32) -> Ground {
    bank_on(LocalDsql::builder(), accounts).await
}

async fn bank_on(builder: Builder, accounts: i32) -> Ground {
    let local = builder.start().await.expect("the local DSQL starts");
    let db = Db::new(config(&local), PoolOptions::default());
    found(&db, accounts).await;
    Ground { db, local }
}

async fn found(db: &Db, accounts: i32) {
    for statement in [
        "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)",
        "CREATE TABLE transfer (id uuid PRIMARY KEY, source int NOT NULL, target int NOT NULL, amount bigint NOT NULL)",
        &marker().create_table(),
    ] {
        run(db, statement).await;
    }
    let rows: Vec<_> = (0..accounts).map(|id| NewAccount::new(id, OPENING)).collect();
    db.insert_many(&rows).await.expect("nobody is in the way");
}

fn marker() -> CommitMarker {
    CommitMarker::new("mizzle_commit")
}

/// One transfer, as a transaction that reads, decides and writes.
async fn transfer(db: &Db, transfer: &Transfer) -> Outcome<(), Error> {
    let Transfer { id, source, target, amount } = *transfer;
    db.transaction_outcome(async |tx| {
        for (account, change) in [(source, -amount), (target, amount)] {
            let found: Account = tx.first(Account::query().filter(account::id.eq(account))).await?;
            let patch = AccountPatch { balance: Some(found.balance + change) };
            tx.execute(Account::update(patch).filter(account::id.eq(account))).await?;
        }
        tx.insert(NewTransfer::new(id, source, target, amount)).await?;
        Ok::<_, Error>(())
    })
    .await
}

/// A transfer of 10 from account 0 to account 1.
async fn pay(db: &Db) -> Outcome<(), Error> {
    transfer(db, &Transfer { id: Uuid::new_v4(), source: 0, target: 1, amount: 10 }).await
}

/// Checks that the balances are what the transfers say, to the last unit, and gives the transfers' keys.
async fn audit(db: &Db, accounts: i32) -> Vec<Uuid> {
    // a transaction, which runs again when its connection has come to its end
    let books = db.transaction(async |tx| {
        let transfers: Vec<Transfer> = tx.load(Transfer::query()).await?;
        let balances: Vec<Account> = tx.load(Account::query()).await?;
        Ok::<_, Error>((transfers, balances))
    });
    let (transfers, balances) = books.await.expect("the bank is open");
    assert_eq!(balances.iter().map(|account| account.balance).sum::<i64>(), OPENING * i64::from(accounts));
    for account in &balances {
        let change: i64 = transfers
            .iter()
            .map(|made| {
                i64::from(made.target == account.id) * made.amount
                    - i64::from(made.source == account.id) * made.amount
            })
            .sum();
        assert_eq!(account.balance, OPENING + change, "account {}", account.id);
    }
    transfers.iter().map(|made| made.id).collect()
}

/// How many transfers were made, by books that are right.
async fn made(db: &Db) -> usize {
    audit(db, 2).await.len()
}

/// As often as it takes, for what has to succeed in the end however slow the machine is.
fn patient() -> RetryPolicy {
    let deadline = std::time::Duration::from_secs(600);
    RetryPolicy { max_attempts: u32::MAX, deadline, budget: RetryBudget::UNLIMITED, ..RetryPolicy::default() }
}

/// As often as it takes to see how a policy ends.
fn twice() -> RetryPolicy {
    RetryPolicy { max_attempts: 2, ..RetryPolicy::default() }
}
