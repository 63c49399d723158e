use mizzle::prelude::*;
use mizzle::Interval;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub raw: Vec<u8>,
    #[column(unique)]
    pub span: Interval,
}

#[table]
#[index(document)]
#[index(name)]
pub struct Visit {
    #[column(primary_key)]
    pub id: i64,
    pub document: serde_json::Value,
    #[column(varchar(2001))]
    pub name: String,
}

fn main() {}
