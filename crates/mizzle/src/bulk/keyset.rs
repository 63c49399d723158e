//! Walking over a table in the order of its primary key, from where the last step ended.

use std::fmt;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use tokio_postgres::types::Type;

use crate::def::TableDef;
use crate::query::Fragment;
use crate::row::PgRow;
use crate::rows::push_filters;
use crate::statement::{Parameter, Statement};

/// A place in a table, in the order of its primary key: what an update or a delete in chunks has behind it.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let delete = || db.delete_all(Event::delete().filter(event::year.lt(2020)));
/// if let Err(error) = delete().await
///     && let Some(position) = error.position()
/// {
///     delete().after(position).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Position(Vec<(Type, Parameter)>);

/// The rows of a table for which conditions hold, in the order of its primary key.
pub(crate) struct Keyset {
    table: &'static TableDef,
    filtered: bool,
    /// `SELECT key FROM table WHERE filters`.
    select: Statement,
}

/// SQL with conditions behind it.
struct Select<'a> {
    sql: String,
    filters: &'a [Arc<dyn Fragment + 'a>],
}

impl QueryFragment<Pg> for Select<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.sql);
        push_filters(self.filters, " WHERE ", &mut out)
    }
}

impl Keyset {
    pub(crate) fn new(table: &'static TableDef, filters: &[Arc<dyn Fragment + '_>]) -> QueryResult<Self> {
        let sql = format!("SELECT {} FROM {}", key(table).join(", "), table_name(table));
        let select = Statement::of(&Select { sql, filters })?;
        Ok(Self { table, filtered: !filters.is_empty(), select })
    }

    /// The keys behind a position; `tail` begins with a space.
    pub(crate) fn keys(&self, after: Option<&Position>, tail: &str) -> Statement {
        let mut statement = self.between(&self.select, after, None);
        statement.sql = format!("{} ORDER BY {}{tail}", statement.sql, key(self.table).join(", ")).into();
        statement
    }

    /// The key of the row that is this many rows behind a position, if there is one.
    pub(crate) fn bound(&self, after: Option<&Position>, rows: usize) -> Statement {
        self.keys(after, &format!(" LIMIT 1 OFFSET {}", rows.saturating_sub(1)))
    }

    /// A statement that ends with the same conditions, made to hold for these keys only.
    pub(crate) fn between(
        &self,
        statement: &Statement,
        after: Option<&Position>,
        up_to: Option<&Position>,
    ) -> Statement {
        let mut sql = String::from(&*statement.sql);
        let mut parameters: Vec<_> =
            statement.types.iter().cloned().zip(statement.parameters.iter().cloned()).collect();
        let mut separator = if self.filtered { " AND " } else { " WHERE " };
        for (bound, comparison) in [(after, ">"), (up_to, "<=")] {
            let Some(Position(bound)) = bound else { continue };
            let first = parameters.len() + 1;
            let values: Vec<String> = (first..first + bound.len()).map(|at| format!("${at}")).collect();
            let key = key(self.table).join(", ");
            sql.push_str(&format!("{separator}({key}) {comparison} ({})", values.join(", ")));
            parameters.extend(bound.iter().cloned());
            separator = " AND ";
        }
        Statement::new(sql, parameters)
    }
}

impl Position {
    /// The key in a row of [`Keyset::keys`].
    pub(crate) fn of(row: &PgRow, table: &TableDef) -> Self {
        let value = |at| {
            let (ty, value) = row.raw(at);
            (ty, Parameter(value))
        };
        Self((0..table.primary_key.len()).map(value).collect())
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Position").finish_non_exhaustive()
    }
}

/// The columns of the primary key, as they can stand in any condition.
fn key(table: &TableDef) -> Vec<String> {
    let of = table_name(table);
    table.primary_key.iter().map(|name| format!("{of}.{}", quoted(name))).collect()
}

/// The table with its schema, if it has one.
pub(crate) fn table_name(table: &TableDef) -> String {
    match table.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(table.name)),
        None => quoted(table.name),
    }
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
