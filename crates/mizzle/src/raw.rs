//! SQL written by hand, with values that are parameters and rows that have types: for what no builder says.

use std::borrow::Cow;

use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, QueryBuilder, QueryFragment};
use diesel::result::Error;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, Nullable, SqlType, Text, is_nullable};
use tokio_postgres::types::Type;

use crate::load::{Load, Plan};
use crate::query::Fragment;
use crate::statement::{Parameter, Statement};
use crate::types::ColumnType;
use crate::write::Execute;

pub use crate::column::{FromColumn, FromRow};

/// SQL with its parameters. Made by [`sql!`](macro@crate::sql).
///
/// Loads as tuples, by position, or as structs with `#[derive(FromRow)]` and tables' own structs, by name.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let city = "Oslo";
/// let query: mizzle::RawSql = sql!("SELECT id, name, city FROM owner WHERE city = {city} FOR UPDATE");
/// let owners: Vec<Owner> = db.load(query).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "SQL does nothing until it is loaded or executed"]
pub struct RawSql {
    pieces: Vec<Piece>,
    /// The first value that cannot be written.
    error: Option<String>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(Cow<'static, str>),
    Value(Type, Parameter),
}

/// A Rust value that can be a parameter of [`sql!`](macro@crate::sql): the types of columns, `&str`, `Option` of these, and `Vec` or
/// slices of these for `= ANY(…)`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// let cities = vec!["Oslo".to_owned(), "Bergen".to_owned()];
/// let (least, nobody) = (10_i64, None::<String>);
/// let query = sql!("SELECT 1 FROM owner WHERE city = ANY({cities}) AND id > {least} AND name IS DISTINCT FROM {nobody}");
/// assert_eq!(query.to_sql().unwrap().statements()[0].binds.len(), 3);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of SQL",
    label = "not the type of a column",
    note = "`{{value}}` takes the types of columns, `Option` of these, and `Vec` of these for `= ANY(…)`; tables and columns are \
            named by their paths: `{{owner::table}}`, `{{owner::name}}`"
)]
pub trait Bind {
    /// The SQL type of the parameter.
    type SqlType: 'static;

    /// Adds the value to SQL, as a parameter.
    #[doc(hidden)]
    fn bind_to(&self, sql: RawSql) -> RawSql
    where
        Self: ToSql<Self::SqlType, Pg>,
        Pg: HasSqlType<Self::SqlType>,
    {
        sql.bind(self)
    }
}

impl<T: ColumnType> Bind for T {
    type SqlType = T::SqlType;
}

impl Bind for str {
    type SqlType = Text;
}

impl<T: ColumnType<SqlType: SqlType<IsNull = is_nullable::NotNull>>> Bind for Option<T> {
    type SqlType = Nullable<T::SqlType>;
}

impl<T: ColumnType> Bind for Vec<T> {
    type SqlType = Array<T::SqlType>;
}

impl<T: ColumnType> Bind for [T] {
    type SqlType = Array<T::SqlType>;
}

impl RawSql {
    /// SQL that was put together while the program ran. Nothing of it is checked: values belong into [`sql!`](macro@crate::sql).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let table = "owner";
    /// let (rows,): (i64,) = db.first(mizzle::RawSql::verbatim(format!("SELECT count(*) FROM {table}"))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn verbatim(text: impl Into<String>) -> Self {
        Self::default().text(text.into())
    }

    /// Adds SQL text as it is.
    #[doc(hidden)]
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    /// Adds the name of a table or column.
    #[doc(hidden)]
    pub fn name<T>(mut self, name: &T) -> Self
    where
        Naming: Names<T>,
    {
        let name = Naming::fragment(name);
        let mut builder = PgQueryBuilder::default();
        match name.to_sql(&mut builder, &Pg) {
            Ok(()) => self.pieces.push(Piece::Text(builder.finish().into())),
            Err(error) => self.error = self.error.or_else(|| Some(error.to_string())),
        }
        self
    }

    /// Adds a value as a parameter.
    fn bind<T>(mut self, value: &T) -> Self
    where
        T: Bind + ToSql<T::SqlType, Pg> + ?Sized,
        Pg: HasSqlType<T::SqlType>,
    {
        let single = Statement::of(&Value::<T>(value)).map(|statement| {
            statement.types.into_iter().zip(statement.parameters).map(|(ty, value)| Piece::Value(ty, value))
        });
        match single {
            Ok(value) => self.pieces.extend(value),
            Err(error) => self.error = self.error.or_else(|| Some(error.to_string())),
        }
        self
    }

    /// Adds more SQL behind, its parameters numbered on: for what is decided while the program runs.
    ///
    /// ```
    /// # use mizzle::prelude::*;
    /// # fn main() {
    /// let (city, name) = ("Anytown", Some("John"));
    /// let mut query = mizzle::sql!("SELECT id FROM owner WHERE city = {city}");
    /// if let Some(name) = name {
    ///     query = query.append(mizzle::sql!(" AND name = {name}"));
    /// }
    /// assert_eq!(
    ///     query.to_sql().unwrap().to_string(),
    ///     r#"SELECT id FROM owner WHERE city = $1 AND name = $2 -- binds: ["Anytown", "John"]"#
    /// );
    /// # }
    /// ```
    pub fn append(mut self, more: Self) -> Self {
        self.pieces.extend(more.pieces);
        self.error = self.error.or(more.error);
        self
    }

    pub(crate) fn into_statement(self) -> QueryResult<Statement> {
        if let Some(error) = self.error {
            return Err(Error::QueryBuilderError(error.into()));
        }
        let (mut sql, mut types, mut parameters) = (String::new(), Vec::new(), Vec::new());
        for piece in self.pieces {
            match piece {
                Piece::Text(text) => sql.push_str(&text),
                Piece::Value(ty, parameter) => {
                    types.push(ty);
                    parameters.push(parameter);
                    sql.push('$');
                    sql.push_str(&types.len().to_string());
                }
            }
        }
        Ok(Statement { sql: sql.into(), types, parameters, inserts: 0 })
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromRow + Send + 'static> Load<T> for RawSql {
    fn plan(self) -> QueryResult<Plan<T>> {
        Ok(Plan::of_rows(self.into_statement()?, T::from_row))
    }
}

#[diagnostic::do_not_recommend]
impl Execute for RawSql {
    fn statement(&self) -> QueryResult<Statement> {
        self.clone().into_statement()
    }
}

/// What [`Names`] is implemented for: a type of this crate, so that an error does not show where the user's own is defined.
#[derive(Debug, Clone, Copy)]
pub struct Naming;

/// `T` is a table or column, whose name can stand in SQL.
#[diagnostic::on_unimplemented(
    message = "`{T}` is no table or column",
    label = "a path of several words names a table or a column",
    note = "a value with such a path is a parameter in parentheses: `{{(Kind::Cat)}}`"
)]
pub trait Names<T> {
    #[doc(hidden)]
    fn fragment(name: &T) -> &dyn Fragment;
}

#[diagnostic::do_not_recommend]
impl<T: Fragment> Names<T> for Naming {
    fn fragment(name: &T) -> &dyn Fragment {
        name
    }
}

/// One parameter.
struct Value<'a, T: ?Sized>(&'a T);

impl<T> QueryFragment<Pg> for Value<'_, T>
where
    T: Bind + ToSql<T::SqlType, Pg> + ?Sized,
    Pg: HasSqlType<T::SqlType>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<T::SqlType, T>(self.0)
    }
}
