use mizzle::prelude::*;
use mizzle::Interval;

#[derive(Debug, Clone, PartialEq, DbType)]
pub struct Digest(Vec<u8>);

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

#[table]
pub struct File {
    #[column(primary_key)]
    pub digest: Digest,
}

fn main() {}
