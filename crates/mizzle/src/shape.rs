//! Shapes: structs that say by their fields which columns and relations of a table they want.

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_source::Column;
use diesel::result::Error;

use crate::load::Plan;
use crate::model::Model;
use crate::node::{Beside, Node};
use crate::relation::{Link, Many, Maybe, One, Relation};
use crate::row::PgRow;
use crate::statement::Statement;
use crate::stitch::{ReadRow, Reader, reading};
use crate::table_column::{Col, Field};

/// A struct that holds some columns of a table's row, and what is related to it. Implemented by `#[derive(Shape)]`; a table's own
/// struct is the shape with all columns.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// #[derive(Shape)]
/// #[shape(of = Owner)]
/// struct Name {
///     name: String,
/// }
/// # fn main() {
/// assert_eq!(Name::query().to_sql().unwrap().to_string(), r#"SELECT "owner"."name" FROM "owner""#);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape of a table",
    label = "needs `#[derive(Shape)]` and `#[shape(of = …)]`"
)]
pub trait Shape: Send + Sized + 'static {
    /// The table's struct.
    type Of: Model;
    /// The query that loads it.
    type Query<'q>: From<Node<'q>> + Into<Node<'q>>;
    #[doc(hidden)]
    fn parts(parts: &mut Parts<'_>);
    #[doc(hidden)]
    fn read(row: &mut Reader<'_>) -> QueryResult<Self>;
}

/// What a shape selects, as it is put together field by field.
pub struct Parts<'q>(Node<'q>);

/// A column or relation that a field of type `T` can hold.
///
/// Implemented for each column, and by `#[table]` for each relation.
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` cannot hold `{Self}`",
    label = "not what the table has under this name",
    note = "a column is read as its own type, as `Option` if it can be NULL; a relation to many rows is a `Vec<S>`, to one that may \
            be missing an `Option<S>`, to one that is there an `S`, where `S` is a shape of the related table"
)]
pub trait Part<T> {
    /// What says more about it: a query on the related rows, [`NoQuery`] for a column.
    type Query<'q>;
    #[doc(hidden)]
    fn add(field: &'static str, parts: &mut Parts<'_>);
    #[doc(hidden)]
    fn read(row: &mut Reader<'_>) -> QueryResult<T>;
    #[doc(hidden)]
    fn narrow<'q>(node: Node<'q>, more: impl FnOnce(Self::Query<'q>) -> Self::Query<'q>) -> Node<'q>;
}

/// A column has no filter, order or limit of its own, so there is no value of this type.
#[derive(Debug, Clone, Copy)]
pub enum NoQuery {}

/// What a column is asked for that only a relation has: nothing is this, and the error says so.
#[diagnostic::on_unimplemented(
    message = "a column has no rows of its own to filter, order or limit",
    label = "for a relation",
    note = "`filter`, `order_by`, `limit` and `offset` of a field are about related rows; those of the shape's own are on its query, `Card::query()`"
)]
pub trait OfRows {}

/// The names that a query has, so that a shape which gives them to a column is one error.
#[doc(hidden)]
impl NoQuery {
    pub fn filter(self, _: impl OfRows) -> Self {
        self
    }

    pub fn order_by(self, _: impl OfRows) -> Self {
        self
    }

    pub fn limit(self, _: impl OfRows) -> Self {
        self
    }

    pub fn offset(self, _: impl OfRows) -> Self {
        self
    }
}

/// A part of a shape that is a column, so that a row of it stands alone. The lifetime is the query's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a relation, so a shape that has it cannot be streamed",
    label = "has a field that is no column",
    note = "relations are put together when all rows are there: use `load`, in pages, or stream a shape of columns alone"
)]
pub trait IsColumn<'q> {}

impl<C: Column> IsColumn<'_> for C {}

/// A Rust type that reads a SQL type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not read a column of the SQL type `{ST}`",
    label = "the column is of another type, or can be NULL",
    note = "a column that can be NULL is read as `Option`; one that cannot is not"
)]
pub trait Reads<ST>: FromSqlRow<ST, Pg> {}

#[diagnostic::do_not_recommend]
impl<ST, T: FromSqlRow<ST, Pg>> Reads<ST> for T {}

#[diagnostic::do_not_recommend]
impl<F: Field, T: Reads<F::SqlType>> Part<T> for Col<F> {
    type Query<'q> = NoQuery;

    fn add(_: &'static str, parts: &mut Parts<'_>) {
        parts.0.push_column(F::NAME);
    }

    fn read(row: &mut Reader<'_>) -> QueryResult<T> {
        row.value::<F::SqlType, T>()
    }

    fn narrow<'q>(node: Node<'q>, _: impl FnOnce(Self::Query<'q>) -> Self::Query<'q>) -> Node<'q> {
        node
    }
}

/// What a field is to hold related rows: `Vec<S>` for many, `Option<S>` for one that may be missing, `S` for one that is there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold what the relation `{L}` gives",
    label = "not what this relation gives",
    note = "to many: `Vec<S>`; to one that may be missing: `Option<S>`; to one that is there: `S`, `Option<S>` or a `Box` of these, \
            where `S` is a shape of the related table"
)]
pub trait Holds<L: Link>: Sized {
    /// What each related row is read as.
    type Item: Shape<Of = L::Child>;
    #[doc(hidden)]
    fn read_by(row: &mut Reader<'_>, read: ReadRow<Self::Item>) -> QueryResult<Self>;
}

impl<L: Link<Kind = Many>, S: Shape<Of = L::Child>> Holds<L> for Vec<S> {
    type Item = S;

    fn read_by(row: &mut Reader<'_>, read: ReadRow<S>) -> QueryResult<Self> {
        row.related(read)
    }
}

impl<L: Link<Kind: Single>, S: Shape<Of = L::Child>> Holds<L> for Option<S> {
    type Item = S;

    fn read_by(row: &mut Reader<'_>, read: ReadRow<S>) -> QueryResult<Self> {
        row.related_one(read)
    }
}

#[diagnostic::do_not_recommend]
impl<L: Link<Kind = One>, S: Shape<Of = L::Child>> Holds<L> for S {
    type Item = S;

    fn read_by(row: &mut Reader<'_>, read: ReadRow<S>) -> QueryResult<Self> {
        row.related_one(read)?.ok_or_else(|| {
            let text =
                format!("the row that \"{}\" refers to is not there: make the field an `Option`", L::NAME);
            Error::DeserializationError(text.into())
        })
    }
}

/// A relation to one row.
pub trait Single {}

impl Single for Maybe {}
impl Single for One {}

/// A shape on the heap, so that a shape can be large.
impl<S: Shape> Shape for Box<S> {
    type Of = S::Of;
    type Query<'q> = S::Query<'q>;

    fn parts(parts: &mut Parts<'_>) {
        S::parts(parts);
    }

    fn read(row: &mut Reader<'_>) -> QueryResult<Self> {
        S::read(row).map(Box::new)
    }
}

impl<'q> Parts<'q> {
    /// A relation, for a field that holds its rows.
    pub fn relate<L: Link, T: Holds<L>>(&mut self, field: &'static str) {
        let node = self.0.deeper(L::Child::DEF, |node| {
            let mut parts = Parts(node);
            T::Item::parts(&mut parts);
            parts.0
        });
        let read = reading(T::Item::read);
        self.0.beside.push(Beside { name: field, path: L::PATH, node, aggregate: None, read });
    }

    /// A number about a relation.
    pub fn aggregate<M: Model, R: Relation<M> + 'q>(&mut self, field: &'static str, relation: R) {
        self.0.beside.push(Beside { name: field, ..relation.into_beside() });
    }

    /// All columns of the table.
    pub fn model<M: Model>(&mut self) {
        for column in M::DEF.columns {
            self.0.push_column(column.name);
        }
    }

    /// Says more about the relation of a field.
    pub fn narrow<P: Part<T>, T>(
        &mut self,
        field: &'static str,
        more: impl FnOnce(P::Query<'q>) -> P::Query<'q>,
    ) {
        self.0.narrow(field, |node| P::narrow(node, more));
    }
}

/// The query of a shape: its parts, of every row.
pub fn node_of<'q, S: Shape>() -> Node<'q> {
    let mut parts = Parts(Node::of_table(S::Of::DEF));
    S::parts(&mut parts);
    parts.0
}

/// The related rows of the next relation, as the field holds them.
///
/// # Errors
/// When a row does not read as the shape, or is missing where one is expected.
pub fn read_related<L: Link, T: Holds<L>>(row: &mut Reader<'_>) -> QueryResult<T> {
    T::read_by(row, T::Item::read)
}

/// The next number about a relation, which `relation` would make.
///
/// # Errors
/// When the number does not read as its Rust type.
pub fn read_aggregate<M: Model, R: Relation<M, Out: ReadAs<T>>, T>(
    _relation: impl FnOnce() -> R,
    row: &mut Reader<'_>,
) -> QueryResult<T> {
    R::read(row).map(ReadAs::into_field)
}

/// A number that a field of type `T` holds.
#[diagnostic::on_unimplemented(
    message = "this number about a relation is a `{Self}`, not a `{T}`",
    label = "make the field a `{Self}`"
)]
pub trait ReadAs<T> {
    /// The number.
    fn into_field(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> ReadAs<T> for T {
    fn into_field(self) -> T {
        self
    }
}

/// A statement, and how its rows are read one by one.
pub type RowsOf<S> = (Statement, fn(PgRow) -> QueryResult<S>);

/// The statement of a query on a shape of columns alone.
///
/// # Errors
/// When the query cannot be written as SQL.
pub fn rows_of<S: Shape>(node: Node<'_>) -> QueryResult<RowsOf<S>> {
    let (mut statements, _) = node.plan(None)?;
    // without relations there is one
    Ok((statements.remove(0), |row| S::read(&mut Reader::of_row(&row))))
}

/// The plan of a shape's query.
///
/// # Errors
/// When the query cannot be written as SQL.
pub fn plan<S: Shape>(node: Node<'_>) -> QueryResult<Plan<S>> {
    Plan::of(node, S::read)
}
