//! The names in a piece of SQL that a declaration carries: enough to find a column that is not there, no parser.

use std::collections::BTreeSet;

/// PostgreSQL's key words (`pg_get_keywords()`, version 16) and the fields of EXTRACT: none of them is taken for a column that
/// is missing.
const WORDS: &str = " \
 abort absent absolute access action add admin after aggregate all also alter always analyse analyze and any array as asc \
 asensitive assertion assignment asymmetric at atomic attach attribute authorization backward before begin between bigint \
 binary bit boolean both breadth by cache call called cascade cascaded case cast catalog century chain char character \
 characteristics check checkpoint class close cluster coalesce collate collation column columns comment comments commit \
 committed compression concurrently configuration conflict connection constraint constraints content continue conversion \
 copy cost create cross csv cube current current_catalog current_date current_role current_schema current_time \
 current_timestamp current_user cursor cycle data database day deallocate dec decade decimal declare default defaults \
 deferrable deferred definer delete delimiter delimiters depends depth desc detach dictionary disable discard distinct do \
 document domain double dow doy drop each else enable encoding encrypted end enum epoch escape event except exclude \
 excluding exclusive execute exists explain expression extension external extract false family fetch filter finalize first \
 float following for force foreign format forward freeze from full function functions generated global grant granted \
 greatest group grouping groups handler having header hold hour identity if ilike immediate immutable implicit import in \
 include including increment indent index indexes inherit inherits initially inline inner inout input insensitive insert \
 instead int integer intersect interval into invoker is isnull isodow isolation isoyear join json json_array json_arrayagg \
 json_object json_objectagg julian key keys label language large last lateral leading leakproof least left level like limit \
 listen load local localtime localtimestamp location lock locked logged mapping match matched materialized maxvalue merge \
 method microseconds millennium milliseconds minute minvalue mode month move name names national natural nchar new next \
 nfc nfd nfkc nfkd no none normalize normalized not nothing notify notnull nowait null nullif nulls numeric object of off \
 offset oids old on only operator option options or order ordinality others out outer over overlaps overlay overriding \
 owned owner parallel parameter parser partial partition passing password placing plans policy position preceding precision \
 prepare prepared preserve primary prior privileges procedural procedure procedures program publication quarter quote range \
 read real reassign recheck recursive ref references referencing refresh reindex relative release rename repeatable replace \
 replica reset restart restrict return returning returns revoke right role rollback rollup routine routines row rows rule \
 savepoint scalar schema schemas scroll search second security select sequence sequences serializable server session \
 session_user set setof sets share show similar simple skip smallint snapshot some sql stable standalone start statement \
 statistics stdin stdout storage stored strict strip subscription substring support symmetric sysid system system_user \
 table tables tablesample tablespace temp template temporary text then ties time timestamp timezone timezone_hour \
 timezone_minute to trailing transaction transform treat trigger trim true truncate trusted type types uescape unbounded \
 uncommitted unencrypted union unique unknown unlisten unlogged until update user using vacuum valid validate validator \
 value values varchar variadic varying verbose version view views volatile week when where whitespace window with within \
 without work wrapper write xml xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot \
 xmlserialize xmltable year yes zone ";

/// What a piece of SQL names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Names {
    /// The columns of the table, in the order of their first mention.
    pub(crate) columns: Vec<String>,
    /// Names that are neither a column nor anything else that is known.
    pub(crate) unknown: Vec<String>,
}

/// Reads the names. `columns` are those of the table.
///
/// # Errors
/// A string, an identifier or a parenthesis that does not end; more than one statement.
pub(crate) fn names(sql: &str, columns: &[String]) -> Result<Names, &'static str> {
    let tokens = tokens(sql)?;
    let mut names = Names::default();
    let mut seen = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let (name, quoted) = match token {
            Token::Word(word) => (word, false),
            Token::Quoted(name) => (name, true),
            _ => continue,
        };
        if columns.contains(name) && !is_call(&tokens, at) {
            if seen.insert(name.clone()) {
                names.columns.push(name.clone());
            }
        } else if !is_something_else(&tokens, at, name, quoted) {
            names.unknown.push(name.clone());
        }
    }
    Ok(names)
}

/// The function that the whole of an expression calls: `lower` of `lower(name)`.
pub(crate) fn function(sql: &str) -> Option<String> {
    let tokens = tokens(sql).ok()?;
    let (Token::Word(name), Token::Open) = (tokens.first()?, tokens.get(1)?) else { return None };
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        if at > 0 && depth == 0 {
            return (at + 1 == tokens.len()).then(|| name.clone());
        }
    }
    None
}

/// A value as SQL writes it: `it's` → `'it''s'`.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[derive(Debug, PartialEq)]
enum Token {
    /// In lower case, as PostgreSQL reads it.
    Word(String),
    Quoted(String),
    Text,
    Open,
    Close,
    Dot,
    Cast,
    Other,
}

fn is_call(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1) == Some(&Token::Open)
}

fn is_something_else(tokens: &[Token], at: usize, name: &str, quoted: bool) -> bool {
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let is_type = matches!(before, Some(Token::Cast))
        || matches!(before, Some(Token::Word(word)) if word == "as" || word == "precision");
    let is_literal = tokens.get(at + 1) == Some(&Token::Text);
    let is_qualifier = tokens.get(at + 1) == Some(&Token::Dot);
    let is_word = !quoted && WORDS.contains(&format!(" {name} "));
    is_type || is_literal || is_qualifier || is_word || is_call(tokens, at)
}

fn tokens(sql: &str) -> Result<Vec<Token>, &'static str> {
    let letters: Vec<char> = sql.chars().collect();
    let mut tokens = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let next = letters.get(at + 1).copied();
        let start = at;
        at += 1;
        match letter {
            ';' => return Err("one expression is needed here, without `;`"),
            '-' if next == Some('-') => return Err("SQL in an attribute takes no comments"),
            '/' if next == Some('*') => return Err("SQL in an attribute takes no comments"),
            '\'' => {
                at = end_of_quoted(&letters, start).ok_or("a string in this SQL does not end")?;
                tokens.push(Token::Text);
            }
            '"' => {
                at = end_of_quoted(&letters, start).ok_or("a quoted name in this SQL does not end")?;
                let name: String = letters[start + 1..at - 1].iter().collect();
                tokens.push(Token::Quoted(name.replace("\"\"", "\"")));
            }
            '(' => {
                depth += 1;
                tokens.push(Token::Open);
            }
            ')' => {
                depth = depth.checked_sub(1).ok_or("a parenthesis in this SQL does not begin")?;
                tokens.push(Token::Close);
            }
            ':' if next == Some(':') => {
                at += 1;
                tokens.push(Token::Cast);
            }
            '.' => tokens.push(Token::Dot),
            letter if letter.is_alphabetic() || letter == '_' => {
                while at < letters.len() && is_word_letter(letters[at]) {
                    at += 1;
                }
                let word: String = letters[start..at].iter().collect();
                tokens.push(Token::Word(word.to_lowercase()));
            }
            letter if letter.is_ascii_digit() => {
                while at < letters.len() && (is_word_letter(letters[at]) || letters[at] == '.') {
                    at += 1;
                }
                tokens.push(Token::Other);
            }
            letter if letter.is_whitespace() => {}
            _ => tokens.push(Token::Other),
        }
    }
    if depth > 0 {
        return Err("a parenthesis in this SQL does not end");
    }
    Ok(tokens)
}

fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// Behind the closing quote of what opens at `start`; a doubled quote is part of the text.
fn end_of_quoted(letters: &[char], start: usize) -> Option<usize> {
    let quote = letters[start];
    let mut at = start + 1;
    while at < letters.len() {
        if letters[at] == quote {
            if letters.get(at + 1) != Some(&quote) {
                return Some(at + 1);
            }
            at += 1;
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Names, function, names};

    fn check(sql: &str, columns: &[&str], unknown: &[&str]) {
        let declared = ["weight", "born", "name", "Odd Name"].map(String::from);
        let owned = |names: &[&str]| names.iter().copied().map(String::from).collect();
        assert_eq!(
            names(sql, &declared),
            Ok(Names { columns: owned(columns), unknown: owned(unknown) }),
            "{sql}"
        );
    }

    #[test]
    fn columns_are_told_from_words_functions_types_and_strings() {
        check("weight > 0", &["weight"], &[]);
        check("Weight BETWEEN 0 AND 10", &["weight"], &[]);
        check("wieght > 0", &[], &["wieght"]);
        check("lower(name) = 'wieght'", &["name"], &[]);
        check("\"Odd Name\" IS NOT NULL OR \"odd name\" = 1", &["Odd Name"], &["odd name"]);
        check("born > date '2020-01-01' AND weight::numeric < 5e3", &["born", "weight"], &[]);
        check("CAST(weight AS int8) > 1 AND extract(epoch from born) > 0", &["weight", "born"], &[]);
        check("pet.weight > pet.length", &["weight"], &["length"]);
        check("name ~ '^[a-z]''s$' and name <> ''", &["name"], &[]);
    }

    #[test]
    fn sql_that_does_not_end_is_refused() {
        let refused = |sql| names(sql, &[]).unwrap_err();
        assert_eq!(refused("lower('x"), "a string in this SQL does not end");
        assert_eq!(refused("(1"), "a parenthesis in this SQL does not end");
        assert_eq!(refused("1)"), "a parenthesis in this SQL does not begin");
        assert_eq!(refused("\"a"), "a quoted name in this SQL does not end");
        assert_eq!(refused("1; drop table t"), "one expression is needed here, without `;`");
        assert_eq!(refused("1 -- no"), "SQL in an attribute takes no comments");
    }

    #[test]
    fn an_expression_is_named_after_the_function_that_it_is() {
        assert_eq!(function("lower(name)").as_deref(), Some("lower"));
        assert_eq!(function("lower(name) || 'x'"), None);
        assert_eq!(function("weight * 2"), None);
    }
}
