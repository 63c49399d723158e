//! Expressions as words: enough to tell two spellings of one text, and to put another name in.
//!
//! Spacing, comments, the case of words, needless quotes and outer parentheses do not count. What PostgreSQL does beyond
//! that when it prints an expression again (`BETWEEN` becomes two comparisons, a literal gets a cast) only PostgreSQL knows:
//! `introspect` asks it.

use super::word::{is_keyword, quoted};

/// Whether two texts are one expression but for their spelling.
pub(crate) fn same(left: &str, right: &str) -> bool {
    left == right || canonical(left) == canonical(right)
}

/// One spelling of an expression.
pub(crate) fn canonical(text: &str) -> String {
    let words: Vec<String> = words(text).into_iter().map(|word| word.spelled()).collect();
    bare(&words).join(" ")
}

/// Whether the expression names the column.
pub(crate) fn mentions(text: &str, column: &str) -> bool {
    words(text).iter().any(|word| word.name().is_some_and(|name| name == column))
}

/// The expression with a column under another name; a function of that name keeps it.
pub(crate) fn renamed(text: &str, from: &str, to: &str) -> String {
    let words = words(text);
    let mut renamed = String::new();
    let mut done = 0;
    for (at, word) in words.iter().enumerate() {
        let called = words.get(at + 1).is_some_and(|next| next.text == "(" && next.start == word.end);
        let cast = at > 0 && words[at - 1].text == "::";
        if word.name().is_some_and(|name| name == from) && !called && !cast {
            renamed.push_str(&text[done..word.start]);
            renamed.push_str(&quoted(to));
            done = word.end;
        }
    }
    renamed + &text[done..]
}

/// The values of the strings in a text, in order.
pub(crate) fn strings(text: &str) -> Vec<String> {
    let words = words(text);
    let strings = words.iter().filter(|word| word.kind == Kind::String);
    strings.map(|word| word.text[1..word.text.len() - 1].replace("''", "'")).collect()
}

/// The words of a text that are no strings, numbers or operators, in small letters unless they are in quotes.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let words = words(text);
    let words = words.iter().filter_map(|word| match word.kind {
        Kind::Bare => Some(word.text.to_lowercase()),
        Kind::Quoted => Some(word.unquoted()),
        Kind::String | Kind::Other => None,
    });
    words.collect()
}

/// Without parentheses around the whole.
fn bare(words: &[String]) -> &[String] {
    match words {
        [first, inner @ .., last] if first == "(" && last == ")" && closes_at_end(words) => bare(inner),
        _ => words,
    }
}

/// Whether the first parenthesis is closed by the last.
fn closes_at_end(words: &[String]) -> bool {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1 == words.len();
        }
    }
    false
}

struct Word<'a> {
    kind: Kind,
    text: &'a str,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bare,
    Quoted,
    String,
    Other,
}

impl Word<'_> {
    fn spelled(&self) -> String {
        match self.kind {
            Kind::Bare => self.text.to_lowercase(),
            Kind::Quoted => quoted(&self.unquoted()),
            Kind::Other if self.text == "!=" => "<>".to_owned(),
            Kind::String | Kind::Other => self.text.to_owned(),
        }
    }

    /// What a column or function would be called by this word.
    fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Bare => Some(self.text.to_lowercase()).filter(|word| !is_keyword(word)),
            Kind::Quoted => Some(self.unquoted()),
            Kind::String | Kind::Other => None,
        }
    }

    fn unquoted(&self) -> String {
        self.text[1..self.text.len() - 1].replace("\"\"", "\"")
    }
}

/// Cuts a text into words; what does not end goes to the end of the text.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match first {
            _ if first.is_whitespace() => (None, first.len_utf8()),
            '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '\'' => (Some(Kind::String), closed(rest, '\'')),
            '"' => (Some(Kind::Quoted), closed(rest, '"')),
            '$' if dollar(rest).is_some() => (Some(Kind::Other), dollar(rest).unwrap_or(rest.len())),
            '0'..='9' => (Some(Kind::Other), span(rest, |c| c.is_ascii_alphanumeric() || c == '.')),
            _ if is_letter(first) => {
                (Some(Kind::Bare), span(rest, |c| is_letter(c) || c.is_ascii_digit() || c == '$'))
            }
            _ => (Some(Kind::Other), operator(rest)),
        };
        if let Some(kind) = kind {
            words.push(Word { kind, text: &rest[..length], start: at, end: at + length });
        }
        at += length;
    }
    words
}

fn is_letter(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !belongs(letter)).unwrap_or(text.len())
}

/// The length of a quoted text; its quote twice stands for one.
fn closed(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(end) = text[at..].find(quote) {
        at += end + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// The length of `$tag$ … $tag$`.
fn dollar(text: &str) -> Option<usize> {
    let tag = 1 + text[1..].find('$')?;
    let tag = &text[..=tag];
    let word = tag[1..tag.len() - 1].chars().all(|letter| is_letter(letter) || letter.is_ascii_digit());
    let end = text[tag.len()..].find(tag)?;
    word.then_some(tag.len() + end + tag.len())
}

fn operator(text: &str) -> usize {
    const TWO: [&str; 14] =
        ["::", "<>", "!=", "<=", ">=", "||", "->", "#>", "@>", "<@", "!~", "~~", "~*", "=>"];
    let longer = ["->>", "#>>", "!~~", "~~*", "!~*"].iter().find(|operator| text.starts_with(**operator));
    let known = longer.or_else(|| TWO.iter().find(|operator| text.starts_with(**operator)));
    known.map_or_else(|| text.chars().next().map_or(1, char::len_utf8), |operator| operator.len())
}

#[cfg(test)]
mod tests {
    use super::{mentions, renamed, same, strings};

    #[test]
    fn a_spelling_is_no_difference() {
        for (left, right) in [
            ("a>1", "(A > 1)"),
            ("((a > 1))", "a > 1 -- one"),
            ("\"a\" != 'X'", "a <> 'X'"),
            ("LOWER( name )", "lower(name)"),
            ("(a) + (b)", "( a )+( b )"),
            ("a::text /* so */", "a :: text"),
        ] {
            assert!(same(left, right), "{left} and {right}");
        }
        for (left, right) in
            [("a > 1", "a > 10"), ("'A'", "'a'"), ("\"A\"", "a"), ("(a) + (b)", "a) + (b"), ("a b", "ab")]
        {
            assert!(!same(left, right), "{left} and {right}");
        }
    }

    #[test]
    fn a_column_gets_another_name_wherever_it_is_one() {
        for (text, expected) in [
            ("stars > 1 AND Stars < 5", "points > 1 AND points < 5"),
            ("stars(stars)", "stars(points)"),
            ("'stars' <> \"stars\"", "'stars' <> points"),
            ("t.stars + starship", "t.points + starship"),
            ("x::stars", "x::stars"),
        ] {
            assert_eq!(renamed(text, "stars", "points"), expected);
        }
        assert!(mentions("lower(\"name\")", "name") && !mentions("'name'", "name"));
        assert_eq!(renamed("a = 1", "a", "Big A"), "\"Big A\" = 1");
    }

    #[test]
    fn strings_are_read_as_their_values() {
        assert_eq!(strings("kind IN ('cat', 'o''dog')"), ["cat", "o'dog"]);
    }
}
