//! What a connection says about itself in its first packet: `application_name` and `options`.

use crate::Error;

/// PostgreSQL keeps 63 bytes of a name.
const NAME_LIMIT: usize = 63;

/// The name that a connection carries unless the application gives its own.
pub(crate) const APPLICATION_NAME: &str = concat!("mizzle/", env!("CARGO_PKG_VERSION"));

/// A name as the server will keep it: cut at 63 bytes, never inside a character.
pub(crate) fn application_name(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_LIMIT)]
}

/// The start-up option that sets the search path; DSQL accepts this parameter there (AWS Labs, list of settable
/// parameters), and it costs no round trip.
pub(crate) fn search_path_option(path: &str) -> Result<String, Error> {
    Ok(format!("-c search_path={}", escape(&search_path(path)?)))
}

/// The search path as the server will know it.
pub(crate) fn search_path(path: &str) -> Result<String, Error> {
    let schemas = schemas(path).map_err(|problem| {
        Error::setting(
            format!("search path {path:?} {problem}"),
            "give schema names separated by commas, in double quotes where they hold other than a-z, 0-9, _ and $",
        )
    })?;
    Ok(schemas.join(","))
}

/// Splits a search path into schema names, each as written, quotes included.
fn schemas(path: &str) -> Result<Vec<&str>, &'static str> {
    let mut schemas = Vec::new();
    let mut rest = path;
    loop {
        rest = rest.trim_start();
        let end = if rest.starts_with('"') { quoted_end(rest)? } else { plain_end(rest)? };
        let (schema, tail) = rest.split_at(end);
        if schema.len() > NAME_LIMIT {
            return Err("names a schema of more than 63 bytes");
        }
        schemas.push(schema);
        match tail.trim_start() {
            "" => return Ok(schemas),
            tail => rest = tail.strip_prefix(',').ok_or("is not a list of schema names")?,
        }
    }
}

fn plain_end(text: &str) -> Result<usize, &'static str> {
    let end =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(text.len());
    match text.bytes().next() {
        Some(first) if end > 0 && (first.is_ascii_alphabetic() || first == b'_') => Ok(end),
        Some(_) if end > 0 => Err("names a schema that begins with a digit or a dollar sign"),
        _ => Err("is not a list of schema names"),
    }
}

/// The end of a quoted name, behind its closing quote; a doubled quote stands for itself.
fn quoted_end(text: &str) -> Result<usize, &'static str> {
    let mut at = 1;
    loop {
        let quote = at + text[at..].find('"').ok_or("has a quote that does not close")?;
        if text[..quote].contains('\0') {
            return Err("holds a zero byte");
        }
        if !text[quote + 1..].starts_with('"') {
            return if quote == 1 { Err("has an empty name") } else { Ok(quote + 1) };
        }
        at = quote + 2;
    }
}

/// In `options`, whitespace separates arguments and a backslash takes the next character as it is (PostgreSQL
/// manual, "libpq: options").
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if c.is_whitespace() || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: &str) {
        let got = search_path_option(path).unwrap_or_else(|error| error.to_string());
        assert_eq!(got, expect);
    }

    #[test]
    fn a_search_path_becomes_one_escaped_option() {
        check("myschema", "-c search_path=myschema");
        check(" a , b_2 ", "-c search_path=a,b_2");
        check(r#""$user", public"#, r#"-c search_path="$user",public"#);
        check(r#""my schema""#, r#"-c search_path="my\ schema""#);
        check(r#""a""b\c""#, r#"-c search_path="a""b\\c""#);
    }

    #[test]
    fn nothing_but_schema_names_gets_through() {
        check("", "search path \"\" is not a list of schema names");
        check("a,", "search path \"a,\" is not a list of schema names");
        check("a b", "search path \"a b\" is not a list of schema names");
        check("a -c role=admin", "search path \"a -c role=admin\" is not a list of schema names");
        check("1a", "search path \"1a\" names a schema that begins with a digit or a dollar sign");
        check("\"a", "search path \"\\\"a\" has a quote that does not close");
        check("\"\"", "search path \"\\\"\\\"\" has an empty name");
        let long = "a".repeat(64);
        check(&long, &format!("search path {long:?} names a schema of more than 63 bytes"));
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        assert_eq!(application_name("vetclinic"), "vetclinic");
        assert_eq!(application_name(&"a".repeat(70)).len(), 63);
        assert_eq!(application_name(&"é".repeat(40)).len(), 62);
        assert!(APPLICATION_NAME.starts_with("mizzle/"));
    }
}
