use mizzle::prelude::*;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub struct Color;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    pub color: Color,
}

fn main() {}
