//! A statement's tokens, read from left to right.

use crate::lexer::{Kind, Lexer};
use crate::name::{identifier, literal};

/// The name of an object, as the catalog has it: folded to small letters unless it was quoted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

impl Name {
    /// As a text that `to_regclass` reads.
    pub(crate) fn text(&self) -> String {
        let quoted = self.quoted();
        literal(&quoted)
    }

    /// As SQL names it.
    pub(crate) fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", identifier(schema), identifier(&self.name)),
            None => identifier(&self.name),
        }
    }

    /// Another object of the same schema.
    pub(crate) fn beside(&self, name: String) -> Self {
        Self { schema: self.schema.clone(), name }
    }
}

/// What is left of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    tokens: Vec<(Kind, &'a str)>,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of a statement that was cut out of a text and is known to be whole.
    pub(crate) fn of(sql: &'a str) -> Self {
        let mut lexer = Lexer::new(sql);
        let mut tokens = Vec::new();
        while let Ok(Some(token)) = lexer.next() {
            tokens.push((token.kind, &sql[token.start..token.end]));
        }
        Self { tokens, at: 0 }
    }

    fn peek(&self) -> Option<(Kind, &'a str)> {
        self.tokens.get(self.at).copied()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.tokens.len()
    }

    /// Whether the next token is this keyword or character.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|(kind, text)| kind != Kind::Name && text.eq_ignore_ascii_case(word))
    }

    /// Takes the next token if it is this keyword or character.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        let is = self.is(word);
        self.at += usize::from(is);
        is
    }

    /// Takes all of these in a row, or none.
    pub(crate) fn take_all(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let all = words.iter().all(|word| self.take(word));
        if !all {
            self.at = start;
        }
        all
    }

    /// Takes one of these.
    pub(crate) fn take_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take(word))
    }

    pub(crate) fn skip(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len());
    }

    /// A name without a schema.
    pub(crate) fn name(&mut self) -> Option<String> {
        let (kind, text) = self.peek()?;
        let name = match kind {
            Kind::Word => text.to_lowercase(),
            Kind::Name => text[1..text.len() - 1].replace("\"\"", "\""),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    /// A name, perhaps with a schema.
    pub(crate) fn qualified(&mut self) -> Option<Name> {
        let mut parts = self.parts()?;
        let name = parts.pop()?;
        Some(Name { schema: parts.pop(), name })
    }

    /// The names between dots.
    pub(crate) fn parts(&mut self) -> Option<Vec<String>> {
        let mut parts = vec![self.name()?];
        while self.take(".") {
            parts.push(self.name()?);
        }
        Some(parts)
    }

    /// Names with commas between.
    pub(crate) fn list(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.qualified()?];
        while self.take(",") {
            names.push(self.qualified()?);
        }
        Some(names)
    }

    /// Goes behind the next comma that stands in no parentheses; false when there is none.
    pub(crate) fn behind_comma(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some((_, text)) = self.peek() {
            self.at += 1;
            match text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "," if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    /// Whether a keyword stands anywhere in what is left.
    pub(crate) fn has(&self, word: &str) -> bool {
        let rest = &self.tokens[self.at.min(self.tokens.len())..];
        rest.iter().any(|(kind, text)| *kind == Kind::Word && text.eq_ignore_ascii_case(word))
    }
}
