//! ALTER TABLE: what it cannot do.

use squawk_syntax::SyntaxKind as K;

use super::super::altering as find;
use super::super::rule::{Rule, alter, alter_like, clause, no};
use super::super::shape::Shape::{Finds, Has, Says};

const ADD_COLUMN: &str =
    "Add the column alone, then set the default, fill it in batches and add constraints NOT VALID.";
const VALIDATE: &str = "Add it NOT VALID, then run ALTER TABLE ASYNC … VALIDATE CONSTRAINT.";
const UNIQUE: &str =
    "Build a unique index with CREATE UNIQUE INDEX ASYNC, then add the constraint USING INDEX.";
const NOT_NULL: &str = "Add CHECK (column IS NOT NULL) NOT VALID and validate it.";
const TYPE: &str = "Add a column of the new type, fill it in batches, then swap the names.";

pub(super) const ROWS: &[Rule] = &[
    alter_like(Finds(find::asynchronous_action), "ASYNC ... {}", "alter-table, pattern"),
    alter_like(Finds(find::added_constraint), "ADD COLUMN ... {}", "alter-table, pattern").hint(ADD_COLUMN),
    no(
        Finds(find::added_valid),
        "unsupported ALTER TABLE ADD CONSTRAINT ... {} statement without NOT VALID",
        "alter-table, pattern",
    )
    .hint(VALIDATE),
    alter_like(Finds(find::added_unique), "ADD CONSTRAINT ... UNIQUE", "alter-table, pattern").hint(UNIQUE),
    alter_like(Finds(find::added_exclusion), "ADD CONSTRAINT ... EXCLUDE", "alter-table, pattern"),
    alter_like(Finds(find::synchronous_validation), "VALIDATE CONSTRAINT", "alter-table, pattern")
        .hint("Use ALTER TABLE ASYNC … VALIDATE CONSTRAINT."),
    alter_like(Finds(find::added_primary_key), "ADD PRIMARY KEY", "alter-table, pattern")
        .hint("A primary key is part of CREATE TABLE; make a new table and copy the rows."),
    alter(K::SET_TYPE, "ALTER COLUMN ... TYPE", "alter-table, pattern").hint(TYPE),
    alter(K::SET_NOT_NULL, "ALTER COLUMN ... SET NOT NULL", "alter-table, pattern").hint(NOT_NULL),
    alter(K::SET_STATISTICS, "ALTER COLUMN ... SET STATISTICS", "dsql skill"),
    alter_like(
        Says(K::ALTER_TABLE, &["set", "compression"]),
        "ALTER COLUMN ... SET COMPRESSION",
        "alter-table, pattern",
    ),
    alter(K::REPLICA_IDENTITY, "REPLICA IDENTITY", "alter-table, pattern"),
    alter(K::CLUSTER_ON, "CLUSTER ON", "alter-table, pattern"),
    alter(K::SET_WITHOUT_CLUSTER, "SET WITHOUT CLUSTER", "alter-table, pattern"),
    alter(K::SET_WITHOUT_OIDS, "SET WITHOUT OIDS", "alter-table, pattern"),
    alter(K::SET_TABLESPACE, "SET TABLESPACE", "alter-table, pattern"),
    alter(K::SET_OPTIONS, "SET OPTIONS", "alter-table, pattern"),
    alter(K::SET_OPTIONS_LIST, "SET OPTIONS", "alter-table, pattern"),
    alter(K::RESET_OPTIONS, "RESET OPTIONS", "alter-table, pattern"),
    alter(K::INHERIT_TABLE, "INHERIT", "alter-table, pattern"),
    alter(K::NO_INHERIT_TABLE, "NO INHERIT", "alter-table, pattern"),
    alter(K::ATTACH_PARTITION, "ATTACH PARTITION", "alter-table, pattern"),
    alter(K::DETACH_PARTITION, "DETACH PARTITION", "alter-table, pattern"),
    alter(K::ENABLE_RLS, "ENABLE ROW SECURITY", "dsql skill"),
    alter(K::DISABLE_RLS, "DISABLE ROW SECURITY", "dsql skill"),
    alter(K::FORCE_RLS, "FORCE ROW SECURITY", "dsql skill"),
    alter(K::NO_FORCE_RLS, "NO FORCE ROW SECURITY", "dsql skill"),
    alter(K::SET_LOGGED, "SET LOGGED", "alter-table, pattern"),
    alter(K::SET_UNLOGGED, "SET UNLOGGED", "alter-table, pattern"),
    alter(K::OF_TYPE, "OF", "alter-table, pattern"),
    alter(K::NOT_OF, "NOT OF", "alter-table, pattern"),
    alter(K::SET_ACCESS_METHOD, "SET ACCESS METHOD", "alter-table, pattern"),
    alter_like(Finds(find::other_action), "{}", "alter-table, pattern"),
    no(Has(K::ALTER_TABLE, K::COLLATE), "COLLATE clause not supported", "dsql skill"),
    clause(Finds(find::added_compression), "COMPRESSION", "ALTER TABLE", "alter-table, pattern"),
];
