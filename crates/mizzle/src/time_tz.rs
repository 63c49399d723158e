//! `timetz`: a time of day with its distance from UTC.

use chrono::NaiveTime;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{self, SqlType};

use crate::types::ColumnType;

/// `time with time zone`, as Diesel names SQL types.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1266, array_oid = 1270))]
pub struct SqlTimeTz;

/// A time of day with its distance from UTC: the type `timetz`, which Aurora DSQL keeps for older schemas.
///
/// It cannot be a key. A moment is a `DateTime<Utc>`.
///
/// ```
/// use chrono::NaiveTime;
/// use mizzle::TimeTz;
///
/// let opening = TimeTz { time: NaiveTime::from_hms_opt(9, 0, 0).unwrap(), seconds_east: 3_600 };
/// assert_eq!(opening.to_string(), "09:00:00+01:00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = SqlTimeTz)]
pub struct TimeTz {
    /// The time on the clock there.
    pub time: NaiveTime,
    /// How far that clock is ahead of UTC, in seconds.
    pub seconds_east: i32,
}

impl std::fmt::Display for TimeTz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, seconds) =
            if self.seconds_east < 0 { ('-', -self.seconds_east) } else { ('+', self.seconds_east) };
        write!(f, "{}{sign}{:02}:{:02}", self.time, seconds / 3_600, seconds / 60 % 60)?;
        if seconds % 60 > 0 { write!(f, ":{:02}", seconds % 60) } else { Ok(()) }
    }
}

impl ColumnType for TimeTz {
    type SqlType = SqlTimeTz;
    const SQL: &'static str = "timetz";
}

/// Bytes of the time; the zone's four follow.
const TIME: usize = 8;

impl FromSql<SqlTimeTz, Pg> for TimeTz {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let (time, zone) = value.as_bytes().split_at_checked(TIME).ok_or("a timetz has 12 bytes")?;
        let oid = value.get_oid();
        let time = <NaiveTime as FromSql<sql_types::Time, Pg>>::from_sql(PgValue::new(time, &oid))?;
        // PostgreSQL counts the zone westwards
        let seconds_east = -i32::from_be_bytes(zone.try_into()?);
        Ok(Self { time, seconds_east })
    }
}

impl ToSql<SqlTimeTz, Pg> for TimeTz {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Time, Pg>::to_sql(&self.time, &mut out.reborrow())?;
        std::io::Write::write_all(out, &(-self.seconds_east).to_be_bytes())?;
        Ok(IsNull::No)
    }
}
