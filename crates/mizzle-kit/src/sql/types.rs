//! The names of types: one for each, the short one that `#[table]` writes.

/// One spelling of a type; one that is not known is left as it is but for its case and spacing.
pub(crate) fn type_name(text: &str) -> String {
    if text.contains('"') {
        return text.to_owned();
    }
    let lower = text.to_lowercase();
    let text = lower.strip_prefix("pg_catalog.").unwrap_or(&lower);
    let (name, size) = parts(text);
    let name = match name.as_str() {
        "int2" => "smallint",
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" | "float" => "double precision",
        "decimal" | "dec" => "numeric",
        "bool" => "boolean",
        "character varying" | "char varying" => "varchar",
        "character" => "char",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        name => name,
    };
    match (name, size) {
        ("numeric", None) => "numeric(18,6)".to_owned(),
        ("numeric", Some(size)) if !size.contains(',') => format!("numeric({size},0)"),
        ("char", None) => "char(1)".to_owned(),
        (name, Some(size)) => format!("{name}({size})"),
        (name, None) => name.to_owned(),
    }
}

/// Whether every value of one type is one of the other, unchanged.
pub(crate) fn is_wider(from: &str, to: &str) -> bool {
    const WHOLE: [&str; 3] = ["smallint", "integer", "bigint"];
    let rank = |name: &str| WHOLE.iter().position(|whole| *whole == name);
    let ((from_name, from_size), (to_name, to_size)) = (parts(from), parts(to));
    if let (Some(from), Some(to)) = (rank(&from_name), rank(&to_name)) {
        return from <= to;
    }
    let length = |size: &Option<String>| size.as_deref().and_then(|size| size.parse::<u32>().ok());
    match (from_name.as_str(), to_name.as_str()) {
        ("varchar", "text") | ("real", "double precision") => true,
        ("varchar", "varchar") => {
            to_size.is_none() || length(&from_size) <= length(&to_size) && from_size.is_some()
        }
        ("date", "timestamp") => to_size.is_none(),
        ("timestamp", "timestamp") | ("timestamptz", "timestamptz") | ("time", "time") => {
            to_size.is_none() || length(&from_size) <= length(&to_size) && from_size.is_some()
        }
        ("numeric", "numeric") => match (digits(from_size), digits(to_size)) {
            (Some((whole, scale)), Some((other, scales))) => whole <= other && scale <= scales,
            _ => false,
        },
        _ => false,
    }
}

/// Whether two values that differ still do in another type, where they are any.
pub(crate) fn keeps_apart(from: &str, to: &str) -> bool {
    const WHOLE: [&str; 3] = ["smallint", "integer", "bigint"];
    let whole = |name: &str| WHOLE.contains(&name);
    from == to || to == "text" || whole(from) && whole(to) || is_wider(from, to)
}

/// Whether a value becomes the same in another type whatever the settings of a session: an index may stand on it then.
pub(crate) fn is_immutable(from: &str, to: &str) -> bool {
    let is_time =
        |name: &str| ["date", "time", "timestamp", "timestamptz", "timetz", "interval"].contains(&name);
    let ((from, _), (to, _)) = (parts(from), parts(to));
    from == to
        || !is_time(&from) && !is_time(&to)
        || matches!((&*from, &*to), ("date", "timestamp") | ("timestamp", "date") | ("timestamp", "time"))
}

/// Digits before and behind the point.
fn digits(size: Option<String>) -> Option<(i32, i32)> {
    let size = size?;
    let (precision, scale) = size.split_once(',')?;
    let (precision, scale) = (precision.parse::<i32>().ok()?, scale.parse::<i32>().ok()?);
    Some((precision - scale, scale))
}

/// The name with single blanks, and what stands in parentheses: `timestamp(3) with time zone` has them inside.
fn parts(text: &str) -> (String, Option<String>) {
    let Some((name, rest)) = text.split_once('(') else {
        return (text.split_whitespace().collect::<Vec<_>>().join(" "), None);
    };
    let (size, rest) = rest.split_once(')').unwrap_or((rest, ""));
    let name = format!("{name} {rest}");
    let size: String = size.split_whitespace().collect();
    (name.split_whitespace().collect::<Vec<_>>().join(" "), Some(size))
}

#[cfg(test)]
mod tests {
    use super::{is_wider, type_name};

    #[test]
    fn a_type_has_one_name() {
        for (text, name) in [
            ("character varying(30)", "varchar(30)"),
            ("VARCHAR (30)", "varchar(30)"),
            ("timestamp(3) with time zone", "timestamptz(3)"),
            ("numeric", "numeric(18,6)"),
            ("numeric(10)", "numeric(10,0)"),
            ("Decimal(10, 2)", "numeric(10,2)"),
            ("int8", "bigint"),
            ("double  precision", "double precision"),
            ("bpchar", "bpchar"),
            ("\"My\".\"Type\"", "\"My\".\"Type\""),
        ] {
            assert_eq!(type_name(text), name);
        }
    }

    #[test]
    fn a_wider_type_takes_every_value() {
        for (from, to) in [
            ("integer", "bigint"),
            ("varchar(10)", "varchar(20)"),
            ("varchar(10)", "text"),
            ("numeric(10,2)", "numeric(12,3)"),
            ("timestamptz(3)", "timestamptz"),
        ] {
            assert!(is_wider(from, to), "{from} to {to}");
            assert!(!is_wider(to, from), "{to} to {from}");
        }
        assert!(!is_wider("text", "uuid"));
    }
}
