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

    /// The changes that the trigger kept, one after the other: `17INSERT(new)`, `17UPDATE(old)(new)`,
    /// `17DELETE(old)`. None when the text is something else.
    pub(crate) fn read_kept(mut text: &str) -> Option<Vec<Change>> {
        let mut changes = Vec::new();
        while !text.is_empty() {
            let (table, rest) = text.split_at(text.find(|char: char| !char.is_ascii_digit())?);
            let (word, mut rest) = rest.split_at_checked("INSERT".len())?;
            let mut image = |there: bool| {
                if !there {
                    return Some(None);
                }
                let (image, behind) = rest.split_at(end(rest)?);
                rest = behind;
                Some(Some(Image::from(image)))
            };
            let (old, new) = match word {
                "INSERT" => (false, true),
                "UPDATE" => (true, true),
                "DELETE" => (true, false),
                _ => return None,
            };
            let (old, new) = (image(old)?, image(new)?);
            changes.push(Change { table: table.parse().ok()?, old, new });
            text = rest;
        }
        Some(changes)
    }
}

/// Where the record at the front of a text ends. A parenthesis inside is in quotes, and quotes come in pairs.
fn end(text: &str) -> Option<usize> {
    let mut quoted = false;
    let last = text.strip_prefix('(')?.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b')' && !quoted
    })?;
    Some(last + 2)
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
        let text = r#"17INSERT(1,é)17UPDATE(1,"a"")18INSERT(\\")(2,)18DELETE(")(")"#;
        let changes = Change::read_kept(text).expect("changes");
        let shown: Vec<_> = changes
            .iter()
            .map(|change| (change.table, change.old.as_deref(), change.new.as_deref()))
            .collect();
        let expect = [
            (17, None, Some("(1,é)")),
            (17, Some(r#"(1,"a"")18INSERT(\\")"#), Some("(2,)")),
            (18, Some(r#"(")(")"#), None),
        ];
        assert_eq!(shown, expect);
        assert_eq!(Change::read_kept("").map(|changes| changes.len()), Some(0));
        for wrong in ["17", "17INSERT(1", "INSERT(1)", "17UPDATE(1)", "17UPSERT(1)", "17INSERT(\")"] {
            assert_eq!(Change::read_kept(wrong), None, "{wrong}");
        }
    }
}
