//! What `#[table]` implements: a struct and its table, its key columns, its rows to insert and to change.

use std::hash::Hash;

use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AsChangeset, AstPass, QueryFragment};
use diesel::query_source::{AppearsInFromClause, Once};
use diesel::{QueryResult, Table};

use crate::def::TableDef;
use crate::query::Fragment;
use crate::write::Touched;

/// A struct that is the row of a table. Implemented by `#[table]`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// async fn count<M: Model>(db: &Db) -> Result<usize, mizzle::Error> {
///     let rows: Vec<M> = db.load(mizzle::Query::<M>::new()).await?;
///     println!("{} rows in {}", rows.len(), M::DEF.name);
///     Ok(rows.len())
/// }
/// count::<Owner>(db).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the row of a table",
    label = "no table",
    note = "`#[table]` on a struct makes it one"
)]
pub trait Model: FromSqlRow<Self::SqlType, Pg> + Clone + Send + Sync + Sized + 'static {
    /// The Diesel table.
    type Table: Table<AllColumns = Self::Columns> + QueryFragment<Pg> + Send + Sync + 'static;
    /// All columns, as a Diesel tuple.
    type Columns: Expression<SqlType = Self::SqlType> + QueryFragment<Pg> + Send + Sync + 'static;
    /// The SQL types of all columns.
    type SqlType: 'static;
    /// The table as data.
    const DEF: &'static TableDef;
    /// What every update sets: the columns with `on_update`.
    #[doc(hidden)]
    fn touched() -> Vec<Touched> {
        Vec::new()
    }
}

/// What other tables' declarations say of a table: constants of their own, so that two tables may refer to each other.
pub trait Identity: Table + AppearsInFromClause<Self, Count = Once> {
    /// The table itself, which has no other value.
    const TABLE: Self;
    /// The schema, if the declaration names one.
    const SCHEMA: Option<&'static str>;
    /// The table's name.
    const NAME: &'static str;
    /// The names of the columns of the primary key.
    const PRIMARY_KEY: &'static [&'static str];
}

/// The value of a column in a row. Implemented for each column of the table, by its [`Field`](crate::Field).
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// use mizzle::HasColumn;
///
/// fn names<M: HasColumn<C, Value = String>, C>(rows: &[M]) -> Vec<&str> {
///     rows.iter().map(|row| row.value().as_str()).collect()
/// }
/// let owners = [Owner { id: 1, name: "Ann".into(), city: "Oslo".into() }];
/// assert_eq!(names::<_, owner::name>(&owners), ["Ann"]);
/// # }
/// ```
pub trait HasColumn<C>: Model {
    /// The field's type.
    type Value;
    /// The field.
    fn value(&self) -> &Self::Value;
}

/// A table of which one key refers to `Parent`. Implemented by `#[belongs_to(parent: Parent)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which of its columns belongs to `{Parent}`",
    label = "needs a column with `#[belongs_to(…: {Parent})]` in `{Self}`",
    note = "if several columns do, name one: `#[has_many(name: {Self}, by = column)]`"
)]
pub trait BelongsTo<Parent> {
    /// The columns that hold the parent's primary key, as a tuple.
    type ForeignKey;
}

/// A value that can stand on either side of a relation: a column's value, or NULL.
#[diagnostic::on_unimplemented(
    message = "a relation cannot be built on a column of type `{Self}`",
    label = "not a key",
    note = "keys are uuids, text, integers, numerics, booleans, dates and times: values that compare exactly"
)]
pub trait Key {
    /// The value when it is there.
    type Plain: Eq + Hash + Clone + Send;
    /// `None` for NULL, which belongs to nothing.
    fn plain(&self) -> Option<&Self::Plain>;
}

macro_rules! keys {
    ($($ty:ty),*) => {
        $(impl Key for $ty { type Plain = $ty; fn plain(&self) -> Option<&$ty> { Some(self) } })*
    };
}

keys!(
    uuid::Uuid,
    String,
    bool,
    i16,
    i32,
    i64,
    bigdecimal::BigDecimal,
    chrono::NaiveDate,
    chrono::NaiveTime,
    chrono::NaiveDateTime,
    chrono::DateTime<chrono::Utc>,
    Vec<u8>
);
#[cfg(feature = "rust_decimal")]
keys!(rust_decimal::Decimal);
#[cfg(feature = "jiff")]
keys!(crate::jiff::Date, crate::jiff::Time, crate::jiff::DateTime, crate::jiff::Timestamp);

impl<T: Key> Key for Option<T> {
    type Plain = T::Plain;

    fn plain(&self) -> Option<&T::Plain> {
        self.as_ref().and_then(Key::plain)
    }
}

/// A row to insert. Implemented by `#[table]` for `New…`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use mizzle::NewRow;
///
/// /// Inserts what is not there yet.
/// async fn import<N: NewRow>(db: &Db, rows: Vec<N>) -> Result<u64, mizzle::Error> {
///     Ok(db.insert_all(rows).on_conflict_do_nothing().await?.rows)
/// }
/// import(db, vec![NewOwner::new(1, "Ann", "Oslo")]).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row to insert",
    label = "not a `New…`",
    note = "`#[table]` on `Owner` makes `NewOwner`, which an insert takes: `NewOwner::new(…)`"
)]
pub trait NewRow: Send + Sync + 'static {
    /// The struct that reads the row back.
    type Model: Model;
    /// The names of the columns, in the order in which the values are pushed.
    const COLUMNS: &'static [&'static str];
    /// Pushes one value for each column, or `DEFAULT`.
    ///
    /// # Errors
    /// When a value cannot be written as its SQL type.
    fn push_values<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// Changes to a row. Implemented by `#[table]` for `…Patch`.
pub trait Patch: Send + Sync {
    /// The struct of the rows that are changed.
    type Model: Model;
    /// Pushes `column = value` for each change, separated by commas; nothing if there is none.
    ///
    /// # Errors
    /// When a value cannot be written as its SQL type.
    fn push_assignments<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;

    /// Fills the columns with `on_update` that are not set, if anything is.
    #[doc(hidden)]
    fn touch(&mut self) {}
}

/// What an update of rows of `M` sets: the table's `…Patch`, `column.eq(value)`, or a tuple of these.
///
/// A patch is data: built field by field, read from JSON, empty perhaps, which [`Update`](crate::Update) refuses before anything
/// is sent. Assignments are expressions, so they can use what is stored, and there is always at least one.
///
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64, note: Option<String> }
/// # fn main() {
/// let patch = Account::update(AccountPatch { note: Some(None), ..Default::default() });
/// let one = Account::update(account::balance.eq(account::balance - 10));
/// let two = Account::update((account::balance.eq(0), account::note.eq("closed")));
/// # let _ = (patch, one, two);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not change rows of `{M}`",
    label = "sets nothing of `{M}`",
    note = "an update takes the `…Patch` of its own table, `column.eq(value)`, or a tuple of these"
)]
pub trait Changes<M: Model> {
    /// Turns them into SQL.
    #[doc(hidden)]
    fn into_set<'q>(self) -> Box<dyn Fragment + 'q>
    where
        Self: 'q;
}

#[diagnostic::do_not_recommend]
impl<M, C> Changes<M> for C
where
    M: Model,
    C: AsChangeset<Target = M::Table>,
    C::Changeset: QueryFragment<Pg> + Send + Sync,
{
    fn into_set<'q>(self) -> Box<dyn Fragment + 'q>
    where
        Self: 'q,
    {
        Box::new(self.as_changeset())
    }
}
