#[path = "../clinic.rs"]
mod clinic;
use clinic::*;
use mizzle::prelude::*;

async fn check(db: Db) {
    let _ = db.load::<Owner, _>(owner::table.for_key_share()).await;
    let _ = db.load::<Owner, _>(owner::table.for_share()).await;
    let _ = db.load::<Owner, _>(owner::table.filter(owner::name.eq("John")).for_no_key_update()).await;
}

fn main() {}
