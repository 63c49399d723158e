//! A function speaks of one server.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::calls;

pub(super) static RULE: Rule = Rule {
    id: "server-function",
    title: "A function speaks of one server.",
    why: "There is no one process behind a session, no write-ahead log to look at, no files, no large objects.",
    state: Some("0A000"),
    source: "skill",
    hint: "Do without",
    bad: "SELECT pg_backend_pid();",
    good: "SELECT current_user;",
    severity: Severity::Error,
    says: "the function `{}` is not supported",
    look: Look::Statement(look),
};

/// Functions about processes, files, logs and locks; `*` stands for any end.
const FUNCTIONS: &[&str] = &[
    "brin_*",
    "cursor_to_xml*",
    "database_to_xml*",
    "dblink*",
    "gin_clean_pending_list",
    "lo_*",
    "loread",
    "lowrite",
    "pg_backend_pid",
    "pg_backup_*",
    "pg_blocking_pids",
    "pg_cancel_backend",
    "pg_create_*",
    "pg_current_wal_*",
    "pg_drop_replication_slot",
    "pg_export_snapshot",
    "pg_file_*",
    "pg_import_system_collations",
    "pg_isolation_test_session_is_blocked",
    "pg_last_wal_*",
    "pg_listening_channels",
    "pg_log_backend_memory_contexts",
    "pg_logical_*",
    "pg_ls_*",
    "pg_notification_queue_usage",
    "pg_notify",
    "pg_promote",
    "pg_read_binary_file",
    "pg_read_file*",
    "pg_reload_conf",
    "pg_replication_*",
    "pg_rotate_logfile*",
    "pg_safe_snapshot_blocking_pids",
    "pg_stat_file",
    "pg_stat_reset*",
    "pg_switch_wal",
    "pg_terminate_backend",
    "pg_wal_*",
    "pg_walfile_*",
    "query_to_xml*",
    "schema_to_xml*",
    "table_to_xml*",
];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let fits = |name: &str| {
        FUNCTIONS.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *pattern,
        })
    };
    let found = calls::of(statement).filter(|call| fits(&call.name));
    found.map(|call| Hit::at(script.source, call.span, RULE.message(&call.name))).collect()
}
