//! A folder of migrations that is part of the program.

/// Migrations as [`migrations!`](crate::migrations) found them when the program was compiled: names and texts.
///
/// `mizzle-kit` applies them: `db.migrate(&MIGRATIONS)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrations {
    files: &'static [(&'static str, &'static str)],
}

impl Migrations {
    #[doc(hidden)]
    pub const fn embedded(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files }
    }

    /// The name of each migration, such as `0000_init`, and the text of its file.
    pub const fn files(&self) -> &'static [(&'static str, &'static str)] {
        self.files
    }
}
