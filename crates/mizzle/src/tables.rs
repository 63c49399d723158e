//! `tables!`: the declarations of several structs in one list, for tools that read them.

/// The declarations of tables and views: `tables![Owner, Pet]` is a `&[&TableDef]`.
///
/// Where one module lists its tables with [`schema!`](crate::schema), its `TABLES` is the same.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String }
/// # fn main() {
/// let names: Vec<&str> = mizzle::tables![Owner, Pet].iter().map(|table| table.name).collect();
/// assert_eq!(names, ["owner", "pet"]);
/// # }
/// ```
#[macro_export]
macro_rules! tables {
    ($($table:ty),* $(,)?) => {{
        const TABLES: &[&$crate::TableDef] = &[$(<$table as $crate::Model>::DEF),*];
        TABLES
    }};
}
