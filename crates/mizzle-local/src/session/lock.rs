//! The rows that a locking read locked, found by the marks it left.

use std::io;

use super::Session;
use super::perform::Weight;
use super::seat::Line;

impl Session {
    /// Has a locking statement leave marks of its own on the rows it locks.
    pub(super) async fn mark_locks(&self, line: &mut Line, weight: Weight) -> io::Result<bool> {
        match weight {
            Weight::Lock(_) => Ok(line.command("SAVEPOINT mizzle_locks", &[]).await?.is_ok()),
            _ => Ok(true),
        }
    }

    /// The rows with those marks.
    pub(super) async fn locked(&self, line: &mut Line, weight: Weight) -> io::Result<Vec<(u32, String)>> {
        let Weight::Lock(_) = weight else { return Ok(Vec::new()) };
        let statements: [(&str, &[&str]); 2] = [
            ("SELECT of_table, image FROM sys.local_locked()", &[]),
            ("RELEASE SAVEPOINT mizzle_locks", &[]),
        ];
        let rows = line.script(&statements).await?.unwrap_or_default();
        let read = |row: Vec<Option<String>>| {
            let mut cells = row.into_iter().flatten();
            Some((cells.next()?.parse().ok()?, of_bytea(&cells.next()?)?))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

/// Text that came past the client's encoding.
pub(super) fn of_bytea(text: &str) -> Option<String> {
    String::from_utf8(hex::decode(text.strip_prefix("\\x")?).ok()?).ok()
}
