//! Whether the columns of a relation hold the key of the table that it leads to.

use std::marker::PhantomData;

use diesel::query_source::Column;

use crate::model::BelongsTo;
use crate::relation::{KeyColumns, Keyed, SameKey};

/// Knows whether the columns `ForeignKey` of the rows of `Holder` can hold the key of a row of `Target`.
pub struct ProbeKey<Holder, ForeignKey, Target>(PhantomData<(Holder, ForeignKey, Target)>);

impl<Holder, ForeignKey, Target> ProbeKey<Holder, ForeignKey, Target>
where
    ForeignKey: KeyColumns<Holder>,
    Target: Keyed,
    ForeignKey::Plain: SameKey<<Target::Key as KeyColumns<Target>>::Plain>,
{
    /// They can.
    pub const IS_KEY: bool = true;
}

/// What columns answer that do not answer themselves.
pub trait NoKey {
    /// They cannot.
    const IS_KEY: bool = false;
}

impl<Holder, ForeignKey, Target> NoKey for ProbeKey<Holder, ForeignKey, Target> {}

/// Columns, and the evidence that they hold a key.
pub struct CheckedKey<ForeignKey, const EVIDENCE: bool>(PhantomData<ForeignKey>);

/// Columns that were checked.
pub trait KeyOf {
    /// The columns.
    type Columns;
}

impl<ForeignKey> KeyOf for CheckedKey<ForeignKey, true> {
    type Columns = ForeignKey;
}

/// Refuses columns that cannot hold the key of another table, in the words for a key of other types, and of another length.
#[track_caller]
pub const fn is_key(answer: bool, columns: usize, primary_key: &[&str], words: [&str; 2]) -> bool {
    let [types, length] = words;
    if columns != primary_key.len() {
        panic!("{}", length);
    }
    if !answer {
        panic!("{}", types);
    }
    true
}

/// Knows whether one relation of `Holder` says which of its columns belong to `Target`.
pub struct ProbeOwned<Holder, Target>(PhantomData<(Holder, Target)>);

impl<Holder: BelongsTo<Target>, Target> ProbeOwned<Holder, Target> {
    /// One does.
    pub const IS_OWNED: bool = true;
}

/// What tables answer that do not answer themselves.
pub trait NotOwned {
    /// None does, or several do.
    const IS_OWNED: bool = false;
}

impl<Holder, Target> NotOwned for ProbeOwned<Holder, Target> {}

/// Two tables, and the evidence that one belongs to the other.
pub struct Owned<Holder, Target, const EVIDENCE: bool>(PhantomData<(Holder, Target)>);

/// A table that belongs to another.
pub trait OwnedKey {
    /// The columns that say so.
    type Columns;
}

impl<Holder: BelongsTo<Target>, Target> OwnedKey for Owned<Holder, Target, true> {
    type Columns = Holder::ForeignKey;
}

/// Refuses a table that does not say by which columns it belongs to another.
#[track_caller]
pub const fn is_owned(answer: bool, message: &str) -> bool {
    if !answer {
        panic!("{}", message);
    }
    true
}

/// The keys of a relation, checked.
pub trait Keys {
    /// The columns that hold the key of the row that the relation starts from, or leads to: those of the one table that has them.
    type Near;
    /// The columns of a link table that hold the key of the row that the relation leads to.
    type Far;
}

/// A key of one column, which Diesel can join by.
pub trait Joined {
    /// The column.
    type Column: Column;
}

impl<C: Column> Joined for (C,) {
    type Column = C;
}
