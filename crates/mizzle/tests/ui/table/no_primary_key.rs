use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Owner {
    pub id: Uuid,
    pub name: String,
}

fn main() {}
