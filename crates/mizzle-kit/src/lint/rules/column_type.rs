//! No column has this type.

use squawk_syntax::SyntaxNode;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "column-type",
    title: "No column has this type.",
    why: "Arrays, network addresses, geometry, ranges, bit strings, xml, money, text search, object \
           identifiers and the types of extensions exist in queries at most.",
    state: Some("0A000"),
    source: "supported-data-types",
    hint: "Use text, numeric, jsonb or a table of its own",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, notes text[]);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, notes jsonb);",
    severity: Severity::Error,
    says: "`{}` is no type of a column",
    look: Look::Statement(look),
};

/// Types of PostgreSQL and of its best-known extensions that no column can have, and what comes near.
const TYPES: &[(&str, &str)] = &[
    ("money", "numeric(18,2)"),
    ("xml", "text"),
    ("inet", "text"),
    ("cidr", "text"),
    ("macaddr", "text"),
    ("macaddr8", "text"),
    ("point", "two columns of double precision"),
    ("line", "columns of double precision"),
    ("lseg", "columns of double precision"),
    ("box", "columns of double precision"),
    ("path", "jsonb"),
    ("polygon", "jsonb"),
    ("circle", "columns of double precision"),
    ("geometry", "columns of double precision, or a search service beside the database"),
    ("geography", "columns of double precision, or a search service beside the database"),
    ("tsvector", "text, and a search service beside the database"),
    ("tsquery", "text"),
    ("vector", "bytea, and a search service beside the database"),
    ("bit", "bytea, or boolean columns"),
    ("bit varying", "bytea"),
    ("varbit", "bytea"),
    ("hstore", "jsonb"),
    ("citext", "text, and an index on lower(column)"),
    ("jsonpath", "text"),
    ("int4range", "two columns"),
    ("int8range", "two columns"),
    ("numrange", "two columns"),
    ("tsrange", "two columns"),
    ("tstzrange", "two columns"),
    ("daterange", "two columns"),
    ("int4multirange", "a table of its own"),
    ("int8multirange", "a table of its own"),
    ("nummultirange", "a table of its own"),
    ("tsmultirange", "a table of its own"),
    ("tstzmultirange", "a table of its own"),
    ("datemultirange", "a table of its own"),
    ("name", "text"),
    ("\"char\"", "char(1)"),
    ("oid", "bigint"),
    ("regclass", "text"),
    ("regtype", "text"),
    ("regproc", "text"),
    ("regprocedure", "text"),
    ("regrole", "text"),
    ("regnamespace", "text"),
    ("refcursor", "nothing: there are no cursors"),
    ("pg_lsn", "text"),
    ("pg_snapshot", "text"),
    ("txid_snapshot", "text"),
    ("tid", "text"),
    ("xid", "bigint"),
    ("xid8", "bigint"),
    ("cid", "bigint"),
];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let found = tree::type_of(statement, &node)?;
        let instead = if found.array {
            "jsonb, or a table of its own"
        } else {
            TYPES.iter().find(|(name, _)| *name == found.name)?.1
        };
        let said = statement.said(found.span.clone());
        Some(Hit::at(script.source, found.span.clone(), RULE.message(said)).hint(format!("Use {instead}")))
    };
    statement.all(tree::TYPED).filter_map(hit).collect()
}
