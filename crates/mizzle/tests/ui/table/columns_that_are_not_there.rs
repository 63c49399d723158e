use mizzle::prelude::*;
use uuid::Uuid;

#[table]
#[index(nmae)]
#[index(sql("lower(nmae)"))]
#[index(name, include(wieght), where = "wieght > 0")]
#[unique(nmae)]
#[check("weight > 0 AND wieght < 10")]
#[foreign_key(owner => Owner)]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    #[column(generated = "upper(nmae)")]
    pub name: String,
    #[column(name = "kilograms")]
    pub weight: i32,
}

#[table]
pub struct Owner {
    #[column(primary_key)]
    pub id: Uuid,
}

fn main() {}
