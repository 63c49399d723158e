//! A table as data: what `#[table]` says of it, for tools that read, compare and print.

/// One table, as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableDef {
    /// The schema, if the declaration names one; else the connection's `search_path` decides.
    pub schema: Option<&'static str>,
    /// The table's name.
    pub name: &'static str,
    /// The columns, in order of declaration.
    pub columns: &'static [ColumnDef],
    /// The names of the columns of the primary key, in order.
    pub primary_key: &'static [&'static str],
    /// The secondary indexes, in order of declaration.
    pub indexes: &'static [IndexDef],
}

/// One column, as declared.
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
}

/// One secondary index, as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexDef {
    /// The names of the indexed columns, in order.
    pub columns: &'static [&'static str],
    /// Whether the index refuses duplicates.
    pub unique: bool,
}

impl TableDef {
    /// The column of this name in the database.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static ColumnDef> {
        self.columns.iter().find(|column| column.name == name)
    }
}
