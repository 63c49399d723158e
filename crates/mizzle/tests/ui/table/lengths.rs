use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    #[column(varchar(70000))]
    pub name: String,
    #[column(varchar(30))]
    pub age: i32,
}

fn main() {}
