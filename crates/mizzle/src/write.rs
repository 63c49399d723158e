//! Inserts, updates and deletes as values; what would touch every row has to say so.

use std::marker::PhantomData;
use std::sync::Arc;

use diesel::expression::Expression;
use diesel::insertable::{CanInsertInSingleQuery, InsertValues};
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{
    AstPass, QueryBuilder, QueryFragment, QueryId, UndecoratedInsertRecord, ValuesClause,
};
use diesel::query_source::Column;
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use diesel::{QueryResult, Table};

use crate::model::{Changes, Model, NewRow, Patch};
use crate::query::{Condition, Fragment};
use crate::rows::{push_filters, push_name, push_table};
use crate::statement::Statement;

/// A statement that changes rows: an [`Update`], a [`Delete`], or any of Diesel's.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use mizzle::Execute;
///
/// async fn logged(db: &Db, statement: impl Execute + ToSqlText) -> Result<u64, mizzle::Error> {
///     println!("{}", statement.to_sql()?);
///     db.execute(statement).await
/// }
/// logged(db, Owner::delete().filter(owner::id.eq(1))).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "this is not a complete statement",
    label = "cannot be executed",
    note = "an update or a delete needs `.filter(…)`, or `.all_rows()` if every row is meant; a query is loaded, by `db.load(…)`"
)]
pub trait Execute {
    #[doc(hidden)]
    fn statement(&self) -> QueryResult<Statement>;
}

#[diagnostic::do_not_recommend]
impl<Q: QueryFragment<Pg>> Execute for Q {
    fn statement(&self) -> QueryResult<Statement> {
        Statement::of(self)
    }
}

/// No filter yet: not a statement that can be executed.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// use mizzle::{Delete, Filtered, Unfiltered};
///
/// let open: Delete<'_, Owner, Unfiltered> = Owner::delete();
/// let closed: Delete<'_, Owner, Filtered> = open.filter(owner::id.eq(1));
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Unfiltered;
/// Which rows are meant has been said.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// use mizzle::{Filtered, Update};
///
/// // what `db.execute` and `db.update_all` take
/// fn move_to(city: &str) -> Update<'_, Owner, Filtered> {
///     Owner::update(owner::city.eq(city)).all_rows()
/// }
/// # let _ = move_to("Oslo");
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Filtered;

/// A delete from the table of `M`. Made by `Owner::delete()`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let gone: u64 = db.execute(Owner::delete().filter(owner::city.eq("Oslo")).filter(owner::id.lt(10))).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a delete does nothing until it is executed"]
pub struct Delete<'q, M, State = Unfiltered> {
    filters: Vec<Arc<dyn Fragment + 'q>>,
    state: PhantomData<fn() -> (M, State)>,
}

/// An update of the table of `M`. Made by `Owner::update(changes)`; see [`Changes`].
///
/// Columns with `on_update` are set as well, unless the changes set them themselves. Their values are made once, when the update
/// is: executed again after a conflict, it writes the same.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let patch = OwnerPatch { name: Some("Ann".into()), ..Default::default() };
/// let changed: u64 = db.execute(Owner::update(patch).filter(owner::id.eq(1))).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an update does nothing until it is executed"]
pub struct Update<'q, M, State = Unfiltered> {
    set: Box<dyn Fragment + 'q>,
    touched: Vec<Touched>,
    filters: Vec<Arc<dyn Fragment + 'q>>,
    state: PhantomData<fn() -> (M, State)>,
}

impl<M: Model> Delete<'_, M> {
    /// A delete that does not say yet of which rows.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// // as `Owner::delete()`, where the table is a type parameter
    /// fn everything<M: Model>() -> mizzle::Delete<'static, M, mizzle::Filtered> {
    ///     mizzle::Delete::<M>::new().all_rows()
    /// }
    /// assert_eq!(everything::<Owner>().to_sql().unwrap().to_string(), r#"DELETE FROM "owner""#);
    /// # }
    /// ```
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { filters: Vec::new(), state: PhantomData }
    }
}

impl<'q, M: Model, State> Delete<'q, M, State> {
    /// Deletes the rows for which the condition is true. Several filters must all be true.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let delete = Owner::delete().filter(owner::city.eq("Oslo"));
    /// assert!(delete.to_sql().unwrap().to_string().starts_with(r#"DELETE FROM "owner" WHERE"#));
    /// # }
    /// ```
    pub fn filter<C: Condition<M::Table> + 'q>(mut self, condition: C) -> Delete<'q, M, Filtered> {
        self.filters.push(Arc::new(condition));
        Delete { filters: self.filters, state: PhantomData }
    }

    /// Deletes every row there is.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let delete = Owner::delete().all_rows();
    /// assert_eq!(delete.to_sql().unwrap().to_string(), r#"DELETE FROM "owner""#);
    /// # }
    /// ```
    pub fn all_rows(self) -> Delete<'q, M, Filtered> {
        Delete { filters: self.filters, state: PhantomData }
    }
}

impl<'q, M: Model> Update<'q, M> {
    /// An update that does not say yet of which rows.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// // as `Owner::update(…)`
    /// let update = mizzle::Update::<Owner>::new(owner::city.eq("Oslo")).filter(owner::id.eq(1));
    /// # }
    /// ```
    pub fn new<C: Changes<M> + 'q>(changes: C) -> Self {
        Self { set: changes.into_set(), touched: M::touched(), filters: Vec::new(), state: PhantomData }
    }
}

impl<'q, M: Model, State> Update<'q, M, State> {
    /// Changes the rows for which the condition is true. Several filters must all be true.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let update = Owner::update(owner::city.eq("Oslo")).filter(owner::id.lt(10));
    /// assert!(update.to_sql().unwrap().to_string().contains(r#"SET "city" = $1 WHERE"#));
    /// # }
    /// ```
    pub fn filter<C: Condition<M::Table> + 'q>(mut self, condition: C) -> Update<'q, M, Filtered> {
        self.filters.push(Arc::new(condition));
        self.all_rows()
    }

    /// Changes every row there is.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let update = Owner::update(owner::city.eq(owner::name)).all_rows();
    /// assert!(!update.to_sql().unwrap().to_string().contains("WHERE"));
    /// # }
    /// ```
    pub fn all_rows(self) -> Update<'q, M, Filtered> {
        Update { set: self.set, touched: self.touched, filters: self.filters, state: PhantomData }
    }
}

impl<M> Delete<'_, M, Filtered> {
    pub(crate) fn filters(&self) -> &[Arc<dyn Fragment + '_>] {
        &self.filters
    }
}

impl<P> Update<'_, P, Filtered> {
    pub(crate) fn filters(&self) -> &[Arc<dyn Fragment + '_>] {
        &self.filters
    }
}

impl<M: Model> QueryFragment<Pg> for Delete<'_, M, Filtered> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        push_table(M::DEF, &mut out)?;
        push_filters(&self.filters, " WHERE ", &mut out)
    }
}

impl<M: Model> QueryFragment<Pg> for Update<'_, M, Filtered> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.set.is_noop(&Pg)? {
            return Err(diesel::result::Error::QueryBuilderError(
                "the patch changes nothing: set at least one field".into(),
            ));
        }
        out.push_sql("UPDATE ");
        push_table(M::DEF, &mut out)?;
        out.push_sql(" SET ");
        self.set.walk_ast(out.reborrow())?;
        for touched in touched_beside(&*self.set, &self.touched)? {
            out.push_sql(", ");
            push_name(touched.column, &mut out)?;
            out.push_sql(" = ");
            touched.value.walk_ast(out.reborrow())?;
        }
        push_filters(&self.filters, " WHERE ", &mut out)
    }
}

/// A column that every update sets, and its value.
#[doc(hidden)]
pub struct Touched {
    pub(crate) column: &'static str,
    pub(crate) value: Box<dyn Fragment>,
}

impl Touched {
    /// The value of column `C`.
    #[must_use]
    pub fn new<C, T>(value: T) -> Self
    where
        C: Column + Expression<SqlType: Send + Sync + 'static>,
        Pg: HasSqlType<C::SqlType>,
        T: ToSql<C::SqlType, Pg> + Send + Sync + 'static,
    {
        Self { column: C::NAME, value: Box::new(Value::<C::SqlType, T>(value, PhantomData)) }
    }
}

/// What [`Alters`] is implemented for: a type of this crate, so that an error does not show where the user's own is defined.
pub struct Alteration;

/// `C` changes rows of `M`: [`Changes`], asked the other way round.
#[diagnostic::on_unimplemented(
    message = "`{C}` does not change rows of `{M}`",
    label = "sets nothing of `{M}`",
    note = "an update takes the `…Patch` of its own table, `column.eq(value)`, or a tuple of these"
)]
pub trait Alters<C, M> {
    /// The update, which does not say yet of which rows.
    fn update<'q>(changes: C) -> Update<'q, M>
    where
        C: 'q;
}

#[diagnostic::do_not_recommend]
impl<M: Model, C: Changes<M>> Alters<C, M> for Alteration {
    fn update<'q>(changes: C) -> Update<'q, M>
    where
        C: 'q,
    {
        Update::new(changes)
    }
}

/// One value as a parameter.
struct Value<ST, T>(T, PhantomData<ST>);

impl<ST, T> QueryFragment<Pg> for Value<ST, T>
where
    Pg: HasSqlType<ST>,
    T: ToSql<ST, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<ST, T>(&self.0)
    }
}

/// Those that the changes do not set themselves.
fn touched_beside<'a>(
    set: &dyn Fragment,
    touched: &'a [Touched],
) -> QueryResult<impl Iterator<Item = &'a Touched>> {
    let mut assigned = Vec::new();
    if !touched.is_empty() {
        let mut sql = PgQueryBuilder::default();
        set.to_sql(&mut sql, &Pg)?;
        assigned = assigned_columns(&sql.finish());
    }
    Ok(touched.iter().filter(move |touched| !assigned.iter().any(|column| column == touched.column)))
}

/// The columns on the left of `"a" = …, "b" = …`: the identifiers outside parentheses that begin an assignment.
fn assigned_columns(sql: &str) -> Vec<String> {
    let mut columns = Vec::new();
    let (mut depth, mut begins) = (0_usize, true);
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' | '\'' => {
                let mut name = String::new();
                while let Some(next) = letters.next() {
                    if next == letter && letters.next_if_eq(&letter).is_none() {
                        break;
                    }
                    name.push(next);
                }
                if begins {
                    columns.push(name);
                }
                begins = false;
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => begins = true,
            letter if letter.is_whitespace() => {}
            _ => begins = false,
        }
    }
    columns
}

/// `INSERT INTO table (columns) VALUES (…), (…) RETURNING columns`.
pub(crate) struct Insert<'a, N>(pub(crate) &'a [N]);

impl<N: NewRow> QueryFragment<Pg> for Insert<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        push_table(N::Model::DEF, &mut out)?;
        out.push_sql(" (");
        push_names::<N>(out.reborrow())?;
        let mut separator = ") VALUES (";
        for row in self.0 {
            out.push_sql(separator);
            row.push_values(out.reborrow())?;
            separator = "), (";
        }
        out.push_sql(") RETURNING ");
        let mut separator = "";
        for column in <N::Model as Model>::DEF.columns {
            out.push_sql(separator);
            push_name(column.name, &mut out)?;
            separator = ", ";
        }
        Ok(())
    }
}

fn push_names<N: NewRow>(mut out: AstPass<'_, '_, Pg>) -> QueryResult<()> {
    let mut separator = "";
    for name in N::COLUMNS {
        out.push_sql(separator);
        push_name(name, &mut out)?;
        separator = ", ";
    }
    Ok(())
}

/// The values of a row, or what a patch sets, with commas between.
pub struct List<'a, 'b> {
    out: AstPass<'a, 'b, Pg>,
    separator: &'static str,
}

impl<'a, 'b> List<'a, 'b> {
    /// Nothing yet.
    #[must_use]
    pub fn new(out: AstPass<'a, 'b, Pg>) -> Self {
        Self { out, separator: "" }
    }

    /// The value of column `C` as a parameter.
    ///
    /// # Errors
    /// When the value cannot be written as the column's SQL type.
    pub fn value<C, T>(&mut self, value: &'b T) -> QueryResult<()>
    where
        C: Expression,
        Pg: HasSqlType<C::SqlType>,
        T: ToSql<C::SqlType, Pg>,
    {
        self.separate();
        self.out.push_bind_param::<C::SqlType, T>(value)
    }

    /// The value of column `C`, or `DEFAULT`.
    ///
    /// # Errors
    /// When the value cannot be written as the column's SQL type.
    pub fn value_or_default<C, T>(&mut self, value: &'b Option<T>) -> QueryResult<()>
    where
        C: Expression,
        Pg: HasSqlType<C::SqlType>,
        T: ToSql<C::SqlType, Pg>,
    {
        match value {
            Some(value) => self.value::<C, T>(value),
            None => {
                self.default();
                Ok(())
            }
        }
    }

    /// `DEFAULT`.
    pub fn default(&mut self) {
        self.separate();
        self.out.push_sql("DEFAULT");
    }

    /// `column = value`, if there is one.
    ///
    /// # Errors
    /// When the value cannot be written as the column's SQL type.
    pub fn assign<C, T>(&mut self, value: &'b Option<T>) -> QueryResult<()>
    where
        C: Column,
        Pg: HasSqlType<C::SqlType>,
        T: ToSql<C::SqlType, Pg>,
    {
        let Some(value) = value else { return Ok(()) };
        self.separate();
        push_name(C::NAME, &mut self.out)?;
        self.out.push_sql(" = ");
        self.out.push_bind_param::<C::SqlType, T>(value)
    }

    fn separate(&mut self) {
        self.out.push_sql(self.separator);
        self.separator = ", ";
    }
}

/// The values of one row in Diesel's INSERT.
#[derive(Debug, Clone)]
pub struct RowValues<N>(Option<N>);

/// What `diesel::insert_into(owner::table).values(new_owner)` inserts.
pub type Values<N> = ValuesClause<RowValues<N>, <<N as NewRow>::Model as Model>::Table>;

/// A row as Diesel inserts it.
pub fn values<N: NewRow>(row: N) -> Values<N> {
    let mut values = Values::<N>::default();
    values.values = RowValues(Some(row));
    values
}

impl<N> Default for RowValues<N> {
    fn default() -> Self {
        Self(None)
    }
}

impl<N: NewRow> QueryFragment<Pg> for RowValues<N> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.as_ref().map_or(Ok(()), |row| row.push_values(out))
    }
}

impl<N: NewRow, T: Table> InsertValues<Pg, T> for RowValues<N> {
    fn column_names(&self, out: AstPass<'_, '_, Pg>) -> QueryResult<()> {
        push_names::<N>(out)
    }
}

impl<N: NewRow> CanInsertInSingleQuery<Pg> for RowValues<N> {
    fn rows_to_insert(&self) -> Option<usize> {
        Some(1)
    }
}

impl<N: NewRow, T> UndecoratedInsertRecord<T> for RowValues<N> {}

impl<N> QueryId for RowValues<N> {
    type QueryId = ();
    // which columns are DEFAULT changes from row to row, and with it the SQL
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The changes of a patch in an UPDATE.
#[derive(Debug, Clone, Copy)]
pub struct Assignments<P>(P);

/// The changes of a patch, with those that come with every change.
pub fn assignments<P: Patch>(mut patch: P) -> Assignments<P> {
    patch.touch();
    Assignments(patch)
}

impl<P: Patch> QueryFragment<Pg> for Assignments<P> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.push_assignments(out)
    }
}

impl<P> QueryId for Assignments<P> {
    type QueryId = ();
    // which columns are set changes from patch to patch, and with it the SQL
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use super::assigned_columns;

    #[test]
    fn the_columns_that_an_update_sets_are_told_from_those_it_reads() {
        let sql = r#""a" = $1, "b ""c""" = (lower("t"."d"), $2), "e" = "t"."f" || 'x, "g" = ''1'"#;
        assert_eq!(assigned_columns(sql), ["a", "b \"c\"", "e"]);
    }
}
