#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn query(db: &Db) {
    let _ = db.execute(mizzle::diesel::update(senior::table.filter(senior::name.eq("Tom"))).set(senior::name.eq("Tim"))).await;
}

fn main() {}
