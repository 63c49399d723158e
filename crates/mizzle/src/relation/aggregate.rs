//! Numbers about related rows, where the rows themselves are not wanted: how many, the sum, the least, the greatest, the average.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_source::Column;
use diesel::sql_types::{self, BigInt, IntoNotNullable, Nullable};

use super::related::{Link, Many, Related, StartsFrom};
use super::{Push, Relation};
use crate::model::{HasColumn, Model};
use crate::node::Beside;
use crate::query::Fragment;
use crate::stitch::Reader;

/// How many rows a relation has for each row, instead of the rows. Made by `.count()`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let owners: Vec<With<Owner, i64>> = db.load(Owner::query().with(Owner::pets().count())).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a count is loaded by `.with(…)`"]
pub struct Count<'q, L>(Related<'q, L>);

/// A number about the rows of a relation, `None` where there are none. Made by `.sum(column)`, `.min`, `.max`, `.avg`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let heaviest = Owner::pets().filter(pet::name.ne("Rex")).max(pet::weight);
/// let owners: Vec<With<Owner, Option<i32>>> = db.load(Owner::query().with(heaviest)).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an aggregate is loaded by `.with(…)`"]
pub struct Aggregate<'q, L, ST, T> {
    related: Related<'q, L>,
    aggregate: Arc<dyn Fragment>,
    value: PhantomData<fn() -> (ST, T)>,
}

/// A SQL type that can be added up, as PostgreSQL widens it: the sum of `bigint` is `numeric`.
#[diagnostic::on_unimplemented(
    message = "values of the SQL type `{Self}` cannot be added up",
    note = "`sum` and `avg` take columns of numbers"
)]
pub trait Summable {
    /// The SQL type of a sum.
    type SumType: sql_types::SqlType + 'static;
    /// The Rust type of a sum.
    type Sum: Send + 'static;
    /// The SQL type of an average.
    type AvgType: sql_types::SqlType + 'static;
    /// The Rust type of an average.
    type Avg: Send + 'static;
}

macro_rules! summable {
    ($($sql:ident: $sum:ident $sum_rust:ty, $avg:ident $avg_rust:ty;)+) => {
        $(impl Summable for sql_types::$sql {
            type SumType = sql_types::$sum;
            type Sum = $sum_rust;
            type AvgType = sql_types::$avg;
            type Avg = $avg_rust;
        })+
    };
}

summable! {
    SmallInt: BigInt i64, Numeric BigDecimal;
    Integer: BigInt i64, Numeric BigDecimal;
    BigInt: Numeric BigDecimal, Numeric BigDecimal;
    Numeric: Numeric BigDecimal, Numeric BigDecimal;
    Float: Float f32, Double f64;
    Double: Double f64, Double f64;
}

impl<T: Summable + sql_types::SqlType<IsNull = sql_types::is_nullable::NotNull>> Summable for Nullable<T> {
    type SumType = T::SumType;
    type Sum = T::Sum;
    type AvgType = T::AvgType;
    type Avg = T::Avg;
}

/// A value of which there is a least and a greatest.
#[diagnostic::on_unimplemented(
    message = "PostgreSQL has no least or greatest value of type `{Self}`",
    note = "`min` and `max` take columns of numbers, text, dates and times"
)]
pub trait Extreme {
    /// The value when it is there.
    type Plain: Send + 'static;
}

macro_rules! extremes {
    ($($ty:ty),+) => { $(impl Extreme for $ty { type Plain = $ty; })+ };
}

extremes!(i16, i32, i64, f32, f64, BigDecimal, String);
extremes!(chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::DateTime<chrono::Utc>);

impl<T: Extreme> Extreme for Option<T> {
    type Plain = T::Plain;
}

/// A column's SQL type without NULL, and its value likewise.
type PlainSql<C> = <<C as Expression>::SqlType as IntoNotNullable>::NotNullable;
type PlainOf<L, C> = <<<L as Link>::Child as HasColumn<C>>::Value as Extreme>::Plain;

impl<'q, L: Link<Kind = Many>> Related<'q, L> {
    /// Counts the related rows instead of loading them; a limit holds, an order does not matter.
    ///
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # async fn example(db: &mizzle::Db) -> Result<(), mizzle::Error> {
    /// let owners = db
    ///     .load(Owner::query().with(Owner::pets().count()).with(Owner::pets().max(pet::weight)))
    ///     .await?;
    /// let (pets, heaviest): (i64, Option<i32>) = owners[0].related;
    /// # let _ = (pets, heaviest);
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    pub fn count(self) -> Count<'q, L> {
        Count(self)
    }

    /// Adds up a column of the related rows; `None` where there is nothing to add.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let owners = db.load(Owner::query().with(Owner::pets().sum(pet::weight))).await?;
    /// let weight: Option<i64> = owners[0].related.clone();
    /// # Ok(())
    /// # }
    /// ```
    pub fn sum<C>(
        self,
        column: C,
    ) -> Aggregate<'q, L, <C::SqlType as Summable>::SumType, <C::SqlType as Summable>::Sum>
    where
        C: Column<Table = <L::Child as Model>::Table> + Expression<SqlType: Summable> + Fragment + 'static,
    {
        Aggregate::new(self, "sum", column)
    }

    /// The average of a column of the related rows.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let owners = db.load(Owner::query().with(Owner::pets().avg(pet::weight))).await?;
    /// let weight: Option<bigdecimal::BigDecimal> = owners[0].related.clone();
    /// # Ok(())
    /// # }
    /// ```
    pub fn avg<C>(
        self,
        column: C,
    ) -> Aggregate<'q, L, <C::SqlType as Summable>::AvgType, <C::SqlType as Summable>::Avg>
    where
        C: Column<Table = <L::Child as Model>::Table> + Expression<SqlType: Summable> + Fragment + 'static,
    {
        Aggregate::new(self, "avg", column)
    }

    /// The least value of a column of the related rows.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let owners = db.load(Owner::query().with(Owner::pets().min(pet::weight))).await?;
    /// let weight: Option<i32> = owners[0].related.clone();
    /// # Ok(())
    /// # }
    /// ```
    pub fn min<C>(self, column: C) -> Aggregate<'q, L, PlainSql<C>, PlainOf<L, C>>
    where
        C: Column + Expression<SqlType: IntoNotNullable> + Fragment + 'static,
        L::Child: HasColumn<C, Value: Extreme>,
    {
        Aggregate::new(self, "min", column)
    }

    /// The greatest value of a column of the related rows.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let owners = db.load(Owner::query().with(Owner::pets().max(pet::weight))).await?;
    /// let weight: Option<i32> = owners[0].related.clone();
    /// # Ok(())
    /// # }
    /// ```
    pub fn max<C>(self, column: C) -> Aggregate<'q, L, PlainSql<C>, PlainOf<L, C>>
    where
        C: Column + Expression<SqlType: IntoNotNullable> + Fragment + 'static,
        L::Child: HasColumn<C, Value: Extreme>,
    {
        Aggregate::new(self, "max", column)
    }
}

impl<'q, L: Link, ST, T> Aggregate<'q, L, ST, T> {
    fn new(related: Related<'q, L>, function: &'static str, column: impl Fragment + 'static) -> Self {
        Self { related, aggregate: Arc::new(Call { function, column }), value: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<P: Model, L: Link + StartsFrom<P>> Relation<P> for Count<'_, L> {
    type Out = i64;
    type After<W: Push<Self>> = L::Then<W::Out>;

    fn into_beside<'q>(self) -> Beside<'q>
    where
        Self: 'q,
    {
        let aggregate = Some(Arc::new(CountRows) as Arc<dyn Fragment>);
        Beside { aggregate, ..Relation::<P>::into_beside(self.0) }
    }

    fn read(row: &mut Reader<'_>) -> QueryResult<i64> {
        Ok(row.aggregate::<BigInt, i64>()?.unwrap_or_default())
    }
}

#[diagnostic::do_not_recommend]
impl<P, L, ST, T> Relation<P> for Aggregate<'_, L, ST, T>
where
    P: Model,
    L: Link + StartsFrom<P>,
    ST: 'static,
    T: Send + 'static,
    Option<T>: FromSqlRow<Nullable<ST>, Pg>,
{
    type Out = Option<T>;
    type After<W: Push<Self>> = L::Then<W::Out>;

    fn into_beside<'q>(self) -> Beside<'q>
    where
        Self: 'q,
    {
        Beside { aggregate: Some(self.aggregate), ..Relation::<P>::into_beside(self.related) }
    }

    fn read(row: &mut Reader<'_>) -> QueryResult<Option<T>> {
        // no rows, or nothing but NULLs
        Ok(row.aggregate::<Nullable<ST>, Option<T>>()?.flatten())
    }
}

/// `function(column)`.
struct Call<C> {
    function: &'static str,
    column: C,
}

/// `count(*)`.
struct CountRows;

impl<C: Fragment> QueryFragment<Pg> for Call<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.function);
        out.push_sql("(");
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryFragment<Pg> for CountRows {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("count(*)");
        Ok(())
    }
}

impl<L> Clone for Count<'_, L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L, ST, T> Clone for Aggregate<'_, L, ST, T> {
    fn clone(&self) -> Self {
        Self { related: self.related.clone(), aggregate: self.aggregate.clone(), value: PhantomData }
    }
}

impl<L: Link> fmt::Debug for Count<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Count").field(&L::NAME).finish()
    }
}

impl<L: Link, ST, T> fmt::Debug for Aggregate<'_, L, ST, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Aggregate").field(&L::NAME).finish()
    }
}
