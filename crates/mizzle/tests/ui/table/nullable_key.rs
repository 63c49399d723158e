use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Owner {
    #[column(primary_key)]
    pub id: Option<Uuid>,
    #[column(primary_key)]
    pub photo: Vec<u8>,
}

fn main() {}
