//! Shapes that PostgreSQL 17 and later know, and Aurora DSQL, which speaks version 16, does not.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::shape::{calls, first_word};
use crate::statement::Tree;

/// Functions that are not in PostgreSQL 16.
const FUNCTIONS: &[&str] = &[
    "array_reverse",
    "array_sort",
    "casefold",
    "crc32",
    "crc32c",
    "gamma",
    "icu_unicode_version",
    "json_array_elements_recursive",
    "lgamma",
    "pg_basetype",
    "pg_column_toast_chunk_id",
    "pg_get_acl",
    "pg_get_process_memory_contexts",
    "to_bin",
    "to_oct",
    "unicode_assigned",
    "unicode_version",
    "uuid_extract_timestamp",
    "uuid_extract_version",
    "uuidv4",
    "uuidv7",
    "xmltext",
];

/// Parameters that are not in PostgreSQL 16.
const PARAMETERS: &[&str] = &[
    "allow_alter_system",
    "commit_timestamp_buffers",
    "event_triggers",
    "extension_control_path",
    "file_copy_method",
    "huge_pages_status",
    "idle_replication_slot_timeout",
    "io_combine_limit",
    "io_max_concurrency",
    "io_method",
    "io_workers",
    "log_lock_failures",
    "md5_password_warnings",
    "restrict_nonsystem_relation_kind",
    "ssl_groups",
    "summarize_wal",
    "sync_replication_slots",
    "synchronized_standby_slots",
    "track_cost_delay_timing",
    "transaction_buffers",
    "transaction_timeout",
];

/// A function that came later; `random` with a range came later too.
pub(super) fn function(tree: &Tree) -> Option<String> {
    let mut calls = calls(tree);
    calls.find(|name| FUNCTIONS.contains(&name.as_str())).map(|name| format!("{name}()")).or_else(|| {
        let mut nodes = tree.nodes().filter(|node| node.kind() == K::CALL_EXPR);
        let ranged = nodes.any(|call| {
            super::shape::function_name(&call).as_deref() == Some("random")
                && call.descendants().any(|node| node.kind() == K::ARG)
        });
        ranged.then(|| "random(integer, integer)".to_owned())
    })
}

/// `SHOW` of a parameter that came later.
pub(super) fn parameter(tree: &Tree) -> Option<String> {
    let [show, name] = tree.words() else { return None };
    (show == "show" && PARAMETERS.contains(&name.as_str())).then(|| name.clone())
}

/// An option of `EXPLAIN` that came later.
pub(super) fn explain_option(tree: &Tree) -> Option<String> {
    let mut options = tree.nodes().filter(|node| node.kind() == K::EXPLAIN_OPTION_NAME);
    options.find_map(|option| {
        let name = first_word(&option).to_lowercase();
        matches!(name.as_str(), "serialize" | "memory").then_some(name)
    })
}

/// `AT LOCAL`.
pub(super) fn at_local(tree: &Tree) -> Option<String> {
    tree.nodes().any(|node| node.kind() == K::AT_LOCAL).then(|| "LOCAL".to_owned())
}

/// The privilege `MAINTAIN`.
pub(super) fn maintain(tree: &Tree) -> Option<String> {
    let mut privileges = tree.nodes().filter(|node| node.kind() == K::REVOKE_COMMAND);
    privileges.find_map(|privilege| {
        let word = first_word(&privilege);
        word.eq_ignore_ascii_case("maintain").then_some(word)
    })
}

/// A generated column that is not stored.
pub(super) fn virtual_column(tree: &Tree) -> Option<String> {
    let mut generated = tree.nodes().filter(|node| node.kind() == K::GENERATED_STORED);
    generated.find_map(|node| {
        let stored =
            node.descendants_with_tokens().any(|part| matches!(part.kind(), K::STORED | K::STORED_KW));
        (!stored).then(|| "VIRTUAL".to_owned())
    })
}

/// NOT NULL as a constraint of the table, with the column's name.
pub(super) fn not_null_of_table(tree: &Tree) -> Option<String> {
    let mut constraints = tree.nodes().filter(|node| node.kind() == K::NOT_NULL_CONSTRAINT);
    constraints
        .any(|node| node.children().any(|child| child.kind() == K::COLUMN_NAME_REF))
        .then(|| "NOT".to_owned())
}

/// `RETURNING WITH (OLD AS o)`.
pub(super) fn returning_options(tree: &Tree) -> Option<String> {
    tree.nodes().any(|node| node.kind() == K::RETURNING_OPTION_LIST).then(|| "WITH".to_owned())
}

/// `RETURNING old.a`, when no table goes by that name.
pub(super) fn returning_old(tree: &Tree) -> Option<String> {
    let named = |name: &str| {
        tree.words().windows(2).any(|pair| pair[1] == name && pair[0] != "," && pair[0] != "returning")
    };
    let mut clauses = tree.nodes().filter(|node| node.kind() == K::RETURNING_CLAUSE);
    clauses.find_map(|clause| {
        let mut fields = clause.descendants().filter(|node| node.kind() == K::FIELD_EXPR);
        fields.find_map(|field| {
            let table = first_word(&field).to_lowercase();
            (matches!(table.as_str(), "old" | "new") && !named(&table)).then_some(table)
        })
    })
}

/// `ON CONFLICT … DO SELECT`.
pub(super) fn conflict_do_select(tree: &Tree) -> Option<String> {
    tree.nodes().any(|node| node.kind() == K::CONFLICT_DO_SELECT).then(|| "SELECT".to_owned())
}

/// `GROUP BY ALL` without a list.
pub(super) fn group_by_all(tree: &Tree) -> Option<String> {
    let bare = |clause: &SyntaxNode| {
        let holds = |kind| clause.children().any(|child| child.kind() == kind);
        holds(K::ALL) && !holds(K::GROUP_BY_LIST)
    };
    tree.nodes().any(|node| node.kind() == K::GROUP_BY_CLAUSE && bare(&node)).then(|| "ALL".to_owned())
}

/// Statements about property graphs.
pub(super) fn property_graph(tree: &Tree) -> Option<String> {
    let kinds = [K::CREATE_PROPERTY_GRAPH, K::ALTER_PROPERTY_GRAPH, K::DROP_PROPERTY_GRAPH];
    tree.kind().is_some_and(|kind| kinds.contains(&kind)).then(|| "PROPERTY".to_owned())
}
