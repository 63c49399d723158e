//! How deep a text goes, and stack enough for it: the parser calls itself for every level.

use std::thread;

use squawk_lexer::{TokenKind, tokenize};

/// Levels of a text; PostgreSQL gives up at some thousand as well.
const DEEPEST: usize = 2_000;

/// Stack for one level of the parser, in a build without optimisation.
const LEVEL: usize = 24 << 10;

/// Stack for one link of a chain such as `a + b + c`, whose tree is as deep as the chain is long.
const LINK: usize = 1 << 10;

/// What a thread of the runtime has to spare.
const SPARE: usize = 512 << 10;

/// Words that join two things without a bracket.
const LINKS: &[&str] = &[
    "and",
    "or",
    "union",
    "intersect",
    "except",
    "is",
    "in",
    "like",
    "ilike",
    "similar",
    "between",
    "collate",
    "at",
    "isnull",
    "notnull",
];

/// Does the work on a stack that a parser of this text can live on; none when it would need too much.
pub(super) fn with_stack<T: Send>(text: &str, work: impl FnOnce() -> T + Send) -> Option<T> {
    let depth = Depth::of(text);
    if depth.levels > DEEPEST {
        return None;
    }
    let needed = depth.levels * LEVEL + depth.links * LINK;
    if needed <= SPARE {
        return Some(work());
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(needed + SPARE).spawn_scoped(scope, work).ok()?;
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// At most how often a parser of the text calls itself, and how long its chains can be.
#[derive(Debug, Default, PartialEq, Eq)]
struct Depth {
    levels: usize,
    links: usize,
}

impl Depth {
    fn of(text: &str) -> Depth {
        let (mut open, mut deepest, mut prefixes, mut longest, mut others) = (0_usize, 0, 0, 0, 0);
        let (mut links, mut start) = (0, 0);
        for token in tokenize(text) {
            let word = &text[start..start + token.len as usize];
            start += token.len as usize;
            let is = |name: &str| word.eq_ignore_ascii_case(name);
            match token.kind {
                TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => continue,
                TokenKind::OpenParen | TokenKind::OpenBracket => {
                    open += 1;
                    links += 1;
                }
                TokenKind::CloseParen | TokenKind::CloseBracket => open = open.saturating_sub(1),
                TokenKind::Ident if is("case") || is("join") || is("explain") => others += 1,
                TokenKind::Ident if is("not") => prefixes += 1,
                TokenKind::Ident => links += usize::from(LINKS.iter().any(|link| is(link))),
                TokenKind::Literal { .. }
                | TokenKind::QuotedIdent { .. }
                | TokenKind::PositionalParam { .. }
                | TokenKind::Comma
                | TokenKind::Semi => prefixes = 0,
                _ => {
                    prefixes += 1;
                    links += 1;
                }
            }
            if token.kind == TokenKind::Ident && !is("not") {
                prefixes = 0;
            }
            longest = longest.max(prefixes);
            deepest = deepest.max(open);
        }
        Depth { levels: deepest + longest + others, links }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Statement;

    fn check(text: &str, levels: usize, links: usize) {
        assert_eq!(Depth::of(text), Depth { levels, links }, "{text}");
    }

    #[test]
    fn levels_are_counted_without_parsing() {
        check("select 1", 0, 0);
        check("insert into t values (1, 'a)))'), (2, '((')", 1, 2);
        check("select ((a[1]))", 3, 3);
        check("select not not - - 1", 4, 2);
        check("insert into t values ($1, -$2, \"a\")", 2, 2);
        check("select case when a then case when b then 1 end end", 2, 0);
        check("select 1 /* (( */ -- ((\n + 2 and 3", 1, 2);
    }

    /// What is accepted is parsed, whatever recurses.
    #[test]
    fn deep_texts_are_read_and_deeper_ones_refused() {
        let around = |times: usize, before: &str, middle: &str, after: &str| {
            format!("select {}{middle}{}", before.repeat(times), after.repeat(times))
        };
        for (before, middle, after) in [
            ("(", "1", ")"),
            ("abs(", "1", ")"),
            ("array[", "1", "]"),
            ("not ", "true", ""),
            ("- ", "1", ""),
            ("case when true then ", "1", " end"),
            ("(select ", "1", ")"),
            ("exists (select 1 where ", "true", ")"),
        ] {
            let read = Statement::read(&around(200, before, middle, after));
            assert!(read.len() == 1 && read[0].refusal.is_none(), "{before}");
            let read = Statement::read(&around(5_000, before, middle, after));
            let refusal = read[0].refusal.as_ref().expect("refused");
            assert_eq!(
                (refusal.state.as_str(), refusal.message.as_str()),
                ("54001", "stack depth limit exceeded")
            );
        }
        for link in [" and true", " + 1", "::int", ".a", "[1]", " union select 1", " is true"] {
            let read = Statement::read(&around(2_000, "", "a", link));
            assert!(read.len() == 1 && read[0].refusal.is_none(), "{link}");
        }
        let joins = format!("select 1 from t{}{}", " join t".repeat(600), " on true".repeat(600));
        assert_eq!(Statement::read(&joins).len(), 1);
    }
}
