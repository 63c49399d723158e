use mizzle::prelude::*;

#[table(name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
#[index(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)]
#[check("id > 0", name = "pet_pkey2")]
#[check("id > 1", name = "pet_pkey2")]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    pub bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: i32,
    #[column(name = "")]
    pub nothing: i32,
    #[column(name = "id")]
    pub again: i32,
}

#[table]
pub struct Cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc {
    #[column(primary_key)]
    pub id: i64,
}

fn main() {}
