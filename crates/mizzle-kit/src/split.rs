//! Cuts the text of a migration into statements at its separators, reading SQL only as far as needed to be sure.
//!
//! A separator is the comment `--> statement-breakpoint`, on a line of its own or behind a statement, which is how
//! Drizzle writes its files. Inside a string, a quoted name or another comment it is just text. What stands between
//! two separators must be exactly one statement: a second one is refused rather than cut off by a semicolon, since a
//! wrong cut would run half a statement.

/// The comment that ends a statement.
pub(crate) const SEPARATOR: &str = "--> statement-breakpoint";

/// One statement, from its first token to its last, without the semicolon and the comments around it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) sql: &'a str,
    /// Where it begins in the text, in bytes.
    pub(crate) offset: usize,
}

/// Why a text is refused, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
    pub(crate) cure: &'static str,
}

/// The statements of a text.
pub(crate) fn split(text: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut open = Open::default();
    // Where an empty statement is reported: at the start, or at the separator with nothing behind it.
    let mut begin = 0;
    let mut lexer = Lexer { text, at: 0 };
    while let Some(token) = lexer.next()? {
        match token.kind {
            Kind::Separator => {
                pieces.push(open.finish(text).ok_or_else(|| empty(token.start))?);
                open = Open::default();
                begin = token.start;
            }
            Kind::Semicolon if open.depth == 0 => open.ended = true,
            Kind::Word | Kind::Semicolon | Kind::Other => open.push(text, &token)?,
        }
    }
    pieces.push(open.finish(text).ok_or_else(|| empty(begin))?);
    Ok(pieces)
}

fn empty(offset: usize) -> Fault {
    Fault {
        offset,
        what: "the statement is empty",
        cure: "write a statement on each side of every `--> statement-breakpoint`, or remove the separator",
    }
}

/// The statement being read.
#[derive(Default)]
struct Open {
    span: Option<(usize, usize)>,
    ended: bool,
    /// How many blocks are open, counted from a `BEGIN ATOMIC` on: inside, semicolons do not end the statement.
    depth: usize,
    after_begin: bool,
}

impl Open {
    fn push(&mut self, text: &str, token: &Token) -> Result<(), Fault> {
        if self.ended {
            return Err(Fault {
                offset: token.start,
                what: "a second statement begins here",
                cure: "put a line `--> statement-breakpoint` between the two: each runs in a transaction of its own",
            });
        }
        let word = &text[token.start..token.end];
        if self.span.is_none() && is_transaction_control(word) {
            return Err(Fault {
                offset: token.start,
                what: "a migration cannot begin or end transactions",
                cure: "remove the statement: each of the others runs in a transaction of its own, as DSQL demands for DDL",
            });
        }
        self.count_blocks(word);
        self.span = Some((self.span.map_or(token.start, |(start, _)| start), token.end));
        Ok(())
    }

    fn count_blocks(&mut self, word: &str) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if self.depth == 0 {
            self.depth = usize::from(self.after_begin && is("ATOMIC"));
        } else if is("CASE") || is("BEGIN") {
            self.depth += 1;
        } else if is("END") {
            self.depth -= 1;
        }
        self.after_begin = is("BEGIN");
    }

    fn finish<'a>(&self, text: &'a str) -> Option<Piece<'a>> {
        self.span.map(|(start, end)| Piece { sql: &text[start..end], offset: start })
    }
}

fn is_transaction_control(word: &str) -> bool {
    ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

enum Kind {
    Separator,
    Semicolon,
    Word,
    /// A string, a quoted name, a number or one character of an operator.
    Other,
}

/// PostgreSQL's lexical rules, as far as they say where a token ends (manual, "Lexical Structure").
struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    /// The next token that is not white space or a comment.
    fn next(&mut self) -> Result<Option<Token>, Fault> {
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
                    if self.text[start..self.at].trim_end() != SEPARATOR {
                        continue;
                    }
                    Kind::Separator
                }
                '/' if self.rest().starts_with("/*") => {
                    self.block_comment()?;
                    continue;
                }
                '\'' => self.quoted('\'', false, "the string does not end")?,
                '"' => self.quoted('"', false, "the quoted name does not end")?,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The statements joined by `|`, or the fault and the text that stands there.
    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = match split(text) {
            Ok(pieces) => {
                for piece in &pieces {
                    assert!(text[piece.offset..].starts_with(piece.sql));
                }
                pieces.iter().map(|piece| piece.sql).collect::<Vec<_>>().join("|")
            }
            Err(fault) => {
                let there = text[fault.offset..].lines().next().unwrap_or_default();
                format!("{} at {there:?}", fault.what)
            }
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn drizzles_separators_cut_on_a_line_of_their_own_and_behind_a_statement() {
        check("SELECT 1;\n--> statement-breakpoint\nSELECT 2;", "SELECT 1|SELECT 2");
        check("SELECT 1;--> statement-breakpoint\r\nSELECT 2", "SELECT 1|SELECT 2");
        check("SELECT 1 --> statement-breakpoint  \n\n  SELECT 2 ;;\n", "SELECT 1|SELECT 2");
    }

    #[test]
    fn comments_around_a_statement_are_not_part_of_it() {
        check("-- owners\n/* a /* nested */ one; */ SELECT /* x */ 1; -- done\n", "SELECT /* x */ 1");
        check("-- > statement-breakpoint\nSELECT 1", "SELECT 1");
    }

    #[test]
    fn a_separator_inside_a_token_is_text() {
        check("SELECT '\n--> statement-breakpoint\n'", "SELECT '\n--> statement-breakpoint\n'");
        check("SELECT $a$\n--> statement-breakpoint\n;$a$", "SELECT $a$\n--> statement-breakpoint\n;$a$");
        check(
            "SELECT 1 /*\n--> statement-breakpoint\n*/ + 1",
            "SELECT 1 /*\n--> statement-breakpoint\n*/ + 1",
        );
    }

    #[test]
    fn semicolons_inside_tokens_and_bodies_do_not_end_a_statement() {
        check(
            "SELECT ';', E'\\';', \"a;\"\"b\", 'x'';', $$;$$, $1, a$b$c",
            "SELECT ';', E'\\';', \"a;\"\"b\", 'x'';', $$;$$, $1, a$b$c",
        );
        let function =
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END";
        check(&format!("{function};"), function);
        check(&format!("{function}; SELECT 3"), "a second statement begins here at \"SELECT 3\"");
    }

    #[test]
    fn a_second_statement_needs_a_separator() {
        check("SELECT 1;\nSELECT 2;", "a second statement begins here at \"SELECT 2;\"");
    }

    #[test]
    fn empty_statements_are_refused_where_they_are() {
        check("", "the statement is empty at \"\"");
        check("-- nothing\n;", "the statement is empty at \"-- nothing\"");
        check(
            "SELECT 1;\n--> statement-breakpoint\n\n",
            "the statement is empty at \"--> statement-breakpoint\"",
        );
        check("--> statement-breakpoint\nSELECT 1", "the statement is empty at \"--> statement-breakpoint\"");
    }

    #[test]
    fn transactions_belong_to_the_runner() {
        check("begin;", "a migration cannot begin or end transactions at \"begin;\"");
        check(
            "SELECT 1;\n--> statement-breakpoint\nCOMMIT",
            "a migration cannot begin or end transactions at \"COMMIT\"",
        );
        check("SELECT begin FROM t", "SELECT begin FROM t");
    }

    #[test]
    fn what_does_not_end_is_refused_where_it_begins() {
        check("SELECT 'a", "the string does not end at \"'a\"");
        check("SELECT \"a", "the quoted name does not end at \"\\\"a\"");
        check("SELECT $x$ a $y$", "the dollar-quoted string does not end at \"$x$ a $y$\"");
        check("SELECT 1 /* /* */", "the comment does not end at \"/* /* */\"");
    }
}
