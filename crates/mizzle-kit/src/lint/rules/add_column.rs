//! A column is added with its type alone.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "add-column",
    title: "A column is added with its type alone.",
    why: "A column that is added is NULL in every row there. What else it needs comes in steps that the \
           service can do without rewriting the table: set the default for new rows, fill the old ones in \
           batches, then add checks NOT VALID and validate them.",
    state: Some("0A000"),
    source: "alter-table, skill",
    hint: "Add the column alone, ALTER COLUMN … SET DEFAULT, fill it in batches of at most 3,000 rows, then add \
           a CHECK NOT VALID and validate it",
    bad: "ALTER TABLE pet ADD COLUMN weight int NOT NULL DEFAULT 0;",
    good: "\
ALTER TABLE pet ADD COLUMN weight int;
ALTER TABLE pet ALTER COLUMN weight SET DEFAULT 0;",
    severity: Severity::Error,
    says: "ADD COLUMN takes no {}",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let part = |node: SyntaxNode| {
        let word = match node.kind() {
            K::NOT_NULL_CONSTRAINT => "NOT NULL",
            K::NULL_CONSTRAINT => "NULL",
            K::DEFAULT_CONSTRAINT => "DEFAULT",
            K::CHECK_CONSTRAINT => "CHECK",
            K::UNIQUE_CONSTRAINT => "UNIQUE",
            K::REFERENCES_CONSTRAINT => "REFERENCES",
            K::GENERATED_CONSTRAINT => "GENERATED",
            K::COMPRESSION_METHOD => "COMPRESSION",
            _ => return None,
        };
        Some(Hit::at(script.source, statement.span_of(&node), RULE.message(word)))
    };
    let mut hits: Vec<Hit> = statement
        .all(&[K::ADD_COLUMN])
        .flat_map(|column| column.children().collect::<Vec<_>>())
        .filter_map(part)
        .collect();
    // The parser does not know it there.
    let unread = statement.error.is_some() && statement.starts_with(&["alter", "table"]);
    let compression = statement.phrase(&["compression"]).filter(|_| unread);
    hits.extend(compression.map(|span| Hit::at(script.source, span, RULE.message("COMPRESSION"))));
    hits
}
