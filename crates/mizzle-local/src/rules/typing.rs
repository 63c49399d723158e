//! Shapes around columns: their types, their sequences, their number.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::shape::{self, bare};
use super::{settable, setting};
use crate::statement::{Mode, Tree};

/// Types that PostgreSQL has and no column of Aurora DSQL can have.
const NO_COLUMN: &[&str] = &[
    "money",
    "xml",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "tsvector",
    "tsquery",
    "bit",
    "varbit",
    "pg_lsn",
    "pg_snapshot",
    "txid_snapshot",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "tsmultirange",
    "tstzmultirange",
    "datemultirange",
    "jsonpath",
    "refcursor",
    "hstore",
    "citext",
    "vector",
    "geometry",
    "geography",
    "oid",
    "regclass",
    "regtype",
    "regproc",
    "regprocedure",
    "regrole",
    "regnamespace",
    "tid",
    "xid",
    "xid8",
    "cid",
    "name",
    "\"char\"",
];

/// Not types but short for an integer and a sequence, which Aurora DSQL does not make.
const SERIAL: &[&str] = &["serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"];

/// Sequences may cache one value or at least this many.
const CACHE: u64 = 65_536;

/// The first column of a serial type.
pub(super) fn serial_type(tree: &Tree) -> Option<String> {
    let mut types = columns(tree).filter_map(|column| type_of(&column)).map(|node| type_name(&node));
    types.find(|name| SERIAL.contains(&name.as_str()))
}

/// The first column type that Aurora DSQL lacks.
pub(super) fn column_type(tree: &Tree) -> Option<String> {
    columns(tree).filter_map(|column| type_of(&column)).find_map(|node| {
        let name = type_name(&node);
        let lacking = matches!(node.kind(), K::ARRAY_TYPE | K::BIT_TYPE | K::BIT_VARYING_TYPE)
            || NO_COLUMN.contains(&name.as_str());
        lacking.then_some(name)
    })
}

/// `char(n)` over 4096.
pub(super) fn wide_char(tree: &Tree) -> Option<String> {
    wide(tree, &["char", "character", "bpchar"], 4_096)
}

/// `varchar(n)` over 65535.
pub(super) fn wide_varchar(tree: &Tree) -> Option<String> {
    wide(tree, &["varchar", "character varying", "char varying"], 65_535)
}

/// The type of an identity column that is not `bigint`.
pub(super) fn identity_type(tree: &Tree) -> Option<String> {
    let mut identities = columns(tree).filter(|column| has(column, K::GENERATED_IDENTITY));
    identities.find_map(|column| not_bigint(&type_of(&column)?))
}

/// The type of a sequence that is not `bigint`.
pub(super) fn sequence_type(tree: &Tree) -> Option<String> {
    let mut types = tree.nodes().filter(|node| node.kind() == K::OPTION_AS_TYPE);
    types.find_map(|option| not_bigint(&option.first_child()?))
}

/// A CACHE between the legal sizes.
pub(super) fn cache_size(tree: &Tree) -> Option<String> {
    let mut options = tree.nodes().filter(|node| node.kind() == K::OPTION_CACHE);
    options.find_map(|option| {
        let size = option.first_child()?.text().to_string();
        let legal = size.parse::<u64>().is_ok_and(|size| size == 1 || size >= CACHE);
        (!legal).then_some(size)
    })
}

/// A new sequence or identity without CACHE.
pub(super) fn cache_missing(tree: &Tree) -> Option<String> {
    tree.nodes().find_map(|node| {
        let needs = matches!(node.kind(), K::CREATE_SEQUENCE | K::GENERATED_IDENTITY | K::ADD_GENERATED);
        (needs && !has(&node, K::OPTION_CACHE)).then(String::new)
    })
}

/// More columns than a table can have.
pub(super) fn many_columns(tree: &Tree) -> Option<String> {
    let count = tree.nodes().filter(|node| node.kind() == K::COLUMN).count();
    (tree.kind() == Some(K::CREATE_TABLE) && count > 255).then(String::new)
}

/// A key of more than eight columns.
pub(super) fn many_keys(tree: &Tree) -> Option<String> {
    let count = |node: &SyntaxNode, kind| node.children().filter(|child| child.kind() == kind).count();
    tree.nodes().find_map(|node| {
        let keys = match node.kind() {
            K::PARTITION_ITEM_LIST
                if node.parent().is_some_and(|parent| parent.kind() == K::CREATE_INDEX) =>
            {
                count(&node, K::PARTITION_ITEM)
            }
            K::CONSTRAINT_COLUMN_REF_LIST => count(&node, K::COLUMN_NAME_REF),
            _ => 0,
        };
        (keys > 8).then(String::new)
    })
}

/// An ADD COLUMN that says more than a name, a type and a STORAGE.
pub(super) fn added_constraint(tree: &Tree) -> Option<String> {
    let mut added = tree.nodes().filter(|node| node.kind() == K::ADD_COLUMN);
    added.find_map(|column| {
        column.children().find_map(|part| {
            let word = match part.kind() {
                K::NOT_NULL_CONSTRAINT => "NOT NULL",
                K::DEFAULT_CONSTRAINT => "DEFAULT",
                K::CHECK_CONSTRAINT => "CHECK",
                K::UNIQUE_CONSTRAINT => "UNIQUE",
                K::PRIMARY_KEY_CONSTRAINT => "PRIMARY KEY",
                K::REFERENCES_CONSTRAINT => "REFERENCES",
                K::GENERATED_CONSTRAINT => "GENERATED",
                _ => return None,
            };
            Some(word.to_owned())
        })
    })
}

/// A CHECK or FOREIGN KEY added without NOT VALID.
pub(super) fn added_valid(tree: &Tree) -> Option<String> {
    let mut added = tree.nodes().filter(|node| node.kind() == K::ADD_CONSTRAINT);
    added.find_map(|action| {
        let constraint = action.first_child()?;
        let word = match constraint.kind() {
            K::CHECK_CONSTRAINT => "CHECK",
            K::FOREIGN_KEY_CONSTRAINT => "FOREIGN KEY",
            _ => return None,
        };
        (!has(&constraint, K::NOT_VALID)).then(|| word.to_owned())
    })
}

/// A UNIQUE added without USING INDEX.
pub(super) fn added_unique(tree: &Tree) -> Option<String> {
    let mut added = tree.nodes().filter(|node| node.kind() == K::ADD_CONSTRAINT);
    added.find_map(|action| {
        let constraint = action.first_child()?;
        let plain = constraint.kind() == K::UNIQUE_CONSTRAINT && !has(&constraint, K::USING_INDEX_NAME);
        plain.then(String::new)
    })
}

/// `SET` or `RESET` of a parameter that is not to be set.
pub(super) fn set_parameter(tree: &Tree) -> Option<String> {
    if !matches!(tree.kind(), Some(K::SET | K::RESET)) {
        return None;
    }
    let mut names = tree.nodes().filter(|node| node.kind() == K::CONFIG_PARAMETER_REF);
    let name = names.next().map(|node| bare(&node.text().to_string()))?;
    (!settable(&name)).then_some(name)
}

/// `set_config` of a parameter that is not to be set.
pub(super) fn set_config(tree: &Tree) -> Option<String> {
    let mut calls = tree.nodes().filter(|node| node.kind() == K::CALL_EXPR);
    calls.find_map(|call| {
        if shape::function_name(&call)? != "set_config" {
            return None;
        }
        let list = call.children().find(|child| child.kind() == K::ARG_LIST)?;
        let name = list.first_child()?.text().to_string();
        let name = name.trim_matches('\'').to_lowercase();
        (!setting::settable(&name)).then_some(name)
    })
}

/// The language of a function that is not SQL.
pub(super) fn function_language(tree: &Tree) -> Option<String> {
    if tree.kind() != Some(K::CREATE_FUNCTION) {
        return None;
    }
    let language = tree.nodes().find(|node| node.kind() == K::LANGUAGE_REF)?;
    let name = bare(language.text().to_string().trim_matches('\''));
    (name != "sql").then_some(name)
}

/// An isolation level other than the only one.
pub(super) fn isolation(tree: &Tree) -> Option<String> {
    tree.nodes().find_map(|node| match node.kind() {
        K::SERIALIZABLE => Some("SERIALIZABLE".to_owned()),
        K::READ_COMMITTED => Some("READ COMMITTED".to_owned()),
        K::READ_UNCOMMITTED => Some("READ UNCOMMITTED".to_owned()),
        _ => None,
    })
}

/// `SET TRANSACTION`, which is not `SET SESSION CHARACTERISTICS AS TRANSACTION`.
pub(super) fn set_transaction(tree: &Tree) -> Option<String> {
    tree.starts_with(&["set", "transaction"]).then(String::new)
}

/// `SET SESSION AUTHORIZATION` of anybody but the default.
pub(super) fn session_authorization(tree: &Tree) -> Option<String> {
    let words = tree.words();
    let other =
        tree.kind() == Some(K::SET_SESSION_AUTH) && words.last().is_some_and(|word| word != "default");
    other.then(String::new)
}

/// `DEALLOCATE` of one name.
pub(super) fn deallocate(tree: &Tree) -> Option<String> {
    let one = tree.kind() == Some(K::DEALLOCATE) && tree.words().last().is_none_or(|word| word != "all");
    one.then(String::new)
}

/// `ANALYZE` of everything, or of some columns.
pub(super) fn analyze(tree: &Tree) -> Option<String> {
    let bare =
        tree.kind() == Some(K::ANALYZE) && (tree.words().len() < 2 || tree.words().iter().any(|w| w == "("));
    bare.then(String::new)
}

/// A CREATE INDEX without ASYNC.
pub(super) fn synchronous_index(tree: &Tree) -> Option<String> {
    let plain = tree.mode() == Mode::Plain;
    (plain && tree.kind() == Some(K::CREATE_INDEX)).then(String::new)
}

/// A VALIDATE CONSTRAINT without ASYNC.
pub(super) fn synchronous_validation(tree: &Tree) -> Option<String> {
    let plain = tree.mode() == Mode::Plain;
    let validates =
        tree.kind() == Some(K::ALTER_TABLE) && tree.nodes().any(|node| node.kind() == K::VALIDATE_CONSTRAINT);
    (plain && validates).then(String::new)
}

/// A primary key added to a table that exists.
pub(super) fn added_primary_key(tree: &Tree) -> Option<String> {
    let mut added = tree.nodes().filter(|node| node.kind() == K::ADD_CONSTRAINT);
    added
        .any(|action| action.children().any(|child| child.kind() == K::PRIMARY_KEY_CONSTRAINT))
        .then(String::new)
}

fn columns(tree: &Tree) -> impl Iterator<Item = SyntaxNode> {
    tree.nodes().filter(|node| matches!(node.kind(), K::COLUMN | K::ADD_COLUMN | K::CREATE_DOMAIN))
}

fn type_of(column: &SyntaxNode) -> Option<SyntaxNode> {
    column.children().find(|child| {
        matches!(
            child.kind(),
            K::ARRAY_TYPE
                | K::PATH_TYPE
                | K::VARCHAR_TYPE
                | K::CHARACTER_TYPE
                | K::BIT_TYPE
                | K::BIT_VARYING_TYPE
        )
    })
}

/// The name of a type without schema and arguments.
fn type_name(node: &SyntaxNode) -> String {
    let text = node.text().to_string().to_lowercase();
    let text = text.split('(').next().unwrap_or_default();
    let text = text.strip_prefix("pg_catalog.").unwrap_or(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wide(tree: &Tree, names: &[&str], most: u64) -> Option<String> {
    columns(tree).filter_map(|column| type_of(&column)).find_map(|node| {
        let name = type_name(&node);
        let text = node.text().to_string();
        let width = text.split(['(', ')']).nth(1)?.trim().parse::<u64>().ok()?;
        (names.contains(&name.as_str()) && width > most).then_some(name)
    })
}

fn not_bigint(node: &SyntaxNode) -> Option<String> {
    let name = type_name(node);
    let shown = match name.as_str() {
        "bigint" | "int8" => return None,
        "int" | "int4" => "integer",
        "int2" => "smallint",
        other => other,
    };
    Some(shown.to_owned())
}

fn has(node: &SyntaxNode, kind: K) -> bool {
    node.descendants().any(|descendant| descendant.kind() == kind)
}
