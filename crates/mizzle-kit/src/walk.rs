//! How an `UPDATE` or `DELETE` over a whole table is cut into chunks: what it says, by its shape.

use crate::lexer::{Kind, Lexer, Token};
use crate::tokens::{Name, Tokens};

/// A way to run a statement in chunks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunks<'a> {
    /// Along the primary key of the table: the statement is cut at its condition.
    Keys(Walk<'a>),
    /// As it is, until it changes nothing, or fewer rows than its own limit lets it.
    Repeat(Repeat<'a>),
    /// It would change the same rows for ever.
    Endless,
}

/// A statement on one table without a limit of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Walk<'a> {
    pub(crate) table: Name,
    /// Everything before WHERE.
    head: &'a str,
    /// The condition, if it has one.
    pub(crate) condition: Option<&'a str>,
}

/// A statement around the number behind its `LIMIT`, if it has one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repeat<'a> {
    before: &'a str,
    pub(crate) limit: Option<usize>,
    after: &'a str,
}

impl Walk<'_> {
    /// The statement, over the rows for which this holds too.
    pub(crate) fn sql(&self, range: &str) -> String {
        match self.condition {
            Some(condition) => format!("{} WHERE ({condition}) AND {range}", self.head),
            None => format!("{} WHERE {range}", self.head),
        }
    }
}

impl Repeat<'_> {
    /// The statement with at most so many rows.
    pub(crate) fn sql(&self, rows: usize) -> String {
        match self.limit {
            Some(limit) => format!("{}{}{}", self.before, limit.min(rows), self.after),
            None => self.before.to_owned(),
        }
    }

    /// Whether a statement of at most `rows` rows that changed so many has left nothing: behind writers that never
    /// stop there is always something more.
    pub(crate) fn is_last(&self, rows: usize, changed: u64) -> bool {
        changed == 0 || self.limit.is_some_and(|limit| changed < limit.min(rows) as u64)
    }
}

/// Cuts a statement.
pub(crate) fn chunks(sql: &str) -> Chunks<'_> {
    let walk = walk(sql);
    // A LIMIT in the values says nothing about how many rows there are.
    let from = walk.as_ref().map_or(0, |walk| walk.head.len());
    if let Some(repeat) = limited(sql, from) {
        return Chunks::Repeat(repeat);
    }
    match walk {
        Some(walk) => Chunks::Keys(walk),
        None if !Tokens::of(sql).has("WHERE") => Chunks::Endless,
        None => Chunks::Repeat(Repeat { before: sql, limit: None, after: "" }),
    }
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(sql);
    std::iter::from_fn(|| lexer.next().ok().flatten()).collect()
}

fn limited(sql: &str, from: usize) -> Option<Repeat<'_>> {
    let mut tokens = tokens(sql);
    tokens.retain(|token| token.start >= from);
    let is_limit =
        |token: &Token| token.kind == Kind::Word && sql[token.start..token.end].eq_ignore_ascii_case("LIMIT");
    let at = tokens.iter().position(is_limit)?;
    let number = tokens.get(at + 1).filter(|number| sql[number.start..number.end].parse::<usize>().is_ok());
    let several = tokens.iter().filter(|token| is_limit(token)).count() > 1;
    Some(match number.filter(|_| !several) {
        Some(number) => Repeat {
            before: &sql[..number.start],
            limit: sql[number.start..number.end].parse().ok(),
            after: &sql[number.end..],
        },
        None => Repeat { before: sql, limit: None, after: "" },
    })
}

/// `UPDATE t SET … [WHERE …]` and `DELETE FROM t [WHERE …]`; an alias, a join or RETURNING is more than we cut.
fn walk(sql: &str) -> Option<Walk<'_>> {
    let mut head = Tokens::of(sql);
    let updates = head.take("UPDATE");
    (updates || head.take_all(&["DELETE", "FROM"])).then_some(())?;
    let table = head.qualified()?;
    (if updates { head.is("SET") } else { head.is_at_end() || head.is("WHERE") }).then_some(())?;

    let mut depth = 0_usize;
    let mut condition = None;
    for token in tokens(sql) {
        match &sql[token.start..token.end] {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth > 0 || token.kind != Kind::Word => {}
            word if word.eq_ignore_ascii_case("FROM") && updates => return None,
            word if word.eq_ignore_ascii_case("USING") || word.eq_ignore_ascii_case("RETURNING") => {
                return None;
            }
            word if word.eq_ignore_ascii_case("WHERE") => condition = Some((token.start, token.end)),
            _ => {}
        }
    }
    Some(match condition {
        Some((start, end)) => {
            Walk { table, head: sql[..start].trim_end(), condition: Some(sql[end..].trim()) }
        }
        None => Walk { table, head: sql, condition: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expect: &str) {
        let got = match chunks(sql) {
            Chunks::Keys(walk) => format!("{}: {}", walk.table.name, walk.sql("id > 1")),
            Chunks::Repeat(repeat) => format!("again: {}", repeat.sql(7)),
            Chunks::Endless => "endless".into(),
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn a_statement_on_one_table_goes_along_its_keys() {
        check("UPDATE t SET a = b", "t: UPDATE t SET a = b WHERE id > 1");
        check(
            "UPDATE \"T\" SET a = (SELECT b FROM u WHERE u.id = t.id)\nWHERE a IS NULL OR b",
            "T: UPDATE \"T\" SET a = (SELECT b FROM u WHERE u.id = t.id) WHERE (a IS NULL OR b) AND id > 1",
        );
        check("DELETE FROM s.t WHERE old", "t: DELETE FROM s.t WHERE (old) AND id > 1");
        check(
            "UPDATE t SET a = (SELECT b FROM u LIMIT 1) WHERE a IS NULL",
            "t: UPDATE t SET a = (SELECT b FROM u LIMIT 1) WHERE (a IS NULL) AND id > 1",
        );
    }

    #[test]
    fn a_statement_with_a_limit_takes_fewer_rows_when_asked() {
        check(
            "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 3000)",
            "again: UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 7)",
        );
        check(
            "DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 5)",
            "again: DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 5)",
        );
    }

    #[test]
    fn what_cannot_be_cut_runs_again_as_it_is_if_that_can_end() {
        let join = "UPDATE t SET a = u.a FROM u WHERE u.id = t.id AND t.a IS NULL";
        check(join, &format!("again: {join}"));
        check("INSERT INTO t SELECT id FROM u", "endless");
    }
}
