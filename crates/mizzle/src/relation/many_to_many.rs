//! Rows at the far end of a link table: a vet's specialties.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use diesel::associations::HasTable;
use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::{QueryResult, Table};

use super::builder::{limits, relation_builder};
use super::{Ends, PlainOf, Push, Relation, Relations, Results, read_next};
use crate::model::{BelongsTo, HasColumn, Key, Model};
use crate::query::{Condition, Fragment, Link, Order, Parents, PrimaryKey, Rows, Select, SelectFrom};
use crate::statement::Statement;

/// The rows of `C` to which rows of `L` link this row. Made by `#[many_to_many(…)]`.
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct ManyToMany<'q, P, L, C, W = ()> {
    pub(super) select: Select<'q>,
    with: W,
    ends: Ends<(P, C, L)>,
}

relation_builder!(ManyToMany<P, L, C>, C);
limits!(ManyToMany<P, L, C>, C);

impl<P, L, C, W> ManyToMany<'_, P, L, C, W>
where
    P: Model,
    C: Model,
    L: Model + BelongsTo<P> + BelongsTo<C>,
    Near<L, P>: Fragment,
    Near<L, C>: Fragment,
    PrimaryKey<P>: Fragment,
    PrimaryKey<C>: Fragment,
{
    /// The rows linked to these parents, for as long as the statement about them is written.
    pub(super) fn rows<T>(&self, parents: &Rows<'_>, write: impl FnOnce(&Rows<'_>) -> T) -> T {
        let (table, key) = (C::Table::table(), C::Table::table().primary_key());
        let (link, near, far) = (L::Table::table(), Near::<L, P>::default(), Near::<L, C>::default());
        let parent_key = P::Table::table().primary_key();
        let keys = SelectFrom { columns: &parent_key, rows: parents, ordered: false };
        write(&Rows {
            table: &table,
            key: &key,
            key_columns: C::DEF.primary_key.len(),
            link: Some(Link { table: &link, near: &far, far: &key }),
            select: &self.select,
            parents: Some(Parents { column: &near, keys }),
        })
    }
}

#[allow(private_interfaces)]
impl<P, L, C, W> Relation<P> for ManyToMany<'_, P, L, C, W>
where
    P: HasColumn<PrimaryKey<P>, Value: Key>,
    L: Model + BelongsTo<P> + BelongsTo<C>,
    L: HasColumn<Near<L, P>, Value: Key<Plain = PlainOf<P, PrimaryKey<P>>>>,
    C: HasColumn<PrimaryKey<C>, Value: Key>,
    Near<L, P>: Fragment,
    Near<L, C>: Fragment,
    PrimaryKey<P>: Fragment,
    PrimaryKey<C>: Fragment,
    Linked<L, P, C>: FromSqlRow<LinkedSql<L, P, C>, Pg>,
    W: Relations<C>,
{
    type Out = Vec<W::Item>;

    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
        self.rows(parents, |rows| {
            let columns = Linking(<C::Table as Table>::all_columns(), Near::<L, P>::default());
            flight.push(Statement::of(&SelectFrom { columns: &columns, rows, ordered: true })?);
            self.with.statements(rows, flight)
        })
    }

    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<Self::Out>> {
        // a child linked to several parents comes once for each: it is kept once, so that its own relations are attached once
        let linked: Vec<Linked<L, P, C>> = read_next::<LinkedSql<L, P, C>, _>(results)?;
        let (mut children, mut links, mut known) = (Vec::new(), Vec::new(), HashMap::new());
        for (child, parent) in linked {
            let key = HasColumn::<PrimaryKey<C>>::value(&child).plain().cloned();
            let at = *known.entry(key).or_insert_with(|| {
                children.push(child);
                children.len() - 1
            });
            links.push((parent, at));
        }
        let children = self.with.attach(children, results)?;
        let mut of: HashMap<_, Self::Out> = HashMap::with_capacity(parents.len());
        for (parent, at) in links {
            if let (Some(parent), Some(child)) = (parent.plain().cloned(), children.get(at)) {
                of.entry(parent).or_default().push(child.clone());
            }
        }
        Ok(parents
            .iter()
            .map(|parent| parent.value().plain().and_then(|key| of.remove(key)).unwrap_or_default())
            .collect())
    }
}

/// The link table's column for one end.
pub(super) type Near<L, End> = <L as BelongsTo<End>>::ForeignKey;
/// A child and the key of the parent it was reached from.
type Linked<L, P, C> = (C, <L as HasColumn<Near<L, P>>>::Value);
type LinkedSql<L, P, C> = (<C as Model>::SqlType, <Near<L, P> as Expression>::SqlType);

/// `child columns, link column`: a tuple and a column, written flat.
struct Linking<A, B>(A, B);

impl<A: Fragment, B: Fragment> QueryFragment<Pg> for Linking<A, B> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.1.walk_ast(out)
    }
}
