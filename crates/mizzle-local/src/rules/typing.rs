//! Shapes around columns: their types, their sequences, their number.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::shape::{bare, has};
use crate::statement::Tree;

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

/// Types of columns that no key can have.
const NO_KEY: &[&str] = &["bytea", "json", "jsonb", "interval", "timetz", "time with time zone"];

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

/// TEMP or TEMPORARY.
pub(super) fn temporary(tree: &Tree) -> Option<String> {
    let word = |word: &String| matches!(word.as_str(), "temp" | "temporary");
    made(tree).iter().any(word).then(String::new)
}

/// UNLOGGED.
pub(super) fn unlogged(tree: &Tree) -> Option<String> {
    made(tree).iter().any(|word| word == "unlogged").then(String::new)
}

/// A constraint that may be deferred and is no foreign key.
pub(super) fn deferrable(tree: &Tree) -> Option<String> {
    let mut options = tree.nodes().filter(|node| {
        matches!(node.kind(), K::DEFERRABLE_CONSTRAINT_OPTION | K::INITIALLY_DEFERRED_CONSTRAINT_OPTION)
    });
    options.find_map(|option| {
        let word = option.ancestors().find_map(|node| match node.kind() {
            K::UNIQUE_CONSTRAINT => Some("UNIQUE"),
            K::PRIMARY_KEY_CONSTRAINT => Some("PRIMARY KEY"),
            K::CHECK_CONSTRAINT => Some("CHECK"),
            _ => None,
        });
        word.map(str::to_owned)
    })
}

/// The type of a column that the same statement makes a key, when it cannot be one.
pub(super) fn key_type(tree: &Tree) -> Option<String> {
    key_columns(tree).find_map(|column| {
        let name = type_name(&type_of(&column)?);
        NO_KEY.contains(&name.as_str()).then_some(name)
    })
}

/// A key column declared wider than any key.
pub(super) fn wide_key(tree: &Tree) -> Option<String> {
    let wide =
        key_columns(tree).filter_map(|column| width(&type_of(&column)?)).any(|(_, width)| width > 2_000);
    wide.then(String::new)
}

/// Anything but a column in an INCLUDE list.
pub(super) fn included_expression(tree: &Tree) -> Option<String> {
    let mut lists = tree.nodes().filter(|node| node.kind() == K::INDEX_INCLUDE_CLAUSE);
    let expression = lists.any(|list| {
        let parts = list.descendants().skip(1);
        parts.into_iter().any(|part| {
            matches!(part.kind(), K::CALL_EXPR | K::BIN_EXPR | K::PAREN_EXPR | K::CAST_EXPR | K::LITERAL)
        })
    });
    expression.then(String::new)
}

/// The columns of a new table that its own keys name.
fn key_columns(tree: &Tree) -> impl Iterator<Item = SyntaxNode> {
    let keys: Vec<SyntaxNode> = tree
        .nodes()
        .filter(|node| matches!(node.kind(), K::PRIMARY_KEY_CONSTRAINT | K::UNIQUE_CONSTRAINT))
        .collect();
    let listed: Vec<String> = keys
        .iter()
        .flat_map(|key| key.descendants())
        .filter(|node| node.kind() == K::CONSTRAINT_COLUMN_REF_LIST)
        .filter(|list| list.parent().is_none_or(|parent| parent.kind() != K::CONSTRAINT_INCLUDE_CLAUSE))
        .flat_map(|list| list.children().collect::<Vec<_>>())
        .map(|name| bare(&name.text().to_string()))
        .collect();
    tree.nodes().filter(|node| node.kind() == K::COLUMN).filter(move |column| {
        let own = column
            .children()
            .any(|part| matches!(part.kind(), K::PRIMARY_KEY_CONSTRAINT | K::UNIQUE_CONSTRAINT));
        let name = column.first_child().map(|name| bare(&name.text().to_string()));
        own || name.is_some_and(|name| listed.contains(&name))
    })
}

/// The words of a CREATE before the kind of object.
fn made(tree: &Tree) -> &[String] {
    let words = tree.words();
    let object =
        |word: &String| matches!(word.as_str(), "table" | "view" | "sequence" | "recursive" | "materialized");
    match words.iter().take(6).position(object) {
        Some(end) if words[0] == "create" => &words[..end],
        _ => &[],
    }
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
                | K::TIME_TYPE
                | K::TIMESTAMP_TYPE
                | K::INTERVAL_TYPE
                | K::DOUBLE_TYPE
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
    let mut widths = columns(tree).filter_map(|column| width(&type_of(&column)?));
    widths.find_map(|(name, width)| (names.contains(&name.as_str()) && width > most).then_some(name))
}

/// A type's name with the number in its parentheses.
fn width(node: &SyntaxNode) -> Option<(String, u64)> {
    let text = node.text().to_string();
    let width = text.split(['(', ')']).nth(1)?.trim().parse::<u64>().ok()?;
    let name = type_name(node);
    let counts = ["char", "character", "bpchar", "varchar", "character varying", "char varying"];
    counts.contains(&name.as_str()).then_some((name, width))
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
