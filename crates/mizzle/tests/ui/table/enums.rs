use mizzle::prelude::*;

#[derive(Debug, Clone, PartialEq, DbEnum)]
pub enum Empty {}

#[derive(Debug, Clone, PartialEq, DbEnum)]
#[db_enum(varchar(3))]
pub enum Twice {
    Cat,
    #[db_enum(rename = "cat")]
    Tom,
    Long,
}

#[derive(Debug, Clone, PartialEq, DbEnum)]
pub enum Full {
    Cat(String),
}

#[derive(Debug, Clone, PartialEq, DbEnum)]
pub struct Struct(String);

#[derive(Debug, Clone, PartialEq, DbType)]
pub struct Pair(String, String);

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    pub twice: Twice,
}

fn main() {}
