//! The row whose key this row holds: a pet's owner.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use diesel::associations::HasTable;
use diesel::query_source::Column;
use diesel::{QueryResult, Table};

use super::builder::relation_builder;
use super::{Ends, PlainOf, Push, Relation, Relations, Results, read_next};
use crate::model::{HasColumn, Key, Model};
use crate::query::{Condition, Fragment, Order, Parents, PrimaryKey, Rows, Select, SelectFrom};
use crate::statement::Statement;

/// The row of `C` whose key this row's column `Fk` holds. Made by `#[belongs_to(…)]`.
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct BelongsToOne<'q, P, Fk, C, W = ()> {
    pub(super) select: Select<'q>,
    with: W,
    ends: Ends<(P, C, Fk)>,
}

relation_builder!(BelongsToOne<P, Fk, C>, C);

#[allow(private_interfaces)]
impl<P, Fk, C, W> Relation<P> for BelongsToOne<'_, P, Fk, C, W>
where
    P: HasColumn<Fk, Value: Key>,
    C: HasColumn<PrimaryKey<C>, Value: Key<Plain = PlainOf<P, Fk>>>,
    Fk: Column<Table = P::Table> + Default + Fragment,
    PrimaryKey<C>: Fragment,
    W: Relations<C>,
{
    type Out = Option<W::Item>;

    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
        let (table, key) = (C::Table::table(), C::Table::table().primary_key());
        let foreign_key = Fk::default();
        let keys = SelectFrom { columns: &foreign_key, rows: parents, ordered: false };
        let rows = Rows {
            table: &table,
            key: &key,
            key_columns: C::DEF.primary_key.len(),
            link: None,
            select: &self.select,
            parents: Some(Parents { column: &key, keys }),
        };
        let columns = <C::Table as Table>::all_columns();
        flight.push(Statement::of(&SelectFrom { columns: &columns, rows: &rows, ordered: true })?);
        self.with.statements(&rows, flight)
    }

    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<Self::Out>> {
        let owners: Vec<C> = read_next::<C::SqlType, C>(results)?;
        let keys: Vec<_> = owners.iter().map(|owner| owner.value().plain().cloned()).collect();
        let owners: HashMap<_, _> = keys.into_iter().zip(self.with.attach(owners, results)?).collect();
        Ok(parents
            .iter()
            .map(|parent| {
                owners
                    .get(&parent.value().plain().cloned())
                    .filter(|_| parent.value().plain().is_some())
                    .cloned()
            })
            .collect())
    }
}
