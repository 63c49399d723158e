use mizzle::prelude::*;

#[table]
pub struct Short {
    #[column(primary_key, identity(cache = 1))]
    pub id: i32,
}

#[table]
pub struct Uncached {
    #[column(primary_key, identity)]
    pub id: i64,
}

#[table]
pub struct Cached {
    #[column(primary_key, identity(cache = 100))]
    pub id: i64,
}

fn main() {}
