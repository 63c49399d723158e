use mizzle::prelude::*;

#[table]
#[index(c0)]
#[index(c1)]
#[index(c2)]
#[index(c3)]
#[index(c4)]
#[index(c5)]
#[index(c6)]
#[index(c7)]
#[index(c8)]
#[index(c9)]
#[index(c10)]
#[index(c11)]
#[index(c12)]
#[index(c13)]
#[index(c14)]
#[index(c15)]
#[index(c16)]
#[index(c17)]
#[index(c18)]
#[index(c19)]
#[index(c20)]
#[index(c21)]
#[index(c22)]
pub struct Wide {
    #[column(primary_key)]
    pub id: i64,
    #[column(unique)]
    pub code: i32,
    pub c0: i32,
    pub c1: i32,
    pub c2: i32,
    pub c3: i32,
    pub c4: i32,
    pub c5: i32,
    pub c6: i32,
    pub c7: i32,
    pub c8: i32,
    pub c9: i32,
    pub c10: i32,
    pub c11: i32,
    pub c12: i32,
    pub c13: i32,
    pub c14: i32,
    pub c15: i32,
    pub c16: i32,
    pub c17: i32,
    pub c18: i32,
    pub c19: i32,
    pub c20: i32,
    pub c21: i32,
    pub c22: i32,
}

fn main() {}
