//! Keys compared by value: what two rows must not share, written in one way only.

use std::sync::Arc;

/// The values of an index's columns, in the index's order.
pub(crate) type Values = Arc<[Option<String>]>;

/// How the values of a type are written so that equal values are equal texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// PostgreSQL prints equal values equally.
    #[default]
    Text,
    /// `1.0` is `1.00`.
    Numeric,
    /// `-0` is `0`.
    Float,
    /// Blanks at the end do not count.
    Blank,
}

impl Form {
    /// The form of a type by its name without modifiers.
    pub(crate) fn of(kind: &str) -> Form {
        match kind {
            "numeric" => Form::Numeric,
            "real" | "double precision" => Form::Float,
            "character" => Form::Blank,
            _ => Form::Text,
        }
    }

    pub(crate) fn of_value(self, value: &str) -> String {
        let canonical = match self {
            Form::Text => value,
            Form::Blank => value.trim_end_matches(' '),
            Form::Float => {
                if value == "-0" {
                    "0"
                } else {
                    value
                }
            }
            Form::Numeric if value.contains('.') => value.trim_end_matches('0').trim_end_matches('.'),
            Form::Numeric => value,
        };
        canonical.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_equal_texts() {
        for (kind, value, expect) in [
            ("numeric", "1.00", "1"),
            ("numeric", "1.50", "1.5"),
            ("numeric", "100", "100"),
            ("numeric", "0.00", "0"),
            ("numeric", "NaN", "NaN"),
            ("double precision", "-0", "0"),
            ("real", "1.5", "1.5"),
            ("character", "a  ", "a"),
            ("text", "a  ", "a  "),
        ] {
            assert_eq!(Form::of(kind).of_value(value), expect, "{kind} {value}");
        }
    }
}
