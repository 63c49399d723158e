//! How many related rows there are, where the rows themselves are not wanted.

use std::collections::HashMap;

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_source::Column;
use diesel::sql_types::BigInt;

use super::many_to_many::Near;
use super::{HasMany, ManyToMany, PlainOf, Relation, Results, read_next};
use crate::model::{BelongsTo, HasColumn, Key, Model};
use crate::query::{Fragment, PrimaryKey, Rows};
use crate::statement::Statement;

/// How many rows a relation has for each row, instead of the rows. Made by `.count()`.
#[must_use = "a count is loaded by `.with(…)`"]
#[derive(Debug, Clone)]
pub struct Count<R>(R);

impl<P, C, Fk> HasMany<'_, P, C, Fk> {
    /// Counts the related rows instead of loading them.
    pub fn count(self) -> Count<Self> {
        Count(self)
    }
}

impl<P, L, C> ManyToMany<'_, P, L, C> {
    /// Counts the related rows instead of loading them.
    pub fn count(self) -> Count<Self> {
        Count(self)
    }
}

#[allow(private_interfaces)]
impl<P, C, Fk> Relation<P> for Count<HasMany<'_, P, C, Fk>>
where
    P: HasColumn<PrimaryKey<P>, Value: Key>,
    C: HasColumn<Fk, Value: Key<Plain = PlainOf<P, PrimaryKey<P>>>>,
    Fk: Column<Table = C::Table> + Default + Fragment,
    PrimaryKey<P>: Fragment,
    PrimaryKey<C>: Fragment,
    (<C as HasColumn<Fk>>::Value, i64): FromSqlRow<(Fk::SqlType, BigInt), Pg>,
{
    type Out = i64;

    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
        self.0.rows(parents, |rows| count(&Fk::default(), rows, flight))
    }

    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<i64>> {
        counts::<P, <C as HasColumn<Fk>>::Value, (Fk::SqlType, BigInt)>(parents, results)
    }
}

#[allow(private_interfaces)]
impl<P, L, C> Relation<P> for Count<ManyToMany<'_, P, L, C>>
where
    P: HasColumn<PrimaryKey<P>, Value: Key>,
    C: Model,
    L: Model + BelongsTo<P> + BelongsTo<C>,
    L: HasColumn<Near<L, P>, Value: Key<Plain = PlainOf<P, PrimaryKey<P>>>>,
    Near<L, P>: Fragment,
    Near<L, C>: Fragment,
    PrimaryKey<P>: Fragment,
    PrimaryKey<C>: Fragment,
    (<L as HasColumn<Near<L, P>>>::Value, i64): FromSqlRow<(<Near<L, P> as Expression>::SqlType, BigInt), Pg>,
{
    type Out = i64;

    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
        self.0.rows(parents, |rows| count(&Near::<L, P>::default(), rows, flight))
    }

    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<i64>> {
        counts::<P, <L as HasColumn<Near<L, P>>>::Value, (<Near<L, P> as Expression>::SqlType, BigInt)>(
            parents, results,
        )
    }
}

/// Gives each parent its count; one that was not counted has none.
fn counts<P, K, ST>(parents: &[P], results: &mut Results) -> QueryResult<Vec<i64>>
where
    P: HasColumn<PrimaryKey<P>, Value: Key>,
    K: Key<Plain = PlainOf<P, PrimaryKey<P>>>,
    (K, i64): FromSqlRow<ST, Pg>,
{
    let counted: Vec<(K, i64)> = read_next::<ST, (K, i64)>(results)?;
    let of: HashMap<_, _> = counted.iter().filter_map(|(key, count)| Some((key.plain()?, *count))).collect();
    Ok(parents
        .iter()
        .map(|parent| parent.value().plain().and_then(|key| of.get(key)).copied().unwrap_or_default())
        .collect())
}

/// Adds the statement that counts the rows of each parent.
fn count(column: &dyn Fragment, rows: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
    flight.push(Statement::of(&CountBy { column, rows })?);
    Ok(())
}

/// `SELECT column, count(*) FROM rows GROUP BY column`.
struct CountBy<'a> {
    column: &'a dyn Fragment,
    rows: &'a Rows<'a>,
}

impl QueryFragment<Pg> for CountBy<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(", count(*) FROM ");
        self.rows.walk_ast(out.reborrow())?;
        out.push_sql(" GROUP BY ");
        self.column.walk_ast(out)
    }
}
