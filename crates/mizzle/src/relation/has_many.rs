//! Rows that hold this row's key: an owner's pets.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use diesel::associations::HasTable;
use diesel::query_source::Column;
use diesel::{QueryResult, Table};

use super::builder::{limits, relation_builder};
use super::{Ends, PlainOf, Push, Relation, Relations, Results, read_next};
use crate::model::{HasColumn, Key, Model};
use crate::query::{Condition, Fragment, Order, Parents, PrimaryKey, Rows, Select, SelectFrom};
use crate::statement::Statement;

/// The rows of `C` whose column `Fk` holds this row's key. Made by `#[has_many(…)]`.
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct HasMany<'q, P, C, Fk, W = ()> {
    pub(crate) select: Select<'q>,
    with: W,
    ends: Ends<(P, C, Fk)>,
}

relation_builder!(HasMany<P, C, Fk>, C);
limits!(HasMany<P, C, Fk>, C);

impl<P, C, Fk, W> HasMany<'_, P, C, Fk, W>
where
    P: Model,
    C: Model,
    Fk: Column<Table = C::Table> + Default + Fragment,
    PrimaryKey<P>: Fragment,
    PrimaryKey<C>: Fragment,
{
    /// The children of these parents, for as long as the statement about them is written.
    pub(super) fn rows<T>(&self, parents: &Rows<'_>, write: impl FnOnce(&Rows<'_>) -> T) -> T {
        let (table, key) = (C::Table::table(), C::Table::table().primary_key());
        let (column, parent_key) = (Fk::default(), P::Table::table().primary_key());
        let keys = SelectFrom { columns: &parent_key, rows: parents, ordered: false };
        write(&Rows {
            table: &table,
            key: &key,
            key_columns: C::DEF.primary_key.len(),
            link: None,
            select: &self.select,
            parents: Some(Parents { column: &column, keys }),
        })
    }
}

#[allow(private_interfaces)]
impl<P, C, Fk, W> Relation<P> for HasMany<'_, P, C, Fk, W>
where
    P: HasColumn<PrimaryKey<P>, Value: Key>,
    C: HasColumn<Fk, Value: Key<Plain = PlainOf<P, PrimaryKey<P>>>>,
    Fk: Column<Table = C::Table> + Default + Fragment,
    PrimaryKey<P>: Fragment,
    PrimaryKey<C>: Fragment,
    W: Relations<C>,
{
    type Out = Vec<W::Item>;

    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
        self.rows(parents, |rows| {
            let columns = <C::Table as Table>::all_columns();
            flight.push(Statement::of(&SelectFrom { columns: &columns, rows, ordered: true })?);
            self.with.statements(rows, flight)
        })
    }

    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<Self::Out>> {
        let children: Vec<C> = read_next::<C::SqlType, C>(results)?;
        let keys: Vec<_> = children.iter().map(|child| child.value().plain().cloned()).collect();
        let mut of: HashMap<_, Self::Out> = HashMap::with_capacity(parents.len());
        for (key, child) in keys.into_iter().zip(self.with.attach(children, results)?) {
            if let Some(key) = key {
                of.entry(key).or_default().push(child);
            }
        }
        // a parent occurs once, so its children can be taken
        Ok(parents
            .iter()
            .map(|parent| parent.value().plain().and_then(|key| of.remove(key)).unwrap_or_default())
            .collect())
    }
}
