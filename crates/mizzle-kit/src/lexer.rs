//! PostgreSQL's tokens, as far as they say where a statement ends and what it is about.

use crate::split::SEPARATOR;

/// What a comment begins with that speaks to us.
pub(crate) const DIRECTIVE: &str = "-- mizzle:";

/// Why a text is refused, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
    pub(crate) cure: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Separator,
    /// A comment that speaks to us.
    Directive,
    Semicolon,
    Word,
    /// A quoted name.
    Name,
    /// A string, a number or one character of an operator.
    Other,
}

/// PostgreSQL's lexical rules, as far as they say where a token ends (manual, "Lexical Structure").
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token that is not white space or a comment.
    pub(crate) fn next(&mut self) -> Result<Option<Token>, Fault> {
        loop {
            let start = self.at;
            let Some(first) = self.rest().chars().next() else { return Ok(None) };
            let kind = match first {
                // PostgreSQL's white space; a no-break space is part of a name there.
                ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c' => {
                    self.at += 1;
                    continue;
                }
                '-' if self.rest().starts_with("--") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                    match self.text[start..self.at].trim_end() {
                        SEPARATOR => Kind::Separator,
                        comment if comment.starts_with(DIRECTIVE) => Kind::Directive,
                        _ => continue,
                    }
                }
                '/' if self.rest().starts_with("/*") => {
                    self.block_comment()?;
                    continue;
                }
                '\'' => self.quoted('\'', false, "the string does not end")?,
                '"' => {
                    self.quoted('"', false, "the quoted name does not end")?;
                    Kind::Name
                }
                '$' => self.dollar_quoted()?,
                _ if is_word_start(first) => {
                    self.skip(is_word_part);
                    let escapes = self.text[start..self.at].eq_ignore_ascii_case("e");
                    if escapes && self.rest().starts_with('\'') {
                        self.quoted('\'', true, "the string does not end")?
                    } else {
                        Kind::Word
                    }
                }
                _ if first.is_ascii_digit() => {
                    self.skip(|c| is_word_part(c) || c == '.');
                    Kind::Other
                }
                ';' => {
                    self.at += 1;
                    Kind::Semicolon
                }
                _ => {
                    self.at += first.len_utf8();
                    Kind::Other
                }
            };
            return Ok(Some(Token { kind, start, end: self.at }));
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }

    /// A string or a name; a doubled quote stands for itself, and so does any character behind a backslash if the
    /// string has escapes.
    fn quoted(&mut self, quote: char, escapes: bool, unclosed: &'static str) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.rest().chars().next() {
                None => return Err(Self::unclosed(start, unclosed)),
                Some('\\') if escapes => {
                    self.at += 1;
                    self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                }
                Some(c) if c == quote => {
                    self.at += 1;
                    if !self.rest().starts_with(quote) {
                        return Ok(Kind::Other);
                    }
                    self.at += 1;
                }
                Some(c) => self.at += c.len_utf8(),
            }
        }
    }

    /// `$tag$ … $tag$`, where the tag may be empty; any other dollar sign is a character like others.
    fn dollar_quoted(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        let rest = self.rest();
        let tag_end = rest[1..].find('$').map(|end| end + 2);
        let tag = tag_end.map(|end| &rest[..end]).filter(|tag| {
            let name = &tag[1..tag.len() - 1];
            name.chars().next().is_none_or(is_word_start) && name.chars().all(|c| is_word_part(c) && c != '$')
        });
        let Some(tag) = tag else {
            self.at += 1;
            return Ok(Kind::Other);
        };
        let body = &rest[tag.len()..];
        let end =
            body.find(tag).ok_or_else(|| Self::unclosed(start, "the dollar-quoted string does not end"))?;
        self.at = start + tag.len() + end + tag.len();
        Ok(Kind::Other)
    }

    /// Block comments nest.
    fn block_comment(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                let c =
                    rest.chars().next().ok_or_else(|| Self::unclosed(start, "the comment does not end"))?;
                self.at += c.len_utf8();
            }
        }
    }

    fn unclosed(offset: usize, what: &'static str) -> Fault {
        Fault { offset, what, cure: "close what begins here" }
    }
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_word_part(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit() || c == '$'
}
