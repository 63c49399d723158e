//! Cuts the text of a migration into statements at its separators, reading SQL only as far as needed to be sure.
//!
//! A separator is the comment `--> statement-breakpoint`, on a line of its own or behind a statement, which is how
//! Drizzle writes its files. Inside a string, a quoted name or another comment it is just text. What stands between
//! two separators must be exactly one statement: a second one is refused rather than cut off by a semicolon, since a
//! wrong cut would run half a statement.

use crate::lexer::{DIRECTIVE, Fault, Kind, Lexer, Token};

/// The comment that ends a statement.
pub(crate) const SEPARATOR: &str = "--> statement-breakpoint";

/// How a text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// At separators, with a statement on each side.
    Strictly,
    /// At separators; a piece without a statement is left out.
    Loosely,
    /// At semicolons too.
    Semicolons,
}

/// A comment line that speaks to us: its text behind the mark, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remark<'a> {
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
}

/// One statement, from its first token to its last, without the semicolon and the comments around it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) sql: &'a str,
    /// Where it begins in the text, in bytes.
    pub(crate) offset: usize,
    /// What is said to us in front of it.
    pub(crate) remarks: Vec<Remark<'a>>,
}

/// The statements of a text.
pub(crate) fn split(text: &str, cut: Cut) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut open = Open::default();
    // Where an empty statement is reported: at the start, or at the separator with nothing behind it.
    let mut begin = 0;
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next()? {
        match token.kind {
            Kind::Separator => {
                end(std::mem::take(&mut open), text, cut, begin.max(token.start), &mut pieces)?;
                begin = token.start;
            }
            Kind::Directive => open.directive(text, &token)?,
            Kind::Semicolon if open.depth == 0 => open.ended = true,
            _ if open.ended && open.span.is_some() && cut == Cut::Semicolons => {
                end(std::mem::take(&mut open), text, cut, begin, &mut pieces)?;
                open.push(text, &token)?;
            }
            _ => open.push(text, &token)?,
        }
    }
    if pieces.is_empty() && begin == 0 && open.span.is_none() {
        return Err(Fault {
            offset: text.len(),
            what: "the migration has no statement yet",
            cure: "write its statements here, or remove its folder",
        });
    }
    end(open, text, cut, begin, &mut pieces)?;
    if pieces.is_empty() { Err(empty(begin)) } else { Ok(pieces) }
}

fn end<'a>(
    open: Open<'a>,
    text: &'a str,
    cut: Cut,
    begin: usize,
    pieces: &mut Vec<Piece<'a>>,
) -> Result<(), Fault> {
    match open.finish(text) {
        Some(piece) => pieces.push(piece),
        // Drizzle leaves such pieces out.
        None if cut != Cut::Strictly => {}
        None => return Err(empty(begin)),
    }
    Ok(())
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
struct Open<'a> {
    remarks: Vec<Remark<'a>>,
    span: Option<(usize, usize)>,
    ended: bool,
    /// How many blocks are open, counted from a `BEGIN ATOMIC` on: inside, semicolons do not end the statement.
    depth: usize,
    after_begin: bool,
}

impl<'a> Open<'a> {
    fn directive(&mut self, text: &'a str, token: &Token) -> Result<(), Fault> {
        if self.span.is_some() {
            return Err(Fault {
                offset: token.start,
                what: "a comment for the runner stands inside or behind a statement",
                cure: "put it on a line of its own before the statement that it is about",
            });
        }
        let text = text[token.start..token.end].trim_end();
        self.remarks.push(Remark { text: text[DIRECTIVE.len()..].trim(), offset: token.start });
        Ok(())
    }

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

    fn finish(self, text: &'a str) -> Option<Piece<'a>> {
        let (start, end) = self.span?;
        Some(Piece { sql: &text[start..end], offset: start, remarks: self.remarks })
    }
}

fn is_transaction_control(word: &str) -> bool {
    ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statements joined by `|`, or the fault and the text that stands there.
    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = match split(text, Cut::Strictly) {
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
        check("", "the migration has no statement yet at \"\"");
        check("-- nothing\n;", "the migration has no statement yet at \"\"");
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

    #[test]
    fn what_is_said_to_the_runner_stands_before_its_statement() {
        let text = "-- mizzle: a\n-- b\nSELECT 1;\n--> statement-breakpoint\n-- mizzle:  backfill \nSELECT 2";
        let pieces = split(text, Cut::Strictly).expect("two good statements");
        let remarks =
            |piece: &Piece<'_>| piece.remarks.iter().map(|remark| remark.text.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            (remarks(&pieces[0]), remarks(&pieces[1])),
            (vec!["a".to_owned()], vec!["backfill".to_owned()])
        );
        check(
            "SELECT 1\n-- mizzle: wait",
            "a comment for the runner stands inside or behind a statement at \"-- mizzle: wait\"",
        );
    }

    #[test]
    fn drizzles_files_may_have_empty_pieces_or_no_separators() {
        let sql = |text, cut| {
            split(text, cut).map(|pieces| pieces.iter().map(|p| p.sql).collect::<Vec<_>>().join("|"))
        };
        let text = "SELECT 1;\n--> statement-breakpoint\n\n--> statement-breakpoint\nSELECT 2;";
        assert_eq!(sql(text, Cut::Loosely).as_deref(), Ok("SELECT 1|SELECT 2"));
        assert_eq!(
            sql("SELECT ';';\nSELECT 2; -- x\n", Cut::Semicolons).as_deref(),
            Ok("SELECT ';'|SELECT 2")
        );
        assert!(sql("SELECT 1; SELECT 2", Cut::Loosely).is_err() && sql("-- x", Cut::Loosely).is_err());
    }
}
