//! Dates and times of jiff, for those who prefer it to chrono.
//!
//! Diesel knows jiff's types by these wrappers of [`jiff_diesel`]: `jiff::Timestamp::now().into()` makes one, `.to_jiff()` gives
//! the value back.
//!
//! ```
//! use mizzle::jiff::{Date, Timestamp, ToDiesel};
//! use mizzle::prelude::*;
//!
//! #[table]
//! struct Visit {
//!     #[column(primary_key, default = gen_random_uuid())]
//!     id: uuid::Uuid,
//!     #[column(default = now(), default_with = || jiff::Timestamp::now().to_diesel())]
//!     at: Timestamp,
//!     next: Option<Date>,
//! }
//! # fn main() {
//! let new = NewVisit::new().next(jiff::civil::date(2026, 12, 24));
//! assert_eq!(new.next.unwrap().to_jiff().year(), 2026);
//! assert_eq!(Visit::DEF.column("at").unwrap().sql_type, "timestamptz");
//! # }
//! ```

pub use jiff_diesel::{Date, DateTime, Time, Timestamp, ToDiesel};

use crate::types::{ColumnType, column_types};
use diesel::sql_types;

column_types! {
    Date => Date, "date";
    Time => Time, "time";
    DateTime => Timestamp, "timestamp";
    Timestamp => Timestamptz, "timestamptz";
}
