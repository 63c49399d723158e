use mizzle::prelude::*;

#[table]
pub struct Pet {
    #[column(primary_key)]
    pub id: i64,
    #[column(varchar(65536))]
    pub name: String,
    #[column(char(4097))]
    pub kind: String,
    #[column(numeric(1001, 2))]
    pub weight: bigdecimal::BigDecimal,
    #[column(numeric(10, 1001))]
    pub height: bigdecimal::BigDecimal,
    #[column(timestamp(7))]
    pub born: chrono::NaiveDateTime,
}

fn main() {}
