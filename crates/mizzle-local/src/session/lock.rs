//! The rows that a statement locked: told by columns of ours, or found by the marks it left.

use std::io;

use bytes::{Bytes, BytesMut};

use super::Session;
use super::seat::Line;
use crate::statement::{Kind, Statement};
use crate::txn::{Catalog, Modes};
use crate::wire::Reader;

/// How the rows that a statement locks become known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Locks {
    /// Its answer tells of all of them, if there are any.
    #[default]
    Told,
    /// A savepoint has them marked; the locked tables are read from end to end for the marks.
    Marked(Modes),
}

/// A row that was locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Locked {
    pub(super) table: u32,
    pub(super) image: String,
    pub(super) modes: Modes,
}

impl Locks {
    pub(super) fn of(statement: &Statement, catalog: &Catalog) -> Locks {
        let modes = match statement.kind {
            Kind::LockKey => Modes::KEY_SHARE,
            _ => Modes::UPDATE,
        };
        let runs = matches!(statement.kind, Kind::Write | Kind::Lock | Kind::LockKey);
        let tables =
            || statement.told.iter().all(|told| catalog.is_table(told.schema.as_deref(), &told.table));
        let told = !statement.told.is_empty() && tables();
        match catalog.hides_lock(&statement.sql) {
            Some(hidden) => Locks::Marked(if runs && statement.locks { modes | hidden } else { hidden }),
            None if runs && statement.locks && !told => Locks::Marked(modes),
            None => Locks::Told,
        }
    }
}

impl Session {
    /// A client's text, with columns of ours where they may be read.
    pub(super) fn read(&self, text: &str) -> Vec<Statement> {
        let partly = self.cluster.adjudicator.log.lock().catalog().is_partly_readable();
        Statement::read_as(text, !partly)
    }

    /// Has a statement leave marks of its own on the rows it locks, if that is how they become known.
    pub(super) async fn mark_locks(&self, line: &mut Line) -> io::Result<bool> {
        match self.locks {
            Locks::Told => Ok(true),
            Locks::Marked(_) => Ok(line.command("SAVEPOINT mizzle_locks", &[]).await?.is_ok()),
        }
    }

    /// The rows that the statement just run has locked.
    pub(super) async fn locked(&mut self, line: &mut Line) -> io::Result<Vec<Locked>> {
        let told = std::mem::take(&mut self.told);
        let Locks::Marked(modes) = self.locks else { return Ok(told) };
        let statements: [(&str, &[&str]); 2] = [
            ("SELECT of_table, image FROM sys.local_locked()", &[]),
            ("RELEASE SAVEPOINT mizzle_locks", &[]),
        ];
        let rows = line.script(&statements).await?.unwrap_or_default();
        let read = |row: Vec<Option<String>>| {
            let mut cells = row.into_iter().flatten();
            let (table, image) = (cells.next()?.parse().ok()?, of_bytea(&cells.next()?)?);
            Some(Locked { table, image, modes })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// A description or a row as the client gets it; what our columns tell is remembered.
    pub(super) fn veil(&mut self, statement: Option<&Statement>, tag: u8, body: Bytes) -> Bytes {
        let Some(statement) = statement.filter(|statement| !statement.told.is_empty()) else { return body };
        let cut = match tag {
            b'T' => without_fields(&body, statement.told.len()),
            b'D' => self.without_cells(&body, statement),
            _ => return body,
        };
        cut.unwrap_or(body)
    }

    fn without_cells(&mut self, body: &Bytes, statement: &Statement) -> Option<Bytes> {
        let mut reader = Reader::new(body);
        let count = usize::from(reader.u16().ok()?);
        let kept = count.checked_sub(statement.told.len())?;
        for _ in 0..kept {
            cell(&mut reader)?;
        }
        let length = body.len() - reader.rest().len();
        for told in &statement.told {
            if let Some(value) = cell(&mut reader)? {
                let (table, image) = row(&value)?;
                self.told.push(Locked { table, image, modes: told.modes });
            }
        }
        Some(shortened(body, kept, length))
    }
}

/// The format codes of a `Bind` for the columns that the client knows, and those for ours after them.
pub(super) fn with_formats(body: &Bytes, ours: usize) -> Option<Bytes> {
    let mut reader = Reader::new(body);
    reader.text().ok()?;
    reader.text().ok()?;
    for _ in 0..reader.u16().ok()? {
        reader.u16().ok()?;
    }
    for _ in 0..reader.u16().ok()? {
        cell(&mut reader)?;
    }
    let at = body.len() - reader.rest().len();
    let count = reader.u16().ok()?;
    if count < 2 {
        // One format is for all of them.
        return None;
    }
    let mut longer = BytesMut::from(&body[..at]);
    longer.extend((count + u16::try_from(ours).ok()?).to_be_bytes());
    longer.extend_from_slice(&body[at + 2..]);
    longer.extend(std::iter::repeat_n([0, 0], ours).flatten());
    Some(longer.freeze())
}

/// A `RowDescription` without its last fields.
fn without_fields(body: &Bytes, ours: usize) -> Option<Bytes> {
    let mut reader = Reader::new(body);
    let kept = usize::from(reader.u16().ok()?).checked_sub(ours)?;
    for _ in 0..kept {
        reader.text().ok()?;
        // Table, column, type, size, modifier, format.
        reader.bytes(18).ok()?;
    }
    Some(shortened(body, kept, body.len() - reader.rest().len()))
}

/// The same with another count at its front, cut off after `length` bytes.
fn shortened(body: &Bytes, count: usize, length: usize) -> Bytes {
    let mut kept = BytesMut::from(&body[..length]);
    kept[..2].copy_from_slice(&(count as u16).to_be_bytes());
    kept.freeze()
}

/// A value with its length before it; NULL is `Some(None)`.
fn cell(reader: &mut Reader) -> Option<Option<Bytes>> {
    match reader.u32().ok()? {
        u32::MAX => Some(None),
        length => Some(Some(reader.bytes(length as usize).ok()?)),
    }
}

/// What `sys.local_row` says, in either format.
fn row(value: &Bytes) -> Option<(u32, String)> {
    let text = match value.starts_with(b"\\x") {
        true => of_bytea(std::str::from_utf8(value).ok()?)?,
        false => String::from_utf8(value.to_vec()).ok()?,
    };
    let (table, image) = text.split_once(' ')?;
    Some((table.parse().ok()?, image.to_owned()))
}

/// Text that came past the client's encoding.
pub(super) fn of_bytea(text: &str) -> Option<String> {
    String::from_utf8(hex::decode(text.strip_prefix("\\x")?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_in_both_formats() {
        let expect = Some((7, "(1,\"a b\")".to_owned()));
        assert_eq!(row(&Bytes::from_static(b"7 (1,\"a b\")")), expect);
        assert_eq!(row(&Bytes::from(format!("\\x{}", hex::encode("7 (1,\"a b\")")))), expect);
    }

    #[test]
    fn formats_of_ours_follow_those_of_the_client() {
        let bind = |formats: &[u8]| Bytes::from([b"p\0s\0\0\x01\0\x01\0\x01\0\0\0\x02ab", formats].concat());
        assert_eq!(with_formats(&bind(&[0, 0]), 2), None);
        assert_eq!(with_formats(&bind(&[0, 1, 0, 1]), 2), None);
        let expect = bind(&[0, 4, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(with_formats(&bind(&[0, 2, 0, 1, 0, 1]), 2), Some(expect));
    }

    #[test]
    fn the_client_sees_its_own_fields() {
        let field = |name: &str| [name.as_bytes(), &[0; 19]].concat();
        let body = [&[0, 2][..], &field("a"), &field("local_row")].concat();
        assert_eq!(without_fields(&body.into(), 1).unwrap(), [&[0, 1][..], &field("a")].concat());
    }
}
