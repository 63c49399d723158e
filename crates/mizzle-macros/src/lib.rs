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
mod constraint;
mod db_enum;
mod db_type;
mod default;
mod expand;
mod identity;
mod named;
mod naming;
mod repair;
mod schema;
mod sql;
mod types;

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
/// | `#[many_to_many(specialties: Specialty, through = SpecialtyToVet)]` | the rows on the far side of a link table |
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

/// Makes an enum without fields a column type: text, its variants the values that a CHECK allows.
#[proc_macro_derive(DbEnum, attributes(db_enum))]
pub fn db_enum(input: TokenStream) -> TokenStream {
    db_enum::expand(&syn::parse_macro_input!(input)).into()
}

/// Makes a struct of one field the column type that its field is.
#[proc_macro_derive(DbType, attributes(db_type))]
pub fn db_type(input: TokenStream) -> TokenStream {
    db_type::expand(&syn::parse_macro_input!(input)).into()
}
