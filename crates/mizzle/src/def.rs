//! A table as data: what `#[table]` says of it, for tools that read, compare and print.
//!
//! Everything is `const`, closed and comparable; names that the declaration leaves out are those PostgreSQL would choose, so that
//! two tools that read the same struct agree. Nothing here renders SQL.

/// One table or view, as declared.
///
/// ```
/// # use mizzle::prelude::*;
/// # use uuid::Uuid;
/// /// Somebody who brings pets.
/// #[table]
/// #[index(city)]
/// struct Owner {
///     #[column(primary_key, default = gen_random_uuid())]
///     id: Uuid,
///     #[column(varchar(80))]
///     city: String,
/// }
/// # fn main() {
/// let owner = Owner::DEF;
/// assert_eq!((owner.name, owner.primary_key_name), ("owner", "owner_pkey"));
/// assert_eq!(owner.comment, Some("Somebody who brings pets."));
/// assert_eq!(owner.column("city").unwrap().sql_type, "varchar(80)");
/// assert_eq!(owner.indexes[0].name, "owner_city_idx");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableDef {
    /// The schema, if the declaration names one; else the connection's `search_path` decides.
    pub schema: Option<&'static str>,
    /// The table's name.
    pub name: &'static str,
    /// Whether it is a table, or a view on others.
    pub kind: TableKind,
    /// The columns, in order of declaration.
    pub columns: &'static [ColumnDef],
    /// The names of the columns of the primary key, in order; of a view: what tells its rows apart.
    pub primary_key: &'static [&'static str],
    /// The name of the primary key's constraint; empty for a view.
    pub primary_key_name: &'static str,
    /// The unique constraints; unique indexes are among the indexes.
    pub uniques: &'static [UniqueDef],
    /// The checks that are written down; those of enums are in [`ColumnDef::values`].
    pub checks: &'static [CheckDef],
    /// The foreign keys. A `belongs_to` without `foreign_key` is known to queries alone, and stands in
    /// [`relations`](TableDef::relations).
    pub foreign_keys: &'static [ForeignKeyDef],
    /// Every `belongs_to`, those that the database keeps among them.
    pub relations: &'static [RelationDef],
    /// The secondary indexes, in order of declaration.
    pub indexes: &'static [IndexDef],
    /// The struct's doc comment.
    pub comment: Option<&'static str>,
    /// The name that the table had, for a tool that would else drop one table and make another.
    pub renamed_from: Option<&'static str>,
}

impl TableDef {
    /// A table of which nothing is said but what every declaration says: for `..TableDef::PLAIN`.
    #[doc(hidden)]
    pub const PLAIN: Self = Self {
        schema: None,
        name: "",
        kind: TableKind::Table,
        columns: &[],
        primary_key: &[],
        primary_key_name: "",
        uniques: &[],
        checks: &[],
        foreign_keys: &[],
        relations: &[],
        indexes: &[],
        comment: None,
        renamed_from: None,
    };
}

/// What stands behind a struct.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// use mizzle::TableKind;
///
/// assert_eq!(Owner::DEF.kind, TableKind::Table);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// A table.
    Table,
    /// A view: read, never written.
    View {
        /// The SELECT it shows, if the declaration says it.
        query: Option<&'static str>,
    },
}

/// One column, as declared.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// let name = Owner::DEF.column("name").unwrap();
/// assert_eq!((name.field, name.sql_type, name.nullable), ("name", "text", false));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnDef {
    /// The column's name in the database.
    pub name: &'static str,
    /// The struct's field.
    pub field: &'static str,
    /// The type as SQL writes it, with length, or precision and scale.
    pub sql_type: &'static str,
    /// Whether the column takes NULL.
    pub nullable: bool,
    /// The default as SQL text.
    pub default: Option<&'static str>,
    /// The values of an enum, and the check that keeps others out.
    pub values: Option<ValuesDef>,
    /// How the database counts the column up.
    pub identity: Option<IdentityDef>,
    /// The expression that the column is computed by, and stored.
    pub generated: Option<&'static str>,
    /// The field's doc comment.
    pub comment: Option<&'static str>,
    /// The name that the column had.
    pub renamed_from: Option<&'static str>,
}

impl ColumnDef {
    /// A column of which nothing is said but what every declaration says: for `..ColumnDef::PLAIN`.
    #[doc(hidden)]
    pub const PLAIN: Self = Self {
        name: "",
        field: "",
        sql_type: "",
        nullable: false,
        default: None,
        values: None,
        identity: None,
        generated: None,
        comment: None,
        renamed_from: None,
    };
}

/// The check of an enum's column: `CHECK ("kind" IN ('cat', 'dog'))`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[derive(Debug, Clone, Copy, PartialEq, DbEnum)] enum Kind { Cat, Dog }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, kind: Kind }
/// # fn main() {
/// let kind = Pet::DEF.column("kind").unwrap().values.unwrap();
/// assert_eq!((kind.name, kind.values), ("pet_kind_check", &["cat", "dog"][..]));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValuesDef {
    /// The constraint's name.
    pub name: &'static str,
    /// The values, in the order of the variants.
    pub values: &'static [&'static str],
}

/// `GENERATED … AS IDENTITY (…)`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Bill { #[column(primary_key, identity(cache = 65536))] id: i64 }
/// # fn main() {
/// let identity = Bill::DEF.column("id").unwrap().identity.unwrap();
/// assert_eq!((identity.cache, identity.always), (65_536, false));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentityDef {
    /// Whether the database refuses a number that an insert gives: ALWAYS, else BY DEFAULT.
    pub always: bool,
    /// How many numbers a session takes at once: 1, or 65,536 and more.
    pub cache: i64,
    /// The first number.
    pub start: Option<i64>,
    /// The step from one number to the next.
    pub increment: Option<i64>,
}

/// A unique constraint.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct User { #[column(primary_key)] id: i64, #[column(unique)] email: String }
/// # fn main() {
/// let unique = User::DEF.uniques[0];
/// assert_eq!((unique.name, unique.columns), ("user_email_key", &["email"][..]));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UniqueDef {
    /// The constraint's name, and its index's.
    pub name: &'static str,
    /// The names of the columns, in order.
    pub columns: &'static [&'static str],
    /// Whether two NULLs are the same.
    pub nulls_not_distinct: bool,
}

/// A check.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[column(check("weight > 0"))] weight: i32 }
/// # fn main() {
/// let check = Pet::DEF.checks[0];
/// assert_eq!((check.name, check.sql), ("pet_weight_check", "weight > 0"));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CheckDef {
    /// The constraint's name.
    pub name: &'static str,
    /// The condition as SQL text.
    pub sql: &'static str,
}

/// A foreign key.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner, foreign_key())] owner_id: i64 }
/// # fn main() {
/// let key = Pet::DEF.foreign_keys[0];
/// assert_eq!((key.name, key.table, key.references), ("pet_owner_id_fkey", "owner", &["id"][..]));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForeignKeyDef {
    /// The constraint's name.
    pub name: &'static str,
    /// The names of the columns that refer, in order.
    pub columns: &'static [&'static str],
    /// The schema of the table referred to, as its declaration names it.
    pub schema: Option<&'static str>,
    /// The table referred to.
    pub table: &'static str,
    /// The names of the columns referred to, in the order of `columns`.
    pub references: &'static [&'static str],
    /// What the delete of a row referred to does.
    pub on_delete: Action,
    /// What a change of a key referred to does.
    pub on_update: Action,
    /// Whether a transaction can put the check off.
    pub deferrable: Deferrable,
}

/// A `belongs_to`: which columns hold the key of which table, whether or not the database keeps it so.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {
/// let owner = Pet::DEF.relations[0];
/// assert_eq!((owner.name, owner.columns, owner.table), ("owner", &["owner_id"][..], "owner"));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RelationDef {
    /// The relation's name.
    pub name: &'static str,
    /// The names of the columns that hold the key, in order.
    pub columns: &'static [&'static str],
    /// The schema of the other table, as its declaration names it.
    pub schema: Option<&'static str>,
    /// The other table.
    pub table: &'static str,
    /// The names of the columns of its primary key, in the order of `columns`.
    pub references: &'static [&'static str],
}

/// What happens to a row when the row it refers to goes.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner, foreign_key(on_delete = cascade))] owner_id: i64 }
/// # fn main() {
/// use mizzle::Action;
///
/// assert_eq!(Pet::DEF.foreign_keys[0].on_delete, Action::Cascade);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The change is refused, at the end of the statement or, if deferred, of the transaction.
    NoAction,
    /// The change is refused at once.
    Restrict,
    /// The row goes, or changes, too. Rows changed this way count to the 3,000 of a transaction.
    Cascade,
    /// The columns become NULL.
    SetNull,
    /// The columns take their defaults.
    SetDefault,
}

/// When a foreign key is checked.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner, foreign_key(initially_deferred))] owner_id: i64 }
/// # fn main() {
/// use mizzle::Deferrable;
///
/// assert_eq!(Pet::DEF.foreign_keys[0].deferrable, Deferrable::InitiallyDeferred);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deferrable {
    /// With each statement.
    No,
    /// With each statement, until a transaction says `SET CONSTRAINTS … DEFERRED`.
    InitiallyImmediate,
    /// At COMMIT.
    InitiallyDeferred,
}

/// One secondary index, as declared.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[index(name, include(weight))] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32 }
/// # fn main() {
/// let index = Pet::DEF.indexes[0];
/// assert_eq!((index.name, index.unique, index.include), ("pet_name_weight_idx", false, &["weight"][..]));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexDef {
    /// The index's name.
    pub name: &'static str,
    /// What it is sorted by, in order.
    pub keys: &'static [IndexKey],
    /// Whether the index refuses duplicates.
    pub unique: bool,
    /// The names of the columns that are stored in the index beside its keys.
    pub include: &'static [&'static str],
    /// The condition, as SQL text, of the rows that are in the index.
    pub condition: Option<&'static str>,
    /// Whether two NULLs are the same to a unique index.
    pub nulls_not_distinct: bool,
}

/// One key of an index.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[index(born.nulls_first())] struct Pet { #[column(primary_key)] id: i64, born: Option<chrono::NaiveDate> }
/// # fn main() {
/// use mizzle::{IndexKey, IndexValue, Nulls};
///
/// let key = IndexKey { value: IndexValue::Column("born"), nulls: Some(Nulls::First) };
/// assert_eq!(Pet::DEF.indexes[0].keys, [key]);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexKey {
    /// The column or expression.
    pub value: IndexValue,
    /// Where NULLs stand; last if nothing is said.
    pub nulls: Option<Nulls>,
}

/// What an index sorts by.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[index(sql("lower(name)"))] struct Pet { #[column(primary_key)] id: i64, name: String }
/// # fn main() {
/// use mizzle::IndexValue;
///
/// assert_eq!(Pet::DEF.indexes[0].keys[0].value, IndexValue::Expression("lower(name)"));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexValue {
    /// A column, by its name.
    Column(&'static str),
    /// An expression as SQL text.
    Expression(&'static str),
}

/// Where NULLs stand in an index.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[index(born.nulls_last())] struct Pet { #[column(primary_key)] id: i64, born: Option<chrono::NaiveDate> }
/// # fn main() {
/// use mizzle::Nulls;
///
/// assert_eq!(Pet::DEF.indexes[0].keys[0].nulls, Some(Nulls::Last));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before every value.
    First,
    /// Behind every value.
    Last,
}

impl TableDef {
    /// The column of this name in the database.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let city = Owner::DEF.column("city").unwrap();
    /// assert_eq!(city.sql_type, "text");
    /// assert_eq!(Owner::DEF.column("country"), None);
    /// # }
    /// ```
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static ColumnDef> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl ValuesDef {
    /// The check of a type with these values; none for a type that takes any.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # fn main() {
    /// use mizzle::ValuesDef;
    ///
    /// assert_eq!(ValuesDef::of("kind_check", &["cat", "dog"]).unwrap().values.len(), 2);
    /// assert_eq!(ValuesDef::of("kind_check", &[]), None);
    /// # }
    /// ```
    #[must_use]
    pub const fn of(name: &'static str, values: &'static [&'static str]) -> Option<Self> {
        if values.is_empty() { None } else { Some(Self { name, values }) }
    }
}
