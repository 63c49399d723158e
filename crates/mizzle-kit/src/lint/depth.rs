//! How deep a statement goes, and stack enough for it: the parser calls itself for every level.

use std::thread;

use squawk_lexer::TokenKind;

use super::script::Token;

/// Levels of a statement; PostgreSQL gives up at some thousand as well.
const DEEPEST: usize = 2_000;
/// Links of a chain such as `a + b + c`, whose tree is as deep as the chain is long.
const LONGEST: usize = 100_000;

/// At most how often a parser of the statement calls itself, and how long its chains are.
#[derive(Debug, Default)]
pub(crate) struct Depth {
    levels: usize,
    links: usize,
}

impl Depth {
    pub(crate) fn of(text: &str, tokens: &[Token]) -> Depth {
        let (mut open, mut deepest, mut nested) = (0_usize, 0, 0);
        let (mut signs, mut prefixes, mut links, mut longest) = (0, 0, 0, 0);
        for token in tokens {
            let word = &text[token.span.clone()];
            let nests = |name: &&str| word.eq_ignore_ascii_case(name);
            signs = match token.kind {
                TokenKind::OpenParen | TokenKind::OpenBracket => {
                    open += 1;
                    0
                }
                TokenKind::CloseParen | TokenKind::CloseBracket => {
                    open = open.saturating_sub(1);
                    0
                }
                TokenKind::Ident => {
                    nested += usize::from(["case", "join", "explain", "not"].iter().any(nests));
                    0
                }
                TokenKind::Literal { .. } | TokenKind::QuotedIdent { .. } | TokenKind::Comma => 0,
                _ => signs + 1,
            };
            links = if token.kind == TokenKind::Comma { 0 } else { links + 1 };
            deepest = deepest.max(open);
            prefixes = prefixes.max(signs);
            longest = longest.max(links);
        }
        Depth { levels: deepest + nested + prefixes, links: longest }
    }

    pub(crate) fn is_too_deep(&self) -> bool {
        self.levels > DEEPEST || self.links > LONGEST
    }
}

/// Does the work on a stack that the deepest statement we read can live on.
pub(crate) fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // Address space alone: a page of it costs memory when it is touched.
    const STACK: usize = (DEEPEST * 48 + LONGEST) << 10;
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let joined = thread.expect("a thread starts").join();
        joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
