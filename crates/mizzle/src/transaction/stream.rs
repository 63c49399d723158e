//! Large results row by row inside a transaction.

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use super::{Tx, after_begin};
use crate::error::Error;
use crate::stream::LoadRows;
use crate::trace::traced;

impl Tx {
    /// Reads the rows of a query one by one, in constant memory, in the snapshot of the transaction.
    ///
    /// The transaction is borrowed until the stream is dropped: its next statement would wait for rows that nobody asks for.
    /// Of a stream that is dropped before its end, the rest is thrown away as it comes.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64 }
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn audit(db: &mizzle::Db) -> Result<i64, mizzle::Error> {
    /// db.transaction(async |mut tx| {
    ///     let mut total = 0;
    ///     let mut rows = tx.stream(Account::query());
    ///     while let Some(account) = rows.try_next().await? {
    ///         total += account.balance;
    ///     }
    ///     drop(rows);
    ///     tx.insert(NewAccount::new(0, total)).await?;
    ///     Ok(total)
    /// })
    /// .await
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// Two statements at a time do not compile:
    ///
    /// ```compile_fail,E0502
    /// # use mizzle::prelude::*;
    /// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64 }
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn audit(mut tx: Tx) -> Result<(), mizzle::Error> {
    /// let mut rows = tx.stream(Account::query());
    /// while let Some(account) = rows.try_next().await? {
    ///     tx.execute(Account::delete().filter(account::id.eq(account.id))).await?;
    /// }
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// The stream's items: what the server refuses; a row that does not read as `T`.
    pub fn stream<'a, T, Q>(&'a mut self, query: Q) -> BoxStream<'a, Result<T, Error>>
    where
        T: Send + 'static,
        Q: LoadRows<T>,
    {
        let statement = query.statement().map_err(Error::build);
        let tx: &'a Self = self;
        stream::once(async move {
            let (statement, read) = statement?;
            let arriving = after_begin(&tx.state, tx.connection.stream(&statement));
            let arriving = traced(&tx.connection, std::slice::from_ref(&statement), arriving).await;
            let rows = arriving.map_err(tx.witness())?;
            let (witness, written) = (tx.witness(), tx.connection.counting(&statement));
            Ok::<_, Error>(rows.map(move |row| {
                let row = row.map_err(&witness)?;
                written(1);
                read(row).map_err(Error::read)
            }))
        })
        .try_flatten()
        .boxed()
    }
}
