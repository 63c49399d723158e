use mizzle::prelude::*;

#[derive(Debug, Clone, PartialEq, DbType)]
pub struct Digest(Vec<u8>);

#[table]
pub struct File {
    #[column(primary_key)]
    pub digest: Digest,
}

fn main() {}
