//! Relations: how the rows beside a row are found, and how they are put in their place.
//!
//! Each relation adds one statement to the flight. Its rows are chosen by the parents' own query, keys only, so nothing waits for
//! an answer before it can be sent:
//!
//! ```text
//! SELECT … FROM owner WHERE city = $1
//! SELECT … FROM pet WHERE pet.owner_id = ANY(ARRAY(SELECT owner.id FROM owner WHERE city = $1))
//! ```
//!
//! The rows come back as they are stored, in binary, and are joined to their parents here, by key.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use diesel::associations::HasTable;
use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_source::Column;
use diesel::{QueryResult, Table};

use crate::connection::Answer;
use crate::model::{BelongsTo, HasColumn, Key, Model};
use crate::query::{Condition, Fragment, Link, Order, Parents, PrimaryKey, Rows, Select, SelectFrom};
use crate::row::PgRow;
use crate::statement::Statement;

/// A row with what was loaded beside it.
///
/// Reads like the row itself: `john.name`, and `john.related` for the relation; a tuple, in the order of `.with(…)`, if there are
/// several.
#[derive(Debug, Clone, PartialEq)]
pub struct With<M, R> {
    /// The row.
    pub row: M,
    /// What `.with(…)` asked for: `Vec<Pet>` for many, `Option<Owner>` for one.
    pub related: R,
}

impl<M, R> Deref for With<M, R> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.row
    }
}

/// A relation that starts from the rows of `P`, for `.with(…)`.
#[diagnostic::on_unimplemented(
    message = "this relation does not start from `{P}`",
    label = "not a relation of `{P}`",
    note = "`.with(…)` takes the relations of the query's own rows, such as `{P}::…()`"
)]
pub trait Relation<P: Model> {
    /// What stands beside each row: `Vec<…>` or `Option<…>`.
    type Out: Send;
    /// Adds the relation's statements to the flight.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()>;
    /// Takes the relation's rows, in the order of its statements, and gives each parent its own.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<Self::Out>>;
}

/// The results of a flight, in the order of its statements.
pub(crate) type Results = std::vec::IntoIter<Answer>;

/// Relations of one row: none, or a tuple of up to four.
pub trait Relations<M: Model> {
    /// The row alone, or [`With`] its relations.
    type Item: Clone + Send;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()>;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn attach(&self, rows: Vec<M>, results: &mut Results) -> QueryResult<Vec<Self::Item>>;
}

#[allow(private_interfaces)]
impl<M: Model> Relations<M> for () {
    type Item = M;

    fn statements(&self, _: &Rows<'_>, _: &mut Vec<Statement>) -> QueryResult<()> {
        Ok(())
    }

    fn attach(&self, rows: Vec<M>, _: &mut Results) -> QueryResult<Vec<M>> {
        Ok(rows)
    }
}

/// Appends a relation to a tuple of relations.
pub trait Push<R> {
    /// The longer tuple.
    type Out;
    /// Appends.
    fn push(self, relation: R) -> Self::Out;
}

macro_rules! relations {
    ($($relation:ident $related:ident $at:tt),+; $out:ty) => {
        #[allow(private_interfaces)]
        impl<M: Model, $($relation: Relation<M>),+> Relations<M> for ($($relation,)+)
        where
            $($relation::Out: Clone),+
        {
            type Item = With<M, $out>;

            fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
                $(self.$at.statements(parents, flight)?;)+
                Ok(())
            }

            fn attach(&self, rows: Vec<M>, results: &mut Results) -> QueryResult<Vec<Self::Item>> {
                $(let mut $related = self.$at.attach(&rows, results)?.into_iter();)+
                // every relation answers for every row
                let next = |row| Some(With { row, related: ($($related.next()?),+) });
                Ok(rows.into_iter().map_while(next).collect())
            }
        }
    };
}

relations!(A a 0; A::Out);
relations!(A a 0, B b 1; (A::Out, B::Out));
relations!(A a 0, B b 1, C c 2; (A::Out, B::Out, C::Out));
relations!(A a 0, B b 1, C c 2, D d 3; (A::Out, B::Out, C::Out, D::Out));

macro_rules! push {
    ($($relation:ident $at:tt),*) => {
        impl<$($relation,)* Last> Push<Last> for ($($relation,)*) {
            type Out = ($($relation,)* Last,);

            fn push(self, relation: Last) -> Self::Out {
                ($(self.$at,)* relation,)
            }
        }
    };
}

push!();
push!(A 0);
push!(A 0, B 1);
push!(A 0, B 1, C 2);

/// What a relation connects, in its type alone.
type Ends<T> = PhantomData<fn() -> T>;

/// The rows of `C` whose column `Fk` holds this row's key. Made by `#[has_many(…)]`.
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct HasMany<'q, P, C, Fk, W = ()> {
    select: Select<'q>,
    with: W,
    ends: Ends<(P, C, Fk)>,
}

/// The row of `C` whose key this row's column `Fk` holds. Made by `#[belongs_to(…)]`.
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct BelongsToOne<'q, P, Fk, C, W = ()> {
    select: Select<'q>,
    with: W,
    ends: Ends<(P, C, Fk)>,
}

/// The rows of `C` to which rows of `L` link this row. Made by `#[many_to_many(…)]`.
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct ManyToMany<'q, P, L, C, W = ()> {
    select: Select<'q>,
    with: W,
    ends: Ends<(P, C, L)>,
}

macro_rules! relation_builder {
    ($relation:ident<$($end:ident),+>, $child:ident) => {
        impl<$($end),+> $relation<'_, $($end),+> {
            /// The relation as declared: unfiltered, in no particular order.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self { select: Select::default(), with: (), ends: PhantomData }
            }
        }

        impl<'q, $($end,)+ W> $relation<'q, $($end,)+ W>
        where
            $child: Model,
        {
            /// Keeps the related rows for which the condition is true. Several filters must all be true.
            pub fn filter<Cond: Condition<<$child as Model>::Table> + 'q>(mut self, condition: Cond) -> Self {
                self.select.filters.push(std::sync::Arc::new(condition));
                self
            }

            /// Orders the related rows of each row; a further call orders those that are equal so far.
            pub fn order_by<By: Order<<$child as Model>::Table> + 'q>(mut self, order: By) -> Self {
                self.select.orders.push(std::sync::Arc::new(order));
                self
            }

            /// Loads a relation beside each related row, in the same round trip.
            pub fn with<R>(self, relation: R) -> $relation<'q, $($end,)+ W::Out>
            where
                R: Relation<$child>,
                W: Push<R>,
            {
                $relation { select: self.select, with: self.with.push(relation), ends: PhantomData }
            }
        }

        impl<$($end,)+ W: Clone> Clone for $relation<'_, $($end,)+ W> {
            fn clone(&self) -> Self {
                Self { select: self.select.clone(), with: self.with.clone(), ends: PhantomData }
            }
        }

        impl<$($end,)+ W> fmt::Debug for $relation<'_, $($end,)+ W> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($relation))
            }
        }
    };
}

relation_builder!(HasMany<P, C, Fk>, C);
relation_builder!(BelongsToOne<P, Fk, C>, C);
relation_builder!(ManyToMany<P, L, C>, C);

macro_rules! many {
    ($relation:ident<$($end:ident),+>, $child:ident) => {
        impl<'q, $($end,)+ W> $relation<'q, $($end,)+ W>
        where
            $child: Model,
        {
            /// Gives each row at most this many related rows: the first in the order given, by primary key where they are equal.
            pub fn limit(mut self, rows: i64) -> Self {
                self.select.limit = Some(rows);
                self
            }

            /// Skips this many related rows of each row.
            pub fn offset(mut self, rows: i64) -> Self {
                self.select.offset = Some(rows);
                self
            }
        }
    };
}

many!(HasMany<P, C, Fk>, C);
many!(ManyToMany<P, L, C>, C);

/// The value on the `One` side of a relation, without its NULL.
type PlainOf<M, Col> = <<M as HasColumn<Col>>::Value as Key>::Plain;

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
        let (column, key) = (Fk::default(), P::Table::table().primary_key());
        let keys = SelectFrom { columns: &key, rows: parents, ordered: false };
        plan::<C, W>(&self.select, &self.with, None, Parents { column: &column, keys }, flight)
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
        let (column, key) = (C::Table::table().primary_key(), Fk::default());
        let keys = SelectFrom { columns: &key, rows: parents, ordered: false };
        plan::<C, W>(&self.select, &self.with, None, Parents { column: &column, keys }, flight)
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
        let (near, far) = (Near::<L, P>::default(), Near::<L, C>::default());
        let (key, child_key) = (P::Table::table().primary_key(), C::Table::table().primary_key());
        let (table, link) = (C::Table::table(), L::Table::table());
        let columns = (<C::Table as Table>::all_columns(), Near::<L, P>::default());
        let rows = Rows {
            table: &table,
            key: &child_key,
            key_columns: C::DEF.primary_key.len(),
            link: Some(Link { table: &link, near: &far, far: &child_key }),
            select: &self.select,
            parents: Some(Parents {
                column: &near,
                keys: SelectFrom { columns: &key, rows: parents, ordered: false },
            }),
        };
        flight.push(Statement::of(&SelectFrom { columns: &Linking(columns), rows: &rows, ordered: true })?);
        self.with.statements(&rows, flight)
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
type Near<L, End> = <L as BelongsTo<End>>::ForeignKey;
/// A child and the key of the parent it was reached from.
type Linked<L, P, C> = (C, <L as HasColumn<Near<L, P>>>::Value);
type LinkedSql<L, P, C> = (<C as Model>::SqlType, <Near<L, P> as Expression>::SqlType);

/// `child columns, link column`: a tuple of a tuple and a column, written flat.
struct Linking<A, B>((A, B));

impl<A: Fragment, B: Fragment> diesel::query_builder::QueryFragment<Pg> for Linking<A, B> {
    fn walk_ast<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.0.1.walk_ast(out)
    }
}

/// Adds the statement of the related rows of `C`, then those of their own relations.
fn plan<C, W>(
    select: &Select<'_>,
    with: &W,
    link: Option<Link<'_>>,
    parents: Parents<'_>,
    flight: &mut Vec<Statement>,
) -> QueryResult<()>
where
    C: Model,
    PrimaryKey<C>: Fragment,
    W: Relations<C>,
{
    let (table, key) = (C::Table::table(), C::Table::table().primary_key());
    let rows = Rows {
        table: &table,
        key: &key,
        key_columns: C::DEF.primary_key.len(),
        link,
        select,
        parents: Some(parents),
    };
    let columns = <C::Table as Table>::all_columns();
    flight.push(Statement::of(&SelectFrom { columns: &columns, rows: &rows, ordered: true })?);
    with.statements(&rows, flight)
}

/// The rows of the next statement of the flight.
pub(crate) fn read_next<ST, T: FromSqlRow<ST, Pg>>(results: &mut Results) -> QueryResult<Vec<T>> {
    results.next().map_or_else(Vec::new, |answer| answer.rows).iter().map(PgRow::read::<ST, T>).collect()
}
