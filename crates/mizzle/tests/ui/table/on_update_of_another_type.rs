use chrono::{NaiveDateTime, Utc};
use mizzle::prelude::*;

#[table]
pub struct Page {
    #[column(primary_key)]
    pub id: i64,
    #[column(on_update = Utc::now)]
    pub changed: NaiveDateTime,
}

fn main() {}
