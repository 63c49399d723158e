//! Queries, changes of rows, functions and utilities.

use squawk_syntax::SyntaxKind as K;

use super::super::rule::{Rule, no, statement, statement_like};
use super::super::shape::Shape::{Calls, Finds, Has, Holds};
use super::super::speaking as find;

const LOCKING: &str = "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported";

/// Functions that speak to one server, its files, its locks or its processes.
const FUNCTIONS: &[&str] = &[
    "pg_advisory_*",
    "pg_try_advisory_*",
    "pg_backend_pid",
    "pg_blocking_pids",
    "pg_safe_snapshot_blocking_pids",
    "pg_isolation_test_session_is_blocked",
    "pg_cancel_backend",
    "pg_terminate_backend",
    "pg_log_backend_memory_contexts",
    "pg_notify",
    "pg_listening_channels",
    "pg_notification_queue_usage",
    "pg_reload_conf",
    "pg_rotate_logfile*",
    "pg_export_snapshot",
    "pg_promote",
    "pg_create_restore_point",
    "pg_backup_*",
    "pg_wal_*",
    "pg_walfile_*",
    "pg_switch_wal",
    "pg_current_wal_*",
    "pg_last_wal_*",
    "pg_logical_*",
    "pg_replication_*",
    "pg_create_*_slot",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_drop_replication_slot",
    "pg_read_file*",
    "pg_read_binary_file",
    "pg_stat_file",
    "pg_ls_*",
    "pg_file_*",
    "pg_stat_reset*",
    "pg_import_system_collations",
    "lo_*",
    "loread",
    "lowrite",
    "dblink*",
    "query_to_xml*",
    "table_to_xml*",
    "cursor_to_xml*",
    "schema_to_xml*",
    "database_to_xml*",
    "brin_*",
    "gin_clean_pending_list",
];

pub(super) const ROWS: &[Rule] = &[
    no(Holds(K::FOR_SHARE), LOCKING, "concurrency-control"),
    no(Holds(K::FOR_NO_KEY_UPDATE), LOCKING, "concurrency-control"),
    no(Calls(FUNCTIONS), "function {} not supported", "dsql skill"),
    statement(K::MERGE, "Merge", "grammar, pattern").hint("Use INSERT … ON CONFLICT DO UPDATE."),
    statement(K::TRUNCATE, "Truncate", "unsupported-features, pattern")
        .hint("DELETE in batches of at most 3,000 rows, or DROP and CREATE the table."),
    statement(K::SELECT_INTO, "CreateTableAs", "pattern"),
    statement_like(Has(K::EXPLAIN, K::CREATE_TABLE_AS), "CreateTableAs", "grammar, pattern"),
    statement_like(Has(K::EXPLAIN, K::CREATE_MATERIALIZED_VIEW), "CreateTableAs", "grammar, pattern"),
    statement_like(Has(K::EXPLAIN, K::DECLARE), "DeclareCursor", "grammar, pattern"),
    statement_like(Has(K::EXPLAIN, K::EXECUTE), "Execute", "grammar, pattern"),
    statement(K::VACUUM, "Vacuum", "dsql-lint, pattern"),
    statement(K::REINDEX, "Reindex", "dsql-lint, pattern"),
    statement(K::CLUSTER, "Cluster", "dsql-lint, pattern"),
    statement(K::CLUSTER_LEGACY, "Cluster", "dsql-lint, pattern"),
    statement(K::CHECKPOINT, "CheckPoint", "dsql-lint, pattern"),
    no(
        Finds(find::analyze),
        "ANALYZE without a relation name, or with options or columns, not supported",
        "pattern",
    ),
    statement(K::DO, "Do", "dsql-lint, pattern"),
];
