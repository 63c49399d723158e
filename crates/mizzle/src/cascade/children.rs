//! Relations whose far rows belong to the near row.

use diesel::query_source::Column;

use crate::model::Model;
use crate::relation::HasMany;

/// A relation whose rows hold the key of a row of `P`: `Owner::pets()`.
#[diagnostic::on_unimplemented(
    message = "no rows belong to `{P}` by this relation",
    label = "not a `#[has_many]` of `{P}`",
    note = "a cascade goes from a row to those that hold its key, such as `{P}::…()` of a `#[has_many]`"
)]
pub trait Children<P: Model> {
    /// The rows that belong to a row of `P`.
    type Child: Model;
    /// Their column that holds its key.
    type ForeignKey: Column;
    /// Whether all of them are meant.
    #[doc(hidden)]
    fn whole(self) -> bool;
}

impl<P, C, Fk> Children<P> for HasMany<'_, P, C, Fk>
where
    P: Model,
    C: Model,
    Fk: Column<Table = C::Table>,
{
    type Child = C;
    type ForeignKey = Fk;

    fn whole(self) -> bool {
        self.select.filters.is_empty() && self.select.limit.is_none() && self.select.offset.is_none()
    }
}
