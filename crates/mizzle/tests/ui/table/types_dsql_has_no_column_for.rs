use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;

use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: Uuid,
    pub nicknames: Vec<String>,
    pub place: (f64, f64),
    pub address: IpAddr,
    pub stay: Range<i32>,
    pub words: HashMap<String, String>,
    pub initial: char,
    pub twice: Option<Option<i32>>,
}

fn main() {}
