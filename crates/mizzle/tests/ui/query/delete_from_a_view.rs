#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.execute(Senior::delete().all_rows()).await;
}

fn main() {}
