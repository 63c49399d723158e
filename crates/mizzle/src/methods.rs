//! The queries that a database and a transaction have in common.
//!
//! A query is turned into SQL at once; the future that is returned owns what it needs, so that a query may borrow its values and
//! the future can go to another task.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::budget::ROWS;
use crate::connection::Flight;
use crate::db::Db;
use crate::error::Error;
use crate::load::{Arrival, Gathering, Load, Plan, Read};
use crate::model::NewRow;
use crate::row::PgRow;
use crate::statement::Statement;
use crate::transaction::Tx;
use crate::write::{Execute, Insert};

/// Parameters of one statement: PostgreSQL's Bind message counts them in 16 bits.
const PARAMETERS: usize = 65_535;

/// The answer to a query, to be awaited.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use mizzle::Answering;
///
/// // sent when it is awaited; owns its query, so it can be kept, joined with others or spawned
/// let owner: Answering<'_, Owner> = db.first(Owner::query());
/// let owner = owner.await?;
/// # Ok(())
/// # }
/// ```
pub type Answering<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Something that runs the statements of one flight.
pub(crate) trait Run: Sync {
    fn run<F: Flight>(&self, flight: F) -> impl Future<Output = Result<F::Answer, Error>> + Send;
}

/// Gives both types the same methods. These are handed through as they stand here, so that an error points at them and not at a macro.
macro_rules! both {
    ($($methods:tt)*) => {
        impl Db { $($methods)* }
        impl Tx { $($methods)* }
    };
}

both! {
    /// Loads all rows of a query, with the relations it asks for, in one round trip.
    ///
    /// # Errors
    /// What the server refuses; a row that does not read as `T`.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # mizzle::schema! { Owner, Pet }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let owners = db.load(Owner::query().order_by(owner::name).with(Owner::pets())).await?;
    /// println!("{} has {} pets", owners[0].name, owners[0].related.len());
    /// // any query of Diesel's
    /// let names: Vec<(String, String)> =
    ///     db.load(pet::table.inner_join(owner::table).select((pet::name, owner::name))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn load<T: Send + 'static, Q: Load<T>>(&self, query: Q) -> Answering<'_, Vec<T>> {
        let plan = query.plan().map_err(Error::build);
        async move {
            let Plan { statements, read } = plan?;
            let values = match read {
                Read::Each(read) => self.run(Arrival { statements, read }).await?,
                Read::Together(layouts) => self.run(Gathering::new(statements, layouts)).await?,
            };
            values.map_err(Error::read)
        }
        .boxed()
    }

    /// Loads the first row of a query.
    ///
    /// # Errors
    /// As [`load`](Self::load); `is_not_found()` when there is no row.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// match db.first(Owner::query().filter(owner::id.eq(7))).await {
    ///     Ok(owner) => println!("{}", owner.name),
    ///     Err(error) if error.is_not_found() => println!("nobody"),
    ///     Err(error) => return Err(error),
    /// }
    /// let owners: i64 = db.first(owner::table.count()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn first<T: Send + 'static, Q: Load<T>>(&self, query: Q) -> Answering<'_, T> {
        let rows = self.load(query);
        async move { first(rows.await?) }.boxed()
    }

    /// Runs a statement and gives the number of rows it changed.
    ///
    /// # Errors
    /// What the server refuses.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let moved = db.execute(Owner::update(owner::city.eq("Oslo")).filter(owner::city.eq("Christiania"))).await?;
    /// let gone = db.execute(Owner::delete().filter(owner::id.eq(7))).await?;
    /// db.execute(sql!("COMMENT ON TABLE {owner::table} IS 'who brings pets'")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::needless_pass_by_value)] // as `load` does: a statement is given away
    pub fn execute<Q: Execute>(&self, statement: Q) -> Answering<'_, u64> {
        let statement = statement.statement().map_err(Error::build);
        async move { Ok(self.run(vec![statement?]).await?.iter().map(|answer| answer.changed).sum()) }
            .boxed()
    }

    /// Inserts a row and reads it back as the database made it.
    ///
    /// # Errors
    /// What the server refuses.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let ann: Owner = db.insert(NewOwner::new(1, "Ann", "Oslo")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn insert<N: NewRow>(&self, row: N) -> Answering<'_, N::Model> {
        let rows = self.insert_many(&[row]);
        async move { first(rows.await?) }.boxed()
    }

    /// Inserts rows in one statement and reads them back.
    ///
    /// # Errors
    /// What the server refuses; more than 3,000 rows or 65,535 parameters, which Aurora DSQL takes in no one statement.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = [NewOwner::new(1, "Ann", "Oslo"), NewOwner::new(2, "Bob", "Bergen")];
    /// let owners: Vec<Owner> = db.insert_many(&rows).await?;
    /// assert_eq!(owners[1].name, "Bob");
    /// # Ok(())
    /// # }
    /// ```
    pub fn insert_many<N: NewRow>(&self, rows: &[N]) -> Answering<'_, Vec<N::Model>> {
        let insert = insert(rows);
        async move {
            let answers = match insert? {
                Some(insert) => self.run(vec![insert]).await?,
                None => Vec::new(),
            };
            answers
                .iter()
                .flat_map(|answer| &answer.rows)
                .map(PgRow::read)
                .collect::<Result<_, _>>()
                .map_err(Error::read)
        }
        .boxed()
    }
}

/// The only row, or the first.
pub(crate) fn first<T>(rows: Vec<T>) -> Result<T, Error> {
    rows.into_iter().next().ok_or_else(Error::not_found)
}

/// The INSERT of these rows, if there are any and Aurora DSQL can take it.
pub(crate) fn insert<N: NewRow>(rows: &[N]) -> Result<Option<Statement>, Error> {
    if rows.len() as u64 > ROWS || rows.len() * N::COLUMNS.len() > PARAMETERS {
        return Err(Error::too_many_rows(rows.len()));
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let insert = Statement::of(&Insert(rows)).map_err(Error::build)?;
    Ok(Some(Statement { inserts: rows.len() as u64, ..insert }))
}
