//! The macros of Mizzle: `#[table]` turns one struct into one checked Aurora DSQL table, `schema!` lists them.
//!
//! Use them through the `mizzle` crate, which re-exports both; the expansions name only `::mizzle::__private`.
//!
//! ```text
//! struct ─ast→ TableInput ─attr→ options ─check→ mistakes, all of them ─expand→ Diesel table, rows, relations
//! ```

mod ast;
mod attr;
mod check;
mod expand;
mod from_row;
mod raw;
mod relation;
mod repair;
mod schema;
mod shape;

use proc_macro::TokenStream;

/// Declares an Aurora DSQL table from a struct.
///
/// # On the struct
///
/// | attribute | meaning |
/// |---|---|
/// | `#[table(name = "…")]` | the table's name; the struct's name in snake case if absent |
/// | `#[table(schema = "…")]` | the table's schema; the connection's `search_path` decides if absent |
/// | `#[index(a, b)]`, `#[index(unique, a)]` | a secondary index on these columns |
/// | `#[has_many(pets: Pet)]` | `Owner::pets()`: the rows of `Pet` that belong to this row |
/// | `#[has_many(sent: Transfer, by = sender_id)]` | the same, naming the column where several would do |
/// | `#[has_one(passport: Passport)]` | `Owner::passport()`: the one row that belongs to this row, if there is one |
/// | `#[belongs_to(order: Order, by = (region, order_id))]` | the row whose key of several columns these fields hold |
/// | `#[many_to_many(specialties: Specialty, through = SpecialtyToVet)]` | the rows on the far side of a link table |
/// | `#[many_to_many(friends: Person, through = Friendship, from = a_id, to = b_id)]` | the same, naming the link's columns |
///
/// # On a field
///
/// | attribute | meaning |
/// |---|---|
/// | `#[column(primary_key)]` | part of the primary key; on several fields: a composite key |
/// | `#[column(default = gen_random_uuid())]` | a default that the database computes: a function, a literal or `sql("…")` |
/// | `#[column(name = "…")]` | the column's name; the field's name if absent |
/// | `#[column(varchar(30))]`, `char(n)`, `numeric(p, s)`, `text` | the column's type where the Rust type alone does not say it |
/// | `#[belongs_to(owner: Owner)]` | `Pet::owner()`: the row of `Owner` whose primary key this column holds |
///
/// # What it emits
///
/// For `struct Owner`: the module `owner` (the Diesel table and its columns), `NewOwner` (what an insert needs: columns with a
/// default and nullable ones are `Option`), `OwnerPatch` (what an update may set: everything but the key, all optional),
/// `Owner::query()`, `Owner::update(…)`, `Owner::delete()` and one function for each relation. `Debug`, `Clone` and
/// `PartialEq` are derived unless the struct derives them itself.
///
/// # Refused at compile time
///
/// A table without a primary key, a type Aurora DSQL has no column for, `serial`, more than 255 columns or 8 key columns,
/// a key of a type that cannot be one, an index on an unknown column, `varchar` over 65,535 bytes, two relations of one name.
#[proc_macro_attribute]
pub fn table(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::table(arguments.into(), &item.into()).into()
}

/// Lists the tables of a schema once: `schema! { Owner, Pet, Vet }`.
///
/// Emits `pub static TABLES: &[&TableDef]`, and lets any two of the tables appear in one Diesel query, which joins need.
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    schema::expand(input.into()).into()
}

/// Reads columns and relations of a table into a struct, by its fields.
///
/// A field is a column of the table, read as a type that its SQL type allows, or a relation: `Vec<S>`, `Option<S>`, `S` or
/// `Box<S>`, where `S` is again a shape, or a table's own struct. Only what is named is selected.
///
/// | attribute of a field | meaning |
/// |---|---|
/// | `#[shape(from = name)]` | the column or relation, if the field has another name |
/// | `#[shape(filter = …)]`, `order_by = …`, `limit = …`, `offset = …` | which related rows, in which order |
/// | `#[shape(count = pets)]` | how many related rows there are, as `i64` |
/// | `#[shape(sum = pets, column = pet::weight)]`, `avg`, `min`, `max` | a number about them, as `Option` |
///
/// Emits `OwnerCard::query()` and `OwnerCardQuery`, which has `filter`, `order_by`, `limit`, `offset`, and a method for each
/// relation that says more about it: `.pets(|pets| pets.filter(…))`.
#[proc_macro_derive(Shape, attributes(shape))]
pub fn shape(input: TokenStream) -> TokenStream {
    shape::expand(&input.into()).into()
}

/// SQL written by hand, for what no builder says: `sql!("SELECT {owner::name} FROM {owner::table} WHERE city = {city}")`.
///
/// `{value}` is a parameter, whatever the expression: never text in the SQL. `{owner::name}`, `{owner::table}`: a path of two or
/// more words is the name of a column or table, checked by the compiler and quoted. `{{` and `}}` are braces. The rows are read
/// as tuples or structs and their columns' types are compared.
#[proc_macro]
pub fn sql(input: TokenStream) -> TokenStream {
    raw::expand(input.into()).into()
}

/// Reads a struct from a row of `sql!`, each field from the column of its name, or of `#[row(name = "…")]`.
#[proc_macro_derive(FromRow, attributes(row))]
pub fn from_row(input: TokenStream) -> TokenStream {
    from_row::expand(input.into()).into()
}
