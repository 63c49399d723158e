use chrono::{DateTime, NaiveDate, Utc};
use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Pet {
    #[column(primary_key, default = "gen_random_uuid()")]
    pub id: Uuid,
    #[column(default = "none")]
    pub owner_id: Uuid,
    #[column(default = "now()")]
    pub made: DateTime<Utc>,
    #[column(default = "today")]
    pub born: NaiveDate,
    #[column(default = "2026-01-01")]
    pub first_day: NaiveDate,
    #[column(default = "00000000-0000-0000-0000-000000000000")]
    pub nobody: Uuid,
    #[column(default = "now()")]
    pub text: String,
}

fn main() {}
