use mizzle::prelude::*;

#[table("owners")]
#[has_many(Pet)]
#[index("name")]
pub struct Owner {
    #[column(primary_key = true)]
    pub id: i64,
    #[column(name = "a", name = "b")]
    pub name: String,
    #[column(varchar(3), char(3))]
    pub code: String,
    #[cfg(unix)]
    pub shell: String,
}

#[table]
#[has_many(toys: Vec<Toy>)]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    #[belongs_to(Owner)]
    pub owner_id: i64,
}

fn main() {}
