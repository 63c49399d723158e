//! Names that a plan chooses: the same for the same schema, and never longer than PostgreSQL keeps.

/// Bytes of an identifier; PostgreSQL cuts longer ones.
const LENGTH: usize = 63;

/// How the name of a thing ends while another has its name.
pub(crate) const ARRIVING: &str = "__new";

/// How the name of a thing ends once another has its name.
pub(crate) const LEAVING: &str = "__old";

/// What a thing is called while another has its name.
pub(super) fn arriving(name: &str) -> String {
    with_end(name, ARRIVING)
}

/// What a thing is called once another has its name.
pub(super) fn leaving(name: &str) -> String {
    with_end(name, LEAVING)
}

/// The check that keeps NULL out of a column.
pub(super) fn not_null(table: &str, column: &str) -> String {
    let label = "_not_null";
    let (mut left, mut right) = (table.len(), column.len());
    // As PostgreSQL chooses names: the longer of both is cut (`makeObjectName`).
    while left + right + 1 + label.len() > LENGTH {
        if left > right { left -= 1 } else { right -= 1 }
    }
    format!("{}_{}{label}", cut(table, left), cut(column, right))
}

fn with_end(name: &str, end: &str) -> String {
    format!("{}{end}", cut(name, LENGTH - end.len()))
}

/// At most `length` bytes, whole characters.
fn cut(text: &str, length: usize) -> &str {
    let end = (0..=length.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::{arriving, not_null};

    #[test]
    fn a_long_name_is_cut_before_its_end() {
        assert_eq!(arriving("pet"), "pet__new");
        assert_eq!(arriving(&"é".repeat(31)), format!("{}__new", "é".repeat(29)));
        assert_eq!(not_null("pet", "name"), "pet_name_not_null");
        assert_eq!(not_null(&"t".repeat(60), "c").len(), 63);
    }
}
