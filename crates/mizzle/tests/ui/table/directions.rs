use mizzle::prelude::*;

#[table]
#[index(name.desc())]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    pub name: String,
}

fn main() {}
