//! What can be different between two snapshots: a closed list.

use std::fmt;

use crate::snapshot::{
    Check, Column, Domain, ForeignKey, Identity, Index, Name, PrimaryKey, Schema, Table, Unique, View,
};
use crate::sql::quoted;

/// One difference between two snapshots, as what has to happen to the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A schema is new.
    CreateSchema(Schema),
    /// A schema is gone.
    DropSchema(Schema),
    /// A domain is new.
    CreateDomain(Domain),
    /// A domain is gone.
    DropDomain(Domain),
    /// A domain is another one.
    ChangeDomain {
        /// As it was.
        from: Domain,
        /// As it will be.
        to: Domain,
    },
    /// A table is new.
    CreateTable(Table),
    /// A table is gone.
    DropTable(Table),
    /// A table has another name in its schema, as declared by `renamed_from`.
    RenameTable {
        /// The name it had.
        from: Name,
        /// The name it has.
        to: Name,
    },
    /// Something in a table is another one.
    AlterTable {
        /// The table, by its new name.
        table: Name,
        /// What is.
        change: TableChange,
    },
    /// A view is new.
    CreateView(View),
    /// A view is gone.
    DropView(View),
    /// A view shows another query.
    ChangeView {
        /// As it was.
        from: View,
        /// As it will be.
        to: View,
    },
    /// A view has another name, as declared by `renamed_from`.
    RenameView {
        /// The name it had.
        from: Name,
        /// The name it has.
        to: Name,
    },
    /// Something else is said of a thing.
    Comment {
        /// What it is said of.
        on: Commented,
        /// What is said; nothing any more if none.
        text: Option<String>,
    },
}

/// A difference inside of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableChange {
    /// A column has another name, as declared by `renamed_from`.
    RenameColumn {
        /// The name it had.
        from: String,
        /// The name it has.
        to: String,
    },
    /// A constraint is the same under another name.
    RenameConstraint {
        /// The name it had.
        from: String,
        /// The name it has.
        to: String,
    },
    /// An index is the same under another name.
    RenameIndex {
        /// The name it had.
        from: String,
        /// The name it has.
        to: String,
    },
    /// A column is new.
    AddColumn(Column),
    /// A column is gone.
    DropColumn(Column),
    /// A column has another type.
    ChangeType {
        /// The column as it was.
        from: Column,
        /// The column as it will be.
        to: Column,
    },
    /// A column no longer takes NULL.
    SetNotNull(Column),
    /// A column takes NULL from now on; the column as it was.
    DropNotNull(Column),
    /// A check that stands for NOT NULL was never validated.
    ValidateNotNull(Column),
    /// A column has another default, or has one now.
    SetDefault {
        /// The column.
        column: String,
        /// The default as SQL.
        to: String,
    },
    /// A column has no default any more.
    DropDefault {
        /// The column.
        column: String,
    },
    /// A column is counted up from now on; the column as it will be.
    AddIdentity(Column),
    /// A column is counted up in another way.
    ChangeIdentity {
        /// The column.
        column: String,
        /// The way it was.
        from: Identity,
        /// The way it will be.
        to: Identity,
    },
    /// A column is not counted up any more.
    DropIdentity {
        /// The column.
        column: String,
    },
    /// A column is computed from now on, or in another way; the column as it will be.
    ChangeGenerated(Column),
    /// A column is not computed any more and keeps its values.
    DropGenerated {
        /// The column.
        column: String,
    },
    /// The primary key is another one.
    ChangePrimaryKey {
        /// As it was.
        from: Option<PrimaryKey>,
        /// As it will be.
        to: Option<PrimaryKey>,
    },
    /// A unique constraint is new.
    AddUnique(Unique),
    /// A unique constraint is gone.
    DropUnique(Unique),
    /// A unique constraint is another one of the same name.
    ChangeUnique {
        /// As it was.
        from: Unique,
        /// As it will be.
        to: Unique,
    },
    /// A check is new.
    AddCheck(Check),
    /// A check is gone.
    DropCheck(Check),
    /// A check is another one of the same name.
    ChangeCheck {
        /// As it was.
        from: Check,
        /// As it will be.
        to: Check,
    },
    /// A check was never validated.
    ValidateCheck(Check),
    /// A foreign key is new.
    AddForeignKey(ForeignKey),
    /// A foreign key is gone.
    DropForeignKey(ForeignKey),
    /// A foreign key is another one of the same name.
    ChangeForeignKey {
        /// As it was.
        from: ForeignKey,
        /// As it will be.
        to: ForeignKey,
    },
    /// A foreign key was never validated.
    ValidateForeignKey(ForeignKey),
    /// An index is new.
    CreateIndex(Index),
    /// An index is gone.
    DropIndex(Index),
    /// An index is another one of the same name.
    ChangeIndex {
        /// As it was.
        from: Index,
        /// As it will be.
        to: Index,
    },
    /// An index was never built to its end.
    RebuildIndex(Index),
}

/// What a comment is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commented {
    /// A schema.
    Schema(String),
    /// A table.
    Table(Name),
    /// A column of a table.
    Column(Name, String),
    /// A view.
    View(Name),
}

impl Commented {
    /// The kind of thing and its name, as `COMMENT ON` takes them.
    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Schema(name) => ("SCHEMA", quoted(name)),
            Self::Table(name) => ("TABLE", name.to_string()),
            Self::Column(table, column) => ("COLUMN", format!("{table}.{}", quoted(column))),
            Self::View(name) => ("VIEW", name.to_string()),
        }
    }
}

impl fmt::Display for Commented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = self.parts();
        write!(f, "{kind} {name}")
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateSchema(schema) => write!(f, "create schema {}", quoted(&schema.name)),
            Self::DropSchema(schema) => write!(f, "drop schema {}", quoted(&schema.name)),
            Self::CreateDomain(domain) => write!(f, "create domain {}", domain.name),
            Self::DropDomain(domain) => write!(f, "drop domain {}", domain.name),
            Self::ChangeDomain { to, .. } => write!(f, "change domain {}", to.name),
            Self::CreateTable(table) => write!(f, "create table {}", table.name),
            Self::DropTable(table) => write!(f, "drop table {}", table.name),
            Self::RenameTable { from, to } => write!(f, "rename table {from} to {to}"),
            Self::AlterTable { table, change } => write!(f, "{table}: {change}"),
            Self::CreateView(view) => write!(f, "create view {}", view.name),
            Self::DropView(view) => write!(f, "drop view {}", view.name),
            Self::ChangeView { to, .. } => write!(f, "change view {}", to.name),
            Self::RenameView { from, to } => write!(f, "rename view {from} to {to}"),
            Self::Comment { on, text } => {
                let verb = if text.is_some() { "comment on" } else { "drop comment on" };
                let (kind, name) = on.parts();
                write!(f, "{verb} {} {name}", kind.to_lowercase())
            }
        }
    }
}

impl fmt::Display for TableChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenameColumn { from, to } => write!(f, "rename column {} to {}", quoted(from), quoted(to)),
            Self::RenameConstraint { from, to } => {
                write!(f, "rename constraint {} to {}", quoted(from), quoted(to))
            }
            Self::RenameIndex { from, to } => write!(f, "rename index {} to {}", quoted(from), quoted(to)),
            Self::AddColumn(column) => write!(f, "add column {}", quoted(&column.name)),
            Self::DropColumn(column) => write!(f, "drop column {}", quoted(&column.name)),
            Self::ChangeType { from, to } => {
                write!(f, "change type of {} from {} to {}", quoted(&to.name), from.sql_type, to.sql_type)
            }
            Self::SetNotNull(column) => write!(f, "set not null on {}", quoted(&column.name)),
            Self::DropNotNull(column) => write!(f, "drop not null on {}", quoted(&column.name)),
            Self::ValidateNotNull(column) => write!(f, "validate not null on {}", quoted(&column.name)),
            Self::SetDefault { column, to } => write!(f, "set default of {} to {to}", quoted(column)),
            Self::DropDefault { column } => write!(f, "drop default of {}", quoted(column)),
            Self::AddIdentity(column) => write!(f, "add identity to {}", quoted(&column.name)),
            Self::ChangeIdentity { column, .. } => write!(f, "change identity of {}", quoted(column)),
            Self::DropIdentity { column } => write!(f, "drop identity of {}", quoted(column)),
            Self::ChangeGenerated(column) => write!(f, "compute {} anew", quoted(&column.name)),
            Self::DropGenerated { column } => write!(f, "stop computing {}", quoted(column)),
            Self::ChangePrimaryKey { .. } => f.write_str("change primary key"),
            Self::AddUnique(unique) => write!(f, "add unique {}", quoted(&unique.name)),
            Self::DropUnique(unique) => write!(f, "drop unique {}", quoted(&unique.name)),
            Self::ChangeUnique { to, .. } => write!(f, "change unique {}", quoted(&to.name)),
            Self::AddCheck(check) => write!(f, "add check {}", quoted(&check.name)),
            Self::DropCheck(check) => write!(f, "drop check {}", quoted(&check.name)),
            Self::ChangeCheck { to, .. } => write!(f, "change check {}", quoted(&to.name)),
            Self::ValidateCheck(check) => write!(f, "validate check {}", quoted(&check.name)),
            Self::AddForeignKey(key) => write!(f, "add foreign key {}", quoted(&key.name)),
            Self::DropForeignKey(key) => write!(f, "drop foreign key {}", quoted(&key.name)),
            Self::ChangeForeignKey { to, .. } => write!(f, "change foreign key {}", quoted(&to.name)),
            Self::ValidateForeignKey(key) => write!(f, "validate foreign key {}", quoted(&key.name)),
            Self::CreateIndex(index) => write!(f, "create index {}", quoted(&index.name)),
            Self::DropIndex(index) => write!(f, "drop index {}", quoted(&index.name)),
            Self::ChangeIndex { to, .. } => write!(f, "change index {}", quoted(&to.name)),
            Self::RebuildIndex(index) => write!(f, "rebuild index {}", quoted(&index.name)),
        }
    }
}
