#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.execute(mizzle::diesel::delete(senior::table)).await;
}

fn main() {}
