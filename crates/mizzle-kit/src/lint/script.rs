//! A text cut into statements, with its comments beside them.
//!
//! A statement ends at a semicolon outside of brackets, or at a separator of migrations. Each is parsed by
//! itself, so that a mistake in one hides nothing in the next, and every span counts from the beginning of
//! the text.

use std::ops::Range;

use squawk_lexer::{TokenKind, tokenize};

use super::finding::Edit;
use super::planned::Hazards;
use super::source::{Source, Way};
use super::statement::Statement;
use crate::split::SEPARATOR;

/// One text, read.
#[derive(Debug)]
pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    /// Which of the sources it is.
    pub(crate) source: usize,
    pub(crate) way: Way,
    pub(crate) statements: Vec<Statement<'a>>,
    pub(crate) comments: Vec<Range<usize>>,
    pub(crate) hazards: Hazards,
}

/// A word, sign or literal.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Range<usize>,
}

impl<'a> Script<'a> {
    pub(crate) fn read(index: usize, source: &'a Source) -> Script<'a> {
        let (pieces, comments) = cut(&source.text, 0);
        let of = |(piece, tokens, end): Piece| Statement::read(&source.text, index, piece, &tokens, end);
        let statements: Vec<_> = pieces.into_iter().map(of).collect();
        let hazards = Hazards::read(&source.text, &comments, &statements);
        Script { text: &source.text, source: index, way: source.way, statements, comments, hazards }
    }

    /// Takes a clause out, with the space before it and without the comments in it.
    pub(crate) fn remove(&self, span: Range<usize>) -> Edit {
        let kept: String = self
            .comments
            .iter()
            .filter(|comment| **comment != span && span.start <= comment.start && comment.end <= span.end)
            .map(|comment| {
                let text = &self.text[comment.clone()];
                let end = if text.starts_with("--") { "\n" } else { "" };
                format!(" {text}{end}")
            })
            .collect();
        let blank = |c: char| matches!(c, ' ' | '\t');
        let start = self.text[..span.start].trim_end_matches(blank).len();
        let rest = self.text[span.end..].trim_start_matches(blank);
        let line_begins = self.text[..start].is_empty() || self.text[..start].ends_with('\n');
        match rest.strip_prefix('\n') {
            // The clause had a line of its own.
            Some(after) if line_begins && kept.is_empty() => {
                Edit::replace(start..self.text.len() - after.len(), "")
            }
            _ if line_begins => Edit::replace(span, kept),
            _ => Edit::replace(start..span.end, kept),
        }
    }

    /// What is written between two statements: a semicolon, or a migration's separator.
    pub(crate) fn between(&self) -> &'static str {
        if self.way == Way::Migration { "\n--> statement-breakpoint\n" } else { "\n" }
    }
}

/// How many separators stand before a statement, its tokens, and where its semicolon ends.
pub(crate) type Piece = (usize, Vec<Token>, usize);

/// The tokens of each statement, with the number of separators before it and the end of its semicolon; and
/// the comments.
pub(crate) fn cut(text: &str, offset: usize) -> (Vec<Piece>, Vec<Range<usize>>) {
    let (mut pieces, mut comments, mut open): (Vec<Piece>, Vec<_>, Vec<Token>) = Default::default();
    let (mut number, mut start, mut brackets, mut blocks) = (0, 0, 0_usize, 0_usize);
    let mut before = String::new();
    let close = |pieces: &mut Vec<Piece>, open: &mut Vec<Token>, number: usize, end: Option<usize>| {
        if let Some(last) = open.last().map(|token| token.span.end) {
            pieces.push((number, std::mem::take(open), end.unwrap_or(last)));
        }
    };
    for token in tokenize(text) {
        let span = start..start + token.len as usize;
        start = span.end;
        let word = &text[span.clone()];
        let there = offset + span.start..offset + span.end;
        match token.kind {
            TokenKind::Whitespace => continue,
            TokenKind::LineComment if word.trim_end() == SEPARATOR => {
                close(&mut pieces, &mut open, number, None);
                (number, brackets, blocks) = (number + 1, 0, 0);
                continue;
            }
            // One that never ends hides all behind it: that is no comment but a mistake.
            TokenKind::LineComment | TokenKind::BlockComment { terminated: true } => {
                comments.push(there.start..there.start + word.trim_end().len());
                continue;
            }
            TokenKind::OpenParen => brackets += 1,
            TokenKind::CloseParen => brackets = brackets.saturating_sub(1),
            TokenKind::Semi if brackets == 0 && blocks == 0 => {
                close(&mut pieces, &mut open, number, Some(there.end));
                continue;
            }
            TokenKind::Ident => {
                let word = word.to_lowercase();
                blocks = match word.as_str() {
                    "atomic" if blocks == 0 && before == "begin" => 1,
                    "case" | "begin" if blocks > 0 => blocks + 1,
                    "end" => blocks.saturating_sub(1),
                    _ => blocks,
                };
                before = word;
            }
            _ => {}
        }
        open.push(Token { kind: token.kind, span: there });
    }
    close(&mut pieces, &mut open, number, None);
    (pieces, comments)
}
