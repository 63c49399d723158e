//! One changed row, as the capturing trigger tells it.

use super::image::Image;
use crate::wire::Fields;

/// The SQLSTATE of the trigger's messages.
const STATE: &str = "MZ001";

/// A row that a statement inserted, updated or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) table: u32,
    pub(crate) old: Option<Image>,
    pub(crate) new: Option<Image>,
}

impl Change {
    /// The change in a notice; none in a notice of anybody else.
    pub(crate) fn read(fields: &Fields) -> Option<Change> {
        if fields.state() != STATE {
            return None;
        }
        let image = |code| fields.get(code).map(Image::from);
        Some(Change { table: fields.message().parse().ok()?, old: image(b'D'), new: image(b'H') })
    }

    /// The changes that the trigger kept: `table bytes bytes`, a space, the row before and the row after, one after
    /// the other; `-` stands for the size of no row. None when the text is something else.
    pub(crate) fn read_kept(mut text: &str) -> Option<Vec<Change>> {
        let mut changes = Vec::new();
        while !text.is_empty() {
            let (table, rest) = text.split_once(' ')?;
            let (before, rest) = rest.split_once(' ')?;
            let (after, mut rest) = rest.split_once(' ')?;
            let mut image = |size: &str| {
                if size == "-" {
                    return Some(None);
                }
                let (image, behind) = rest.split_at_checked(size.parse().ok()?)?;
                rest = behind;
                Some(Some(Image::from(image)))
            };
            let (old, new) = (image(before)?, image(after)?);
            changes.push(Change { table: table.parse().ok()?, old, new });
            text = rest;
        }
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_triggers_notices_are_changes() {
        let field = |code, text: &str| (code, text.to_owned());
        let fields = Fields(vec![field(b'C', "MZ001"), field(b'M', "17"), field(b'H', "(1,a)")]);
        let change = Change::read(&fields).expect("a change");
        assert_eq!((change.table, change.old.as_deref(), change.new.as_deref()), (17, None, Some("(1,a)")));
        assert_eq!(Change::read(&Fields(vec![field(b'C', "00000"), field(b'M', "17")])), None);
    }

    #[test]
    fn what_the_trigger_kept_is_read_row_by_row() {
        let text = "17 - 6 (1,é)17 6 3 (1,é)(2)18 3 - (3)";
        let changes = Change::read_kept(text).expect("changes");
        let shown: Vec<_> = changes
            .iter()
            .map(|change| (change.table, change.old.as_deref(), change.new.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [(17, None, Some("(1,é)")), (17, Some("(1,é)"), Some("(2)")), (18, Some("(3)"), None)]
        );
        assert_eq!(Change::read_kept("").map(|changes| changes.len()), Some(0));
        for wrong in ["17", "17 - 9 (1)", "x - 3 (1)", "17 1 - é"] {
            assert_eq!(Change::read_kept(wrong), None, "{wrong}");
        }
    }
}
