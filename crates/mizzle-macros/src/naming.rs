//! The names PostgreSQL gives to constraints and indexes that nobody named, so that every tool agrees on them.
//!
//! Rules: `ChooseConstraintName`, `ChooseIndexName` and `makeObjectName` in PostgreSQL's `src/backend`.

/// Bytes of an identifier.
pub(crate) const LENGTH: usize = 63;

/// Names that are taken, and the next free one.
#[derive(Default)]
pub(crate) struct Naming {
    taken: Vec<String>,
}

impl Naming {
    /// Takes a name that the declaration gives. Whether it was free.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        let free = !self.taken.iter().any(|taken| taken == name);
        self.taken.push(name.to_owned());
        free
    }

    /// `{table}_{columns}_{label}`, with a number behind it while it is taken.
    pub(crate) fn choose(&mut self, table: &str, columns: &[String], label: &str) -> String {
        let columns = addition(columns);
        let labels = std::iter::once(label.to_owned()).chain((1..).map(|number| format!("{label}{number}")));
        let mut names = labels.map(|label| object_name(table, &columns, &label));
        let name = names.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.push(name.clone());
        name
    }
}

/// The columns of an index or key, joined; no more of them than an identifier holds.
fn addition(columns: &[String]) -> String {
    let mut text = String::new();
    for column in columns {
        if !text.is_empty() {
            text.push('_');
        }
        text.push_str(column);
        if text.len() > LENGTH {
            break;
        }
    }
    text
}

/// Cuts the longer of table and columns until the whole fits.
fn object_name(table: &str, columns: &str, label: &str) -> String {
    let underscores = 1 + usize::from(!columns.is_empty());
    let room = LENGTH.saturating_sub(label.len() + underscores);
    let (mut left, mut right) = (table.len(), columns.len());
    while left + right > room {
        if left > right { left -= 1 } else { right -= 1 }
    }
    let parts = [cut(table, left), cut(columns, right), label];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// At most `length` bytes, whole characters.
fn cut(text: &str, length: usize) -> &str {
    let end = (0..=length.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::Naming;

    fn choose(table: &str, columns: &[&str], label: &str) -> String {
        Naming::default().choose(
            table,
            &columns.iter().map(|column| (*column).into()).collect::<Vec<_>>(),
            label,
        )
    }

    #[test]
    fn names_are_those_postgresql_chooses() {
        assert_eq!(choose("pet", &["owner_id"], "fkey"), "pet_owner_id_fkey");
        assert_eq!(choose("owner", &[], "pkey"), "owner_pkey");
        let long = "a".repeat(40);
        assert_eq!(
            choose(&long, &[&"b".repeat(40)], "idx"),
            format!("{}_{}_idx", "a".repeat(29), "b".repeat(29))
        );
        assert_eq!(choose(&"ä".repeat(40), &["c"], "key"), format!("{}_c_key", "ä".repeat(28)));
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let mut naming = Naming::default();
        let columns = ["a".to_owned()];
        assert!(naming.take("t_a_check"));
        assert_eq!(naming.choose("t", &columns, "check"), "t_a_check1");
        assert_eq!(naming.choose("t", &columns, "check"), "t_a_check2");
        assert!(!naming.take("t_a_check2"));
    }
}
