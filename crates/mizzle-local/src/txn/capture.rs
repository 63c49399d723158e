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
}
