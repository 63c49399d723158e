//! The declarations of the kitchen.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use mizzle::jiff::{Date, Timestamp};
use mizzle::prelude::*;
use mizzle::{Interval, Json, TimeTz};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
pub enum Course {
    First,
    Main,
    #[db_enum(rename = "after")]
    After,
}

#[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
#[db_enum(varchar(10), rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Heat {
    Mild,
    VeryHot,
}

#[derive(Debug, Clone, PartialEq, DbType)]
#[db_type(numeric(12, 2))]
pub struct Money(pub BigDecimal);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    pub floor: Option<i16>,
}

/// What is cooked.
///
/// And eaten.
#[table(renamed_from = "meal")]
#[index(course, name.nulls_first(), include(stars), name = "menu_order")]
#[index(unique, sql("lower(name)"), where = "stars > 0")]
#[index(sql("upper(name)"), spicy)]
#[index(stars)]
#[unique(course, second, label, nulls_not_distinct)]
#[check("stars BETWEEN 1 AND 5", name = "few_stars")]
#[check("name <> label OR second IS NULL")]
pub struct Dish {
    #[column(primary_key, default = gen_random_uuid(), default_with = mizzle::uuid_v7)]
    pub id: Uuid,
    /// How it is called on the menu.
    #[column(varchar(60), unique, check("name <> ''"), renamed_from = "title")]
    pub name: String,
    pub course: Course,
    pub second: Option<Course>,
    #[column(default = Heat::Mild)]
    pub spicy: Heat,
    #[column(default = 3)]
    pub stars: i16,
    #[column(generated = "lower(name) || ' (' || stars::text || ')'")]
    pub label: String,
    #[column(on_update = Utc::now)]
    pub changed: Option<DateTime<Utc>>,
}

#[table(name = "order")]
#[index(dish_id)]
#[index(unique, replaces, nulls_not_distinct, where = "replaces IS NOT NULL", name = "one_replacement")]
pub struct Order {
    #[column(primary_key, identity(cache = 1, start = 1000))]
    pub number: i64,
    #[belongs_to(dish: Dish, foreign_key(on_delete = cascade, on_update = restrict))]
    pub dish_id: Uuid,
    #[belongs_to(replaced: Order, foreign_key(on_delete = set_null, initially_deferred))]
    pub replaces: Option<i64>,
}

#[table]
pub struct Ticket {
    #[column(primary_key, identity(always, cache = 65536))]
    pub number: i64,
}

#[table(view = "SELECT id, name, course FROM dish WHERE stars > 2")]
#[has_many(orders: Order, by = dish_id)]
pub struct Menu {
    #[column(primary_key)]
    pub id: Uuid,
    #[column(varchar(60))]
    pub name: String,
    pub course: Course,
}

#[table(schema = "back room")]
pub struct Spot {
    #[column(primary_key)]
    pub floor: i32,
    #[column(primary_key, varchar(20))]
    pub name: String,
}

#[table(schema = "back room")]
#[foreign_key(floor, name => Spot, on_delete = cascade, deferrable)]
#[foreign_key(name, floor => Spot(name, floor), name = "the other way round")]
pub struct Seat {
    #[column(primary_key)]
    pub number: i32,
    pub floor: i32,
    #[column(varchar(20))]
    pub name: String,
}

/// Every type that Aurora DSQL has a column for.
#[table]
pub struct Shelf {
    #[column(primary_key, default = gen_random_uuid())]
    pub id: Uuid,
    pub small: i16,
    pub medium: i32,
    pub large: i64,
    pub single: f32,
    pub double: f64,
    #[column(numeric(38, 10))]
    pub exact: BigDecimal,
    pub money: Money,
    pub decimal: rust_decimal::Decimal,
    pub text: String,
    #[column(char(2))]
    pub code: String,
    pub flag: bool,
    pub raw: Vec<u8>,
    pub day: NaiveDate,
    pub time: NaiveTime,
    pub local: NaiveDateTime,
    pub at: DateTime<Utc>,
    #[column(timestamptz(3))]
    pub rounded: DateTime<Utc>,
    pub zoned: TimeTz,
    pub span: Interval,
    pub document: serde_json::Value,
    #[column(json)]
    pub kept: serde_json::Value,
    pub typed: Option<Json<Address>>,
    pub jiff_day: Date,
    pub jiff_at: Timestamp,
    pub nothing: Option<TimeTz>,
}

/// As many columns as a table can have.
#[table]
pub struct Widest {
    #[column(primary_key)]
    pub id: i64,
    pub c001: Option<String>,
    pub c002: Option<String>,
    pub c003: Option<String>,
    pub c004: Option<String>,
    pub c005: Option<String>,
    pub c006: Option<String>,
    pub c007: Option<String>,
    pub c008: Option<String>,
    pub c009: Option<String>,
    pub c010: Option<String>,
    pub c011: Option<String>,
    pub c012: Option<String>,
    pub c013: Option<String>,
    pub c014: Option<String>,
    pub c015: Option<String>,
    pub c016: Option<String>,
    pub c017: Option<String>,
    pub c018: Option<String>,
    pub c019: Option<String>,
    pub c020: Option<String>,
    pub c021: Option<String>,
    pub c022: Option<String>,
    pub c023: Option<String>,
    pub c024: Option<String>,
    pub c025: Option<String>,
    pub c026: Option<String>,
    pub c027: Option<String>,
    pub c028: Option<String>,
    pub c029: Option<String>,
    pub c030: Option<String>,
    pub c031: Option<String>,
    pub c032: Option<String>,
    pub c033: Option<String>,
    pub c034: Option<String>,
    pub c035: Option<String>,
    pub c036: Option<String>,
    pub c037: Option<String>,
    pub c038: Option<String>,
    pub c039: Option<String>,
    pub c040: Option<String>,
    pub c041: Option<String>,
    pub c042: Option<String>,
    pub c043: Option<String>,
    pub c044: Option<String>,
    pub c045: Option<String>,
    pub c046: Option<String>,
    pub c047: Option<String>,
    pub c048: Option<String>,
    pub c049: Option<String>,
    pub c050: Option<String>,
    pub c051: Option<String>,
    pub c052: Option<String>,
    pub c053: Option<String>,
    pub c054: Option<String>,
    pub c055: Option<String>,
    pub c056: Option<String>,
    pub c057: Option<String>,
    pub c058: Option<String>,
    pub c059: Option<String>,
    pub c060: Option<String>,
    pub c061: Option<String>,
    pub c062: Option<String>,
    pub c063: Option<String>,
    pub c064: Option<String>,
    pub c065: Option<String>,
    pub c066: Option<String>,
    pub c067: Option<String>,
    pub c068: Option<String>,
    pub c069: Option<String>,
    pub c070: Option<String>,
    pub c071: Option<String>,
    pub c072: Option<String>,
    pub c073: Option<String>,
    pub c074: Option<String>,
    pub c075: Option<String>,
    pub c076: Option<String>,
    pub c077: Option<String>,
    pub c078: Option<String>,
    pub c079: Option<String>,
    pub c080: Option<String>,
    pub c081: Option<String>,
    pub c082: Option<String>,
    pub c083: Option<String>,
    pub c084: Option<String>,
    pub c085: Option<String>,
    pub c086: Option<String>,
    pub c087: Option<String>,
    pub c088: Option<String>,
    pub c089: Option<String>,
    pub c090: Option<String>,
    pub c091: Option<String>,
    pub c092: Option<String>,
    pub c093: Option<String>,
    pub c094: Option<String>,
    pub c095: Option<String>,
    pub c096: Option<String>,
    pub c097: Option<String>,
    pub c098: Option<String>,
    pub c099: Option<String>,
    pub c100: Option<String>,
    pub c101: Option<String>,
    pub c102: Option<String>,
    pub c103: Option<String>,
    pub c104: Option<String>,
    pub c105: Option<String>,
    pub c106: Option<String>,
    pub c107: Option<String>,
    pub c108: Option<String>,
    pub c109: Option<String>,
    pub c110: Option<String>,
    pub c111: Option<String>,
    pub c112: Option<String>,
    pub c113: Option<String>,
    pub c114: Option<String>,
    pub c115: Option<String>,
    pub c116: Option<String>,
    pub c117: Option<String>,
    pub c118: Option<String>,
    pub c119: Option<String>,
    pub c120: Option<String>,
    pub c121: Option<String>,
    pub c122: Option<String>,
    pub c123: Option<String>,
    pub c124: Option<String>,
    pub c125: Option<String>,
    pub c126: Option<String>,
    pub c127: Option<String>,
    pub c128: Option<String>,
    pub c129: Option<String>,
    pub c130: Option<String>,
    pub c131: Option<String>,
    pub c132: Option<String>,
    pub c133: Option<String>,
    pub c134: Option<String>,
    pub c135: Option<String>,
    pub c136: Option<String>,
    pub c137: Option<String>,
    pub c138: Option<String>,
    pub c139: Option<String>,
    pub c140: Option<String>,
    pub c141: Option<String>,
    pub c142: Option<String>,
    pub c143: Option<String>,
    pub c144: Option<String>,
    pub c145: Option<String>,
    pub c146: Option<String>,
    pub c147: Option<String>,
    pub c148: Option<String>,
    pub c149: Option<String>,
    pub c150: Option<String>,
    pub c151: Option<String>,
    pub c152: Option<String>,
    pub c153: Option<String>,
    pub c154: Option<String>,
    pub c155: Option<String>,
    pub c156: Option<String>,
    pub c157: Option<String>,
    pub c158: Option<String>,
    pub c159: Option<String>,
    pub c160: Option<String>,
    pub c161: Option<String>,
    pub c162: Option<String>,
    pub c163: Option<String>,
    pub c164: Option<String>,
    pub c165: Option<String>,
    pub c166: Option<String>,
    pub c167: Option<String>,
    pub c168: Option<String>,
    pub c169: Option<String>,
    pub c170: Option<String>,
    pub c171: Option<String>,
    pub c172: Option<String>,
    pub c173: Option<String>,
    pub c174: Option<String>,
    pub c175: Option<String>,
    pub c176: Option<String>,
    pub c177: Option<String>,
    pub c178: Option<String>,
    pub c179: Option<String>,
    pub c180: Option<String>,
    pub c181: Option<String>,
    pub c182: Option<String>,
    pub c183: Option<String>,
    pub c184: Option<String>,
    pub c185: Option<String>,
    pub c186: Option<String>,
    pub c187: Option<String>,
    pub c188: Option<String>,
    pub c189: Option<String>,
    pub c190: Option<String>,
    pub c191: Option<String>,
    pub c192: Option<String>,
    pub c193: Option<String>,
    pub c194: Option<String>,
    pub c195: Option<String>,
    pub c196: Option<String>,
    pub c197: Option<String>,
    pub c198: Option<String>,
    pub c199: Option<String>,
    pub c200: Option<String>,
    pub c201: Option<String>,
    pub c202: Option<String>,
    pub c203: Option<String>,
    pub c204: Option<String>,
    pub c205: Option<String>,
    pub c206: Option<String>,
    pub c207: Option<String>,
    pub c208: Option<String>,
    pub c209: Option<String>,
    pub c210: Option<String>,
    pub c211: Option<String>,
    pub c212: Option<String>,
    pub c213: Option<String>,
    pub c214: Option<String>,
    pub c215: Option<String>,
    pub c216: Option<String>,
    pub c217: Option<String>,
    pub c218: Option<String>,
    pub c219: Option<String>,
    pub c220: Option<String>,
    pub c221: Option<String>,
    pub c222: Option<String>,
    pub c223: Option<String>,
    pub c224: Option<String>,
    pub c225: Option<String>,
    pub c226: Option<String>,
    pub c227: Option<String>,
    pub c228: Option<String>,
    pub c229: Option<String>,
    pub c230: Option<String>,
    pub c231: Option<String>,
    pub c232: Option<String>,
    pub c233: Option<String>,
    pub c234: Option<String>,
    pub c235: Option<String>,
    pub c236: Option<String>,
    pub c237: Option<String>,
    pub c238: Option<String>,
    pub c239: Option<String>,
    pub c240: Option<String>,
    pub c241: Option<String>,
    pub c242: Option<String>,
    pub c243: Option<String>,
    pub c244: Option<String>,
    pub c245: Option<String>,
    pub c246: Option<String>,
    pub c247: Option<String>,
    pub c248: Option<String>,
    pub c249: Option<String>,
    pub c250: Option<String>,
    pub c251: Option<String>,
    pub c252: Option<String>,
    pub c253: Option<String>,
    pub c254: Option<String>,
}

mizzle::schema! { Dish, Order, Ticket, Menu, Spot, Seat, Shelf, Widest }
