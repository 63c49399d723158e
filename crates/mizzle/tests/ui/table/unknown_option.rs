use mizzle::prelude::*;
use uuid::Uuid;

#[table(nmae = "owners")]
pub struct Owner {
    #[column(primary_key, defualt = now())]
    pub id: Uuid,
}

fn main() {}
