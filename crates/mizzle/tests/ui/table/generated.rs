use mizzle::prelude::*;

#[table]
pub struct Pet {
    #[column(primary_key, generated = "id + 1")]
    pub id: i64,
    #[column(generated = "id * 2", default = 1)]
    pub double: i64,
}

fn main() {}
