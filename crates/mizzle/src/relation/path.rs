//! The way from a row to its related rows: which columns equal which.

use diesel::QueryResult;

use super::key::{KeyColumns, Keyed, SameKey};
use crate::def::TableDef;
use crate::rows::{Columns, Out, push_table};

/// The way from a row to its related rows, as data. Made by `#[table]`, where the types of both ends are compared.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// The columns of the row that the way starts from.
    pub(crate) parent: &'static [&'static str],
    /// The table of the related rows.
    pub(crate) table: &'static TableDef,
    /// The columns of the related rows that the way arrives at.
    pub(crate) child: &'static [&'static str],
    /// The link table between them.
    pub(crate) through: Option<Through>,
}

/// A table that links two others: `near` holds the key of the row, `far` that of the related row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Through {
    pub(crate) table: &'static TableDef,
    near: &'static [&'static str],
    far: &'static [&'static str],
}

impl Path {
    /// To the rows of `C` whose columns `ForeignKey` hold the key of a row of `P`.
    #[must_use]
    pub const fn has<P, C, ForeignKey>() -> Self
    where
        P: Keyed,
        C: Keyed,
        ForeignKey: KeyColumns<C>,
        ForeignKey::Plain: SameKey<<P::Key as KeyColumns<P>>::Plain>,
    {
        Self { parent: P::Key::NAMES, table: C::DEF, child: ForeignKey::NAMES, through: None }
    }

    /// To the row of `C` whose key the columns `ForeignKey` of a row of `P` hold.
    #[must_use]
    pub const fn belongs_to<P, ForeignKey, C>() -> Self
    where
        P: Keyed,
        C: Keyed,
        ForeignKey: KeyColumns<P>,
        ForeignKey::Plain: SameKey<<C::Key as KeyColumns<C>>::Plain>,
    {
        Self { parent: ForeignKey::NAMES, table: C::DEF, child: C::Key::NAMES, through: None }
    }

    /// To the rows of `C` whose key stands in `Far` of those rows of `L` that have the key of a row of `P` in `Near`.
    #[must_use]
    pub const fn through<P, L, Near, Far, C>() -> Self
    where
        P: Keyed,
        L: Keyed,
        C: Keyed,
        Near: KeyColumns<L>,
        Far: KeyColumns<L>,
        Near::Plain: SameKey<<P::Key as KeyColumns<P>>::Plain>,
        Far::Plain: SameKey<<C::Key as KeyColumns<C>>::Plain>,
    {
        let through = Through { table: L::DEF, near: Near::NAMES, far: Far::NAMES };
        Self { parent: P::Key::NAMES, table: C::DEF, child: C::Key::NAMES, through: Some(through) }
    }

    /// The columns that hold the parent's key, beside each related row.
    pub(crate) fn near(&self) -> Columns<'static> {
        match self.through {
            Some(through) => Columns { table: through.table, names: through.near },
            None => Columns { table: self.table, names: self.child },
        }
    }

    /// The link table, and its columns that hold the parent's key.
    pub(crate) fn link(&self) -> Option<(&'static TableDef, &'static [&'static str])> {
        self.through.map(|through| (through.table, through.near))
    }

    /// `INNER JOIN link ON …`, if there is a link.
    pub(crate) fn walk_link<'b>(&self, out: &mut impl Out<'b>) -> QueryResult<()> {
        let Some(through) = self.through else { return Ok(()) };
        out.push_sql(" INNER JOIN ");
        push_table(through.table, out)?;
        out.push_sql(" ON ");
        Columns { table: through.table, names: through.far }.walk_as_value(out)?;
        out.push_sql(" = ");
        Columns { table: self.table, names: self.child }.walk_as_value(out)
    }
}
