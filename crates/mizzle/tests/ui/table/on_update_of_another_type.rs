use mizzle::prelude::*;

#[table]
pub struct Page {
    #[column(primary_key)]
    pub id: i64,
    #[column(on_update = String::new)]
    pub version: i32,
}

fn main() {}
