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
mod from_row;
mod identity;
mod migrations;
mod named;
mod naming;
mod raw;
mod relation;
mod repair;
mod schema;
mod shape;
mod sql;
mod types;

use proc_macro::TokenStream;

/// Declares an Aurora DSQL table from a struct.
///
/// ```
/// use chrono::{DateTime, NaiveDate, Utc};
/// use mizzle::prelude::*;
/// use uuid::Uuid;
///
/// #[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
/// pub enum Kind {
///     Cat,
///     Dog,
/// }
///
/// /// Somebody who brings pets.
/// #[table]
/// #[has_many(pets: Pet)]
/// pub struct Owner {
///     #[column(primary_key, default = gen_random_uuid())]
///     pub id: Uuid,
///     #[column(varchar(254), unique, check("email LIKE '%@%'"))]
///     pub email: String,
/// }
///
/// /// An animal, perhaps with an owner.
/// #[table]
/// #[index(owner_id, born.nulls_first())]
/// #[index(unique, sql("lower(name)"), where = "owner_id IS NULL", name = "one_stray_of_a_name")]
/// #[check("born <= registered", name = "born_first")]
/// pub struct Pet {
///     #[column(primary_key, default_with = mizzle::uuid_v7)]
///     pub id: Uuid,
///     #[column(varchar(30))]
///     pub name: String,
///     #[column(default = Kind::Cat)]
///     pub kind: Kind,
///     pub born: Option<NaiveDate>,
///     #[column(default = current_date)]
///     pub registered: NaiveDate,
///     #[column(generated = "upper(name)")]
///     pub label: String,
///     #[column(on_update = Utc::now)]
///     pub changed: Option<DateTime<Utc>>,
///     #[belongs_to(owner: Owner, foreign_key(on_delete = set_null))]
///     pub owner_id: Option<Uuid>,
/// }
/// # fn main() {
/// let new = NewPet::new("Rex").kind(Kind::Dog);
/// let patch = PetPatch { born: Some(None), ..Default::default() };
/// assert_eq!(Pet::DEF.foreign_keys[0].name, "pet_owner_id_fkey");
/// assert_eq!(PetConstraint::BornFirst.name(), "born_first");
/// # let _ = (new, patch);
/// # }
/// ```
///
/// # On the struct
///
/// | attribute | meaning |
/// |---|---|
/// | `#[table(name = "…")]` | the table's name; the struct's name in snake case if absent |
/// | `#[table(schema = "…")]` | the table's schema; the connection's `search_path` decides if absent |
/// | `#[table(renamed_from = "…")]` | the name it had, for migrations |
/// | `#[table(view)]`, `#[table(view = "SELECT …")]` | a view: rows are loaded, relations start from them, nothing is written; `primary_key` marks what tells its rows apart |
/// | `#[index(a, b)]` | an index on these fields |
/// | `#[index(unique, a, b)]` | one that refuses duplicates; `nulls_not_distinct`: two NULLs are duplicates |
/// | `#[index(a.nulls_first(), sql("lower(b)"))]` | where NULLs stand; an expression as a key. Aurora DSQL sorts ascending only, and reads both ways |
/// | `#[index(a, include(b), where = "…", name = "…")]` | columns stored beside the keys, the rows it is about, its name |
/// | `#[unique(a, b)]` | a unique constraint; `nulls_not_distinct`, `name = "…"` as above |
/// | `#[check("…", name = "…")]` | a condition that every row fulfils, as SQL |
/// | `#[foreign_key(a, b => Target(x, y), …)]` | a foreign key over several columns; `Target` alone: its primary key. Options as below |
/// | `#[has_many(pets: Pet)]` | `Owner::pets()`: the rows of `Pet` that belong to this row |
/// | `#[has_many(sent: Transfer, by = sender_id)]` | the same, naming the column where several would do |
/// | `#[has_one(passport: Passport)]` | `Owner::passport()`: the one row that belongs to this row, if there is one |
/// | `#[belongs_to(order: Order, by = (region, order_id))]` | the row whose key of several columns these fields hold; takes `foreign_key(…)` as a field's does |
/// | `#[many_to_many(specialties: Specialty, through = SpecialtyToVet)]` | the rows on the far side of a link table |
/// | `#[many_to_many(friends: Person, through = Friendship, from = a_id, to = b_id)]` | the same, naming the link's columns |
///
/// SQL in an attribute names columns as the database does; a name that is no column is refused. Doc comments become the comments of
/// the table and its columns. Names of constraints and indexes that are not given are those PostgreSQL would choose: `owner_pkey`,
/// `owner_email_key`, `pet_kind_check`, `pet_owner_id_fkey`, `pet_owner_id_idx`.
///
/// # On a field
///
/// | attribute | meaning |
/// |---|---|
/// | `#[column(primary_key)]` | part of the primary key; on several fields: a composite key |
/// | `#[column(name = "…")]` | the column's name; the field's name if absent |
/// | `#[column(renamed_from = "…")]` | the name it had, for migrations |
/// | `#[column(varchar(30))]`, `char(n)`, `text` | the type of text |
/// | `#[column(numeric(p, s))]` | precision and scale; `numeric(18,6)` if absent |
/// | `#[column(time(3))]`, `timestamp(n)`, `timestamptz(n)` | digits of a second; 6 if absent |
/// | `#[column(json)]`, `jsonb` | how a document is stored; `jsonb` if absent |
/// | `#[column(default = …)]` | a default that the database computes: a literal, a variant of a `DbEnum`, `gen_random_uuid()`, `now()`, `current_date` and their kin, `nextval("…")`, or any SQL as `sql("…")` |
/// | `#[column(default_with = …)]` | a default that the program computes: a function or closure, called once by `New…::new`. The value is in the row before it is inserted, and stays when a transaction runs again |
/// | `#[column(on_update = …)]` | a function or closure whose value every update sets, unless it sets another |
/// | `#[column(identity(cache = 1))]` | a bigint that the database counts up; `cache = 65536` for many writers, `always`, `start = …`, `increment = …` |
/// | `#[column(generated = "…")]` | computed by the database from other columns, and stored; in no insert and no patch |
/// | `#[column(unique)]`, `unique(nulls_not_distinct, name = "…")` | a unique constraint on this column |
/// | `#[column(check("…"))]`, `check("…", name = "…")` | a check |
/// | `#[belongs_to(owner: Owner)]` | `Pet::owner()`: the row of `Owner` whose primary key this column holds |
/// | `#[belongs_to(owner: Owner, foreign_key(on_delete = cascade))]` | the same, kept by the database: `on_delete` and `on_update` with `no_action`, `restrict`, `cascade`, `set_null` or `set_default`; `deferrable`, `initially_deferred`, `name = "…"` |
///
/// Which Rust type is which column: `mizzle::ColumnType`.
///
/// # What it emits
///
/// For `struct Owner`:
///
/// - the module `owner`: the Diesel table and its columns;
/// - `NewOwner`: what an insert needs. `new` takes the columns that are neither NULL nor filled by a default; the others have setters;
/// - `OwnerPatch`: what an update may set, everything but the key, all optional. `Owner::update(owner::email.eq("…"))` sets expressions;
/// - `OwnerConstraint`: its constraints by name, for `error.constraint_of::<Owner>()`;
/// - `Owner::query()`, `Owner::update(…)`, `Owner::delete()`, one function for each relation, and `Owner::DEF`, the declaration as data.
///
/// A view has neither `New…`, `…Patch`, `…Constraint`, nor `update` and `delete`, and Diesel's own `update` and `delete` do not take it;
/// its `insert_into` does, and of a view on one table PostgreSQL makes that an insert below. `Debug`, `Clone` and `PartialEq` are
/// derived unless the struct derives them itself, in a `#[derive(…)]` below `#[table]`.
///
/// Diesel's own `insert_into` and `update` have what `default_with` and `on_update` make when they are given a `New…` or a `…Patch`.
/// Of columns that are named one by one, `insert_into(owner::table).values(owner::email.eq("…"))` or
/// `update(owner::table).set(owner::email.eq("…"))`, they write those and no other: `Owner::update(owner::email.eq("…"))` adds the rest.
///
/// # Refused at compile time
///
/// Each in one sentence, at the word that is wrong, and no second error for the same mistake: a table without a primary key; a type
/// Aurora DSQL has no column for, an enum without `DbEnum` or a struct without `DbType` among them; `serial`;
/// an identity that is not `i64` or whose cache is neither 1 nor 65,536 and more; more than 255 columns, 8 key columns or 24 indexes;
/// a key or an index on bytea, json, interval, timetz or text wider than 2,000 bytes; SQL or an index that names no column;
/// `varchar` over 65,535 bytes, `char` over 4,096, precisions that numeric and times do not have; a default of another type, or one
/// that only grows on a key; a generated column with a default; two relations, constraints or columns of one name; names over 63
/// bytes, which PostgreSQL would cut; `set_null` on a column that is never NULL; an index on a view; a relation whose columns do not
/// hold the key that it leads to; a text as the default of a uuid or a time that is a call in quotes.
#[doc = include_str!("attributes.md")]
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

/// Makes a folder of migrations part of the program: `static MIGRATIONS: Migrations = migrations!("migrations");`.
///
/// The path is relative to the package's `Cargo.toml`. A changed file is compiled in anew; of a new folder cargo hears only from
/// a `build.rs` that says `println!("cargo::rerun-if-changed=migrations")`. What is in the files is checked when they are applied.
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    migrations::expand(input.into()).into()
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
/// ```
/// use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
///
/// #[derive(Shape)]
/// #[shape(of = Owner)]
/// struct OwnerCard {
///     #[shape(from = name)]
///     called: String,
///     #[shape(filter = pet::weight.gt(5), order_by = pet::name, limit = 3)]
///     pets: Vec<PetName>,
///     #[shape(count = pets)]
///     pet_count: i64,
///     #[shape(max = pets, column = pet::weight)]
///     heaviest: Option<i32>,
/// }
///
/// #[derive(Shape)]
/// #[shape(of = Pet)]
/// struct PetName {
///     name: String,
/// }
/// # fn main() {
/// let cards = OwnerCard::query().filter(owner::name.eq("John")).pets(|pets| pets.filter(pet::name.like("P%")));
/// # let _ = cards;
/// # }
/// ```
///
/// Refused, at the field: a name that the table does not have; a column that can be NULL in a plain field, or is of another type; a
/// relation to many rows in what is no `Vec`, to one that may be missing in what is no `Option`; a shape of another table.
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
/// more words is the name of a column or table, checked by the compiler and quoted; a value with such a path stands in
/// parentheses, `{(Kind::Cat)}`. `{{` and `}}` are braces. The rows are read
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

/// Makes an enum without fields a column type: text, its variants the values that a CHECK allows.
///
/// | attribute | meaning |
/// |---|---|
/// | `#[db_enum(varchar(20))]` on the enum | its type; `text` if absent |
/// | `#[db_enum(rename_all = "…")]` on the enum | `snake_case` (if absent), `kebab-case`, `SCREAMING_SNAKE_CASE`, `lowercase`, `UPPERCASE`, `PascalCase`, `camelCase` |
/// | `#[db_enum(rename = "…")]` on a variant | its value |
///
/// ```
/// use mizzle::prelude::*;
///
/// #[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
/// #[db_enum(rename_all = "kebab-case")]
/// enum Kind {
///     GuineaPig,
///     #[db_enum(rename = "dog")]
///     Hound,
/// }
/// assert_eq!(Kind::VALUES, ["guinea-pig", "dog"]);
/// ```
///
/// Refused: no variant, two of one value, a variant with fields, a value longer than the `varchar`; a column of the enum compared with
/// text, in which a misspelt value would find nothing. More: the trait `mizzle::DbEnum`.
#[proc_macro_derive(DbEnum, attributes(db_enum))]
pub fn db_enum(input: TokenStream) -> TokenStream {
    db_enum::expand(&syn::parse_macro_input!(input)).into()
}

/// Makes a struct of one field the column type that its field is: an id that is no other table's id, text that was checked.
///
/// `#[db_type(varchar(254))]` says the type as `#[column(…)]` does, for every column of it. The struct may be generic; beside its
/// value it may have `PhantomData`, which no column holds.
///
/// ```
/// use std::marker::PhantomData;
///
/// use mizzle::prelude::*;
/// use uuid::Uuid;
///
/// #[derive(Debug, Clone, Copy, PartialEq, DbType)]
/// struct OwnerId(Uuid);
///
/// #[derive(Debug, Clone, PartialEq, DbType)]
/// #[db_type(varchar(254))]
/// struct Email(String);
///
/// #[table]
/// struct Owner {
///     #[column(primary_key, default = gen_random_uuid())]
///     id: OwnerId,
///     email: Option<Email>,
/// }
///
/// /// One type for the keys of all tables, and for no two the same.
/// #[derive(Debug, Clone, PartialEq, DbType)]
/// struct Id<T>(Uuid, PhantomData<T>);
///
/// #[table]
/// struct Pet {
///     #[column(primary_key)]
///     id: Id<Pet>,
/// }
/// # fn main() {
/// assert_eq!(Pet::DEF.column("id").unwrap().sql_type, "uuid");
/// assert_eq!(Owner::DEF.column("email").unwrap().sql_type, "varchar(254)");
/// let john = Owner::query().filter(owner::email.eq(Email("john@example.com".into())));
/// # let _ = john;
/// # }
/// ```
///
/// Refused: an enum, more than one value, a value that is no column.
#[proc_macro_derive(DbType, attributes(db_type))]
pub fn db_type(input: TokenStream) -> TokenStream {
    db_type::expand(&syn::parse_macro_input!(input)).into()
}
