use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub enum Owner {
    One(Uuid),
}

#[table]
pub struct Pair(Uuid, Uuid);

fn main() {}
