//! What Diesel offers and Aurora DSQL refuses, made a compile error.

use diesel::query_builder::AsQuery;

/// Locks that Aurora DSQL does not have, under the names of Diesel's methods for them.
///
/// Aurora DSQL takes `FOR UPDATE` and `FOR KEY SHARE` alone
/// (<https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html>). With this trait in scope, as the
/// prelude has it, a call of Diesel's `for_share` or `for_no_key_update` is ambiguous, so it does not compile: use `for_update()`,
/// or `for_key_share()`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// use mizzle::diesel::query_dsl::methods::LockingDsl;
///
/// let relied_on = owner::table.filter(owner::id.eq(1)).for_key_share();
/// assert!(relied_on.to_sql().unwrap().to_string().contains("FOR KEY SHARE"));
/// # }
/// ```
pub trait LocksThatAuroraDsqlRefuses: Sized {
    /// Use `for_key_share()` to rely on a row, `for_update()` to exclude others from it.
    fn for_share(self) {}
    /// Use `for_update()`.
    fn for_no_key_update(self) {}
}

impl<Q: AsQuery> LocksThatAuroraDsqlRefuses for Q {}
