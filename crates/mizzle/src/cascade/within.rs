//! A delete of rows and what belongs to them, as a part of a transaction.

use futures_util::FutureExt;

use super::Cascade;
use super::keys::Keys;
use super::walk::remove;
use crate::bulk::Keyset;
use crate::error::Error;
use crate::methods::{Answering, Run};
use crate::model::Model;
use crate::transaction::Tx;
use crate::write::{Delete, Filtered};

impl Tx {
    /// Deletes rows and what belongs to them by logical relations, all in this transaction. Gives how many rows it changed.
    ///
    /// What [`Db::delete_cascading`](crate::Db::delete_cascading) says about orphans holds here.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # async fn example(db: &Db) -> Result<u64, mizzle::Error> {
    /// db.transaction(async |tx| {
    ///     tx.delete_cascading(Owner::delete().filter(owner::id.eq(1)), |owners| owners.cascade(Owner::pets())).await
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_over_budget`](Error::is_over_budget) when it takes more rows than the transaction has left;
    /// [`is_foreign_key_violation`](Error::is_foreign_key_violation) when a row restricts one that is to be deleted. The transaction is
    /// rolled back then, whatever the closure returns.
    // by value, like every statement that is to run
    #[allow(clippy::needless_pass_by_value)]
    pub fn delete_cascading<'a, P: Model>(
        &'a self,
        delete: Delete<'_, P, Filtered>,
        rules: impl FnOnce(Cascade<P>) -> Cascade<P>,
    ) -> Answering<'a, u64> {
        let keys = Keyset::new(P::DEF, delete.filters()).map_err(Error::build);
        let Cascade { rules, mistake, .. } = rules(Cascade::new());
        async move {
            let keys = keys?;
            mistake.map_or(Ok(()), Err)?;
            let written = self.budget().rows();
            let left = self.budget().rows_left();
            // one more than there is room for tells that there is no room
            let parents = keys.keys(None, &format!(" LIMIT {} FOR UPDATE", left + 1));
            let parents = self.run(vec![parents]).await?.remove(0).rows;
            let Some(found) = Keys::of(&parents, P::DEF.primary_key.len()) else { return Ok(0) };
            match remove(self, P::DEF, found, &rules, left).await {
                Ok((rows, true)) => Ok(rows),
                Ok((_, false)) => Err(self.refuse(Error::row_limit(written, None, None))),
                Err(error) => Err(self.refuse(error)),
            }
        }
        .boxed()
    }
}
