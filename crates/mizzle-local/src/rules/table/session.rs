//! Transactions and sessions.

use squawk_syntax::SyntaxKind as K;

use super::super::rule::{Rule, no, statement, statement_like};
use super::super::setting::UNSETTABLE;
use super::super::shape::Shape::{Finds, Holds, Starts};
use super::super::speaking as find;

const RETRY: &str = "Aurora DSQL has no savepoints; retry the whole transaction.";

pub(super) const ROWS: &[Rule] = &[
    statement(K::SAVEPOINT_CREATE, "Savepoint", "pattern").hint(RETRY),
    statement(K::RELEASE_SAVEPOINT, "Release", "pattern").hint(RETRY),
    statement(K::ROLLBACK_TO_SAVEPOINT, "RollbackTo", "pattern").hint(RETRY),
    statement(K::PREPARE_TRANSACTION, "PrepareTransaction", "pattern"),
    statement_like(Starts(&["commit", "prepared"]), "CommitPrepared", "pattern"),
    statement_like(Starts(&["rollback", "prepared"]), "RollbackPrepared", "pattern"),
    no(Finds(find::set_transaction), "SET TRANSACTION not supported", "dsql-lint")
        .hint("Put the modes on BEGIN."),
    no(Finds(find::isolation), "isolation level {} not supported", "supported-sql-features")
        .hint("Every transaction is REPEATABLE READ."),
    no(Holds(K::DEFERRABLE), "DEFERRABLE transactions not supported", "grammar"),
    no(Holds(K::NOT_DEFERRABLE), "DEFERRABLE transactions not supported", "grammar"),
    no(Holds(K::AND_CHAIN), "AND CHAIN not supported", "grammar"),
    statement(K::LOCK, "Lock", "dsql-lint"),
    no(Finds(find::set_parameter), UNSETTABLE, "dsql skill"),
    no(Finds(find::set_config), UNSETTABLE, "dsql skill"),
    no(Finds(find::session_authorization), "SET SESSION AUTHORIZATION not supported", "dsql-lint"),
    statement(K::DECLARE, "DeclareCursor", "aurora-dsql-orms"),
    statement(K::FETCH, "Fetch", "pattern"),
    statement(K::MOVE, "Fetch", "pattern"),
    statement(K::CLOSE, "ClosePortal", "pattern"),
    statement(K::LISTEN, "Listen", "dsql-lint, pattern"),
    statement(K::NOTIFY, "Notify", "dsql-lint, pattern"),
    statement(K::UNLISTEN, "Unlisten", "dsql-lint, pattern"),
    statement(K::DISCARD, "Discard", "dsql-lint, pattern"),
    statement(K::PREPARE, "Prepare", "grammar, pattern"),
    statement(K::EXECUTE, "Execute", "grammar, pattern"),
    statement_like(Finds(find::deallocate), "Deallocate", "grammar, pattern"),
    statement(K::LOAD, "Load", "dsql-lint, pattern"),
    statement(K::ALTER_SYSTEM, "AlterSystem", "dsql-lint, pattern"),
    statement_like(Starts(&["copy"]), "Copy", "dsql skill, pattern"),
];
