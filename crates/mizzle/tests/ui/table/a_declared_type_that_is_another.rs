use mizzle::prelude::*;

#[derive(Debug, Clone, PartialEq, DbType)]
pub struct Age(i32);

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    #[column(varchar(3))]
    pub age: Age,
}

fn main() {}
