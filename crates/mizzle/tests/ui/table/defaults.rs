use chrono::{DateTime, Utc};
use mizzle::prelude::*;
use uuid::Uuid;

#[table]
pub struct Event {
    #[column(primary_key, default = now())]
    pub at: DateTime<Utc>,
    #[column(default = gen_random_uuid())]
    pub number: i64,
    #[column(default = 70_000)]
    pub small: i16,
    #[column(default = "seven")]
    pub weight: i32,
    #[column(default = 7)]
    pub name: String,
    #[column(default = uuid_generate_v4())]
    pub id: Uuid,
    #[column(default = sql("lower('x'"))]
    pub text: String,
    #[column(default = Utc::now())]
    pub seen: DateTime<Utc>,
}

fn main() {}
