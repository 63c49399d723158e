//! A row as text, the way PostgreSQL prints a record: `(1,"a b",)`.

use std::sync::Arc;

/// One version of a row.
pub(crate) type Image = Arc<str>;

/// The columns of an image; a text that is no record gives what can be read of it.
pub(super) fn columns(image: &str) -> Vec<Option<String>> {
    let mut columns = Vec::new();
    let mut chars = image.strip_prefix('(').unwrap_or(image).chars().peekable();
    let mut column: Option<String> = None;
    let mut quoted = false;
    while let Some(char) = chars.next() {
        match char {
            // A quote inside quotes is doubled.
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                column.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                column.get_or_insert_default();
            }
            '\\' => column.get_or_insert_default().extend(chars.next()),
            ',' if !quoted => columns.push(column.take()),
            ')' if !quoted => break,
            other => column.get_or_insert_default().push(other),
        }
    }
    columns.push(column);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(image: &str, expect: &[Option<&str>]) {
        let seen = columns(image);
        let seen: Vec<Option<&str>> = seen.iter().map(Option::as_deref).collect();
        assert_eq!(seen, expect, "{image}");
    }

    #[test]
    fn a_record_is_read_as_postgresql_writes_it() {
        check("(1,a)", &[Some("1"), Some("a")]);
        check("(1,,)", &[Some("1"), None, None]);
        check("()", &[None]);
        check("(\"\")", &[Some("")]);
        check(r#"("a ""b"", (c)","x\\y")"#, &[Some("a \"b\", (c)"), Some("x\\y")]);
        check("(é,\"{\"\"k\"\": 1}\")", &[Some("é"), Some("{\"k\": 1}")]);
    }
}
