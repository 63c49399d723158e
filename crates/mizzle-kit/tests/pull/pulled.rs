//! The tables of a database, as they were read from it.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use mizzle::prelude::*;
use uuid::Uuid;

#[table(name = "Seat", schema = "back room")]
#[foreign_key(floor, name => Spot(floor, name), on_update = cascade, name = "Seat_floor_name_fkey")]
pub struct Seat {
    #[column(primary_key)]
    pub number: i32,
    pub floor: Option<i32>,
    #[column(varchar(20))]
    pub name: Option<String>,
}

#[table(schema = "back room")]
pub struct Spot {
    #[column(primary_key)]
    pub floor: i32,
    #[column(primary_key, varchar(20))]
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
pub enum Mood {
    #[db_enum(rename = "fine")]
    Fine,
    #[db_enum(rename = "very-sad")]
    VerySad,
}

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
#[db_enum(varchar(10))]
pub enum Heat {
    #[db_enum(rename = "MILD")]
    Mild,
    #[db_enum(rename = "HOT")]
    Hot,
}

/// Somebody who brings pets.
///
/// And pays.
#[table]
#[check("((email)::text ~~ '%@%'::text)", name = "owner_email_check")]
pub struct Owner {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    /// Where the bill goes.
    #[column(varchar(254), unique)]
    pub email: String,
    #[column(default = Mood::Fine)]
    pub mood: Mood,
    pub heat: Option<Heat>,
    #[column(name = "First Name")]
    pub first_name: Option<String>,
    #[column(name = "type", default = 3)]
    pub type_: i16,
    #[column(timestamptz(3), default = now())]
    pub joined: DateTime<Utc>,
}

#[table]
#[index(weight, include(name), name = "by_weight")]
#[index(unique, sql("lower(name)"), born.nulls_first(), where = "(legs > 2)", name = "pet_lower")]
#[index(owner_id, name = "pet_owner_id_idx")]
#[unique(name, born, nulls_not_distinct, name = "once")]
#[check("(born > '1990-01-01'::date)", name = "pet_born_check")]
#[check("((legs <> 3) OR (name = 'Tripod'::text))", name = "pet_check")]
pub struct Pet {
    #[column(primary_key, identity(cache = 1, start = 100, increment = 1))]
    pub number: i64,
    pub name: String,
    #[column(generated = "lower(name)")]
    pub label: Option<String>,
    pub born: Option<NaiveDate>,
    #[column(default = sql("'-4'::integer"))]
    pub legs: i32,
    #[column(numeric(10, 2))]
    pub weight: Option<BigDecimal>,
    pub price: BigDecimal,
    #[belongs_to(owner: Owner, foreign_key(on_delete = set_null, initially_deferred, name = "pet_owner_id_fkey"))]
    pub owner_id: Option<Uuid>,
    #[belongs_to(pet: Pet, foreign_key(name = "pet_mother_fkey"))]
    pub mother: Option<i64>,
    pub notes: Option<serde_json::Value>,
    #[column(json)]
    pub raw: Option<serde_json::Value>,
    pub photo: Option<Vec<u8>>,
    pub nap: Option<mizzle::Interval>,
    pub wakes: Option<mizzle::TimeTz>,
}

// The first column is taken for what tells the rows apart.
#[table(view = "SELECT pet.number,\n    pet.name,\n    pet.born\n   FROM pet\n  WHERE (pet.born < '2020-01-01'::date)")]
pub struct Adult {
    #[column(primary_key)]
    pub number: i64,
    pub name: Option<String>,
    pub born: Option<NaiveDate>,
}

mizzle::schema! { Seat, Spot, Owner, Pet, Adult }
