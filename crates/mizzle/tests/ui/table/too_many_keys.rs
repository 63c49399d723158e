use mizzle::prelude::*;

#[table]
#[index(c0, c1, c2, c3, c4, c5, c6, c7, c8)]
#[unique(c0, c0)]
pub struct Wide {
    #[column(primary_key)]
    pub c0: i32,
    #[column(primary_key)]
    pub c1: i32,
    #[column(primary_key)]
    pub c2: i32,
    #[column(primary_key)]
    pub c3: i32,
    #[column(primary_key)]
    pub c4: i32,
    #[column(primary_key)]
    pub c5: i32,
    #[column(primary_key)]
    pub c6: i32,
    #[column(primary_key)]
    pub c7: i32,
    #[column(primary_key)]
    pub c8: i32,
}

fn main() {}
