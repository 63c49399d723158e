//! A schema at a moment, from structs, from a database or from a file: plain values that can be compared and stored.
//!
//! ```text
//! #[table] structs ─Snapshot::declared─┐
//! a live database  ─introspect─────────┼▶ Snapshot ─diff→ Change ─plan→ Step
//! snapshot.json    ─Snapshot::from_json┘
//! ```
//!
//! Two snapshots of one schema are equal whatever they came from: types have one name each, defaults of a sequence are
//! written out, a check of an enum is a check. The order of columns is kept, for whoever makes the table, and does not
//! count in a comparison, since a column that is added later stands at the end.

mod declared;
mod file;
mod scope;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sql::quoted;

/// The schema in which a declaration stands that names none.
pub const PUBLIC: &str = "public";

/// Everything that a database's schemas hold, sorted by name: one that is made by hand is brought in order by
/// [`normalise`](Snapshot::normalise) before it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The schemas but for `public`, which is always there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<Schema>,
    /// The domains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<Domain>,
    /// The tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// The views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
}

/// The name of a table, view or domain, with its schema. `Display` writes it as SQL, `public` left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name {
    /// The schema.
    pub schema: String,
    /// The name in it.
    pub name: String,
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A domain: a type with a default and checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// The type under it.
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// The default as SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The checks, which say `VALUE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// The name that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The primary key; only a table that no struct declares has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<PrimaryKey>,
    /// The unique constraints, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Unique>,
    /// The checks, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The foreign keys, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// The secondary indexes, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The name that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// The type as SQL writes it, in its short name.
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// The check that keeps NULL out of a column that was made to take it: DSQL has no `SET NOT NULL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_null: Option<NotNull>,
    /// The default as SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// How the database counts it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The expression it is computed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A check that stands for NOT NULL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotNull {
    /// The constraint's name.
    pub name: String,
    /// Whether every row is known to fulfil it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub valid: bool,
}

/// `GENERATED … AS IDENTITY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// ALWAYS, else BY DEFAULT.
    pub always: bool,
    /// How many numbers a session takes at once.
    pub cache: i64,
    /// The first number.
    pub start: i64,
    /// The step to the next.
    pub increment: i64,
}

/// The primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryKey {
    /// The constraint's name.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<String>,
}

/// A unique constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unique {
    /// The constraint's name, and its index's.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<String>,
    /// Columns that its index stores besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Whether two NULLs are the same.
    #[serde(default, skip_serializing_if = "is_no")]
    pub nulls_not_distinct: bool,
}

/// A check, those of enums among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The constraint's name.
    pub name: String,
    /// The condition as SQL.
    pub sql: String,
    /// Whether every row is known to fulfil it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub valid: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The columns that refer, in order.
    pub columns: Vec<String>,
    /// The table referred to.
    pub table: Name,
    /// The columns referred to, in the order of `columns`.
    pub references: Vec<String>,
    /// What the delete of a row referred to does.
    pub on_delete: Action,
    /// What a change of a key referred to does.
    pub on_update: Action,
    /// Whether a transaction can put the check off.
    pub deferrable: Deferrable,
    /// Whether every row is known to fulfil it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub valid: bool,
}

/// What happens to a row when the row it refers to goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// `NO ACTION`.
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}

/// When a foreign key is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deferrable {
    /// With each statement.
    No,
    /// With each statement, until a transaction puts it off.
    InitiallyImmediate,
    /// At COMMIT.
    InitiallyDeferred,
}

/// A secondary index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// What it is sorted by, in order.
    pub keys: Vec<Key>,
    /// Whether it refuses duplicates.
    #[serde(default, skip_serializing_if = "is_no")]
    pub unique: bool,
    /// Columns stored beside the keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The condition, as SQL, of the rows in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether two NULLs are the same.
    #[serde(default, skip_serializing_if = "is_no")]
    pub nulls_not_distinct: bool,
    /// Whether it was built to its end: an invalid one is used by no query, and refuses duplicates all the same.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub valid: bool,
}

/// One key of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Key {
    /// What it is.
    #[serde(flatten)]
    pub value: KeyValue,
    /// Whether NULLs stand before every value; behind if not.
    #[serde(default, skip_serializing_if = "is_no")]
    pub nulls_first: bool,
}

/// What an index sorts by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyValue {
    /// A column.
    Column(String),
    /// An expression as SQL.
    Expression(String),
}

/// A view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// The name that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// The SELECT that it shows.
    pub query: String,
    /// Its columns, in order; none where a declaration leaves them to the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ViewColumn>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A column of a view, as its query makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: String,
}

impl Snapshot {
    /// The table of this name.
    pub fn table(&self, name: &Name) -> Option<&Table> {
        let at = self.tables.binary_search_by(|table| table.name.cmp(name)).ok()?;
        Some(&self.tables[at])
    }

    /// The view of this name.
    pub fn view(&self, name: &Name) -> Option<&View> {
        let at = self.views.binary_search_by(|view| view.name.cmp(name)).ok()?;
        Some(&self.views[at])
    }

    /// Brings everything in order: sorted lists, one name for each type, checks that stand for NOT NULL found.
    pub fn normalise(&mut self) {
        self.schemas.sort_by(|a, b| a.name.cmp(&b.name));
        self.domains.sort_by(|a, b| a.name.cmp(&b.name));
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        self.views.sort_by(|a, b| a.name.cmp(&b.name));
        for domain in &mut self.domains {
            domain.sql_type = crate::sql::type_name(&domain.sql_type);
            domain.checks.sort_by(|a, b| a.name.cmp(&b.name));
        }
        for column in self.views.iter_mut().flat_map(|view| &mut view.columns) {
            column.sql_type = crate::sql::type_name(&column.sql_type);
        }
        self.tables.iter_mut().for_each(Table::normalise);
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether the column is part of the primary key.
    pub fn is_key(&self, column: &str) -> bool {
        self.primary_key.as_ref().is_some_and(|key| key.columns.iter().any(|name| name == column))
    }

    fn normalise(&mut self) {
        for column in &mut self.columns {
            column.sql_type = crate::sql::type_name(&column.sql_type);
        }
        self.uniques.sort_by(|a, b| a.name.cmp(&b.name));
        self.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
        self.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        let checks = std::mem::take(&mut self.checks);
        for check in checks {
            match self.columns.iter_mut().find(|column| stands_for_not_null(column, &check)) {
                Some(column) => {
                    column.nullable = false;
                    column.not_null = Some(NotNull { name: check.name, valid: check.valid });
                }
                None => self.checks.push(check),
            }
        }
        self.checks.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Whether a check is the one that a plan makes where DSQL cannot set NOT NULL.
fn stands_for_not_null(column: &Column, check: &Check) -> bool {
    column.nullable
        && check.name.ends_with("_not_null")
        && crate::sql::same(&check.sql, &format!("{} IS NOT NULL", quoted(&column.name)))
}

impl Name {
    /// A name in a schema.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema != PUBLIC {
            write!(f, "{}.", quoted(&self.schema))?;
        }
        f.write_str(&quoted(&self.name))
    }
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands out references
fn is_yes(flag: &bool) -> bool {
    *flag
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_no(flag: &bool) -> bool {
    !*flag
}
