//! Relations whose far rows belong to the near row.

use crate::model::Model;
use crate::relation::{KeyColumns, Owning, Path, Related};

/// A relation whose rows hold the key of a row of `P`: `Owner::pets()`, of a `has_many` or a `has_one`.
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
