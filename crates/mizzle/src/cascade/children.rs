//! Relations whose far rows belong to the near row.

use crate::model::Model;
use crate::relation::{KeyColumns, Owning, Path, Related};

/// A relation whose rows hold the key of a row of `P`: `Owner::pets()`, of a `has_many` or a `has_one`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] #[has_many(bills: Bill)] struct Owner { #[column(primary_key)] id: i64 }
/// # #[table] #[has_many(visits: Visit)] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # #[table] struct Bill { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: Option<i64> }
/// # #[table] struct Visit { #[column(primary_key)] id: i64, #[belongs_to(pet: Pet)] pet_id: i64 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use mizzle::Children;
///
/// /// Deletes every row of a table with its children.
/// async fn clear<P: Model>(db: &Db, children: impl Children<P>) -> Result<u64, mizzle::Error> {
///     Ok(db.delete_cascading(mizzle::Delete::<P>::new().all_rows()).cascade(children).await?.rows)
/// }
/// clear(db, Owner::pets()).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "no rows belong to `{P}` by this relation",
    label = "neither a `#[has_many]` nor a `#[has_one]` of `{P}`",
    note = "a cascade goes from a row to those that hold its key, such as `{P}::…()` of a `#[has_many]`"
)]
pub trait Children<P: Model> {
    /// The rows that belong to a row of `P`.
    type Child: Model;
    /// Their columns that hold its key.
    type ForeignKey: KeyColumns<Self::Child>;
    /// From the key to these columns.
    #[doc(hidden)]
    const PATH: Path;
    /// Whether all of them are meant.
    #[doc(hidden)]
    fn whole(self) -> bool;
}

impl<P: Model, L: Owning<Parent = P>> Children<P> for Related<'_, L> {
    type Child = L::Child;
    type ForeignKey = L::ForeignKey;
    const PATH: Path = L::PATH;

    fn whole(self) -> bool {
        self.is_whole()
    }
}
