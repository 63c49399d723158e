#[path = "../clinic.rs"]
mod clinic;
use mizzle::prelude::*;

async fn nested(db: &Db) -> Result<(), mizzle::Error> {
    db.transaction(async |tx| tx.transaction(async |_| Ok(())).await).await
}

fn main() {}
