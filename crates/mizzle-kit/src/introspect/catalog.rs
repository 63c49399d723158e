//! What is asked of the catalog; each query answers a row for each thing.
//!
//! Nothing here asks for access methods or whole definitions: DSQL's indexes are `btree_index`, and it prints all other
//! columns of a table behind `INCLUDE` of its primary key (AWS user guide, "Primary keys").

/// Schemas of the system, and those of sessions.
macro_rules! ours {
    () => {
        "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'sys')"
    };
}

/// The columns of an array of numbers, by name and in its order.
macro_rules! names {
    ($numbers:literal, $table:literal) => {
        concat!(
            "ARRAY(SELECT a.attname::text FROM unnest(",
            $numbers,
            ") WITH ORDINALITY u(number, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = ",
            $table,
            " AND a.attnum = u.number ORDER BY u.place)"
        )
    };
}

/// schema, comment
pub(super) const SCHEMAS: &str = concat!(
    "SELECT n.nspname::text, obj_description(n.oid, 'pg_namespace') FROM pg_catalog.pg_namespace n ",
    "WHERE n.nspname <> 'public' AND ",
    ours!()
);

/// schema, name, type, not null, default
pub(super) const DOMAINS: &str = concat!(
    "SELECT n.nspname::text, t.typname::text, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault ",
    "FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace ",
    "WHERE t.typtype = 'd' AND ",
    ours!()
);

/// schema, domain, name, condition, valid
pub(super) const DOMAIN_CHECKS: &str = concat!(
    "SELECT n.nspname::text, t.typname::text, c.conname::text, pg_get_expr(c.conbin, 0), c.convalidated ",
    "FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_type t ON t.oid = c.contypid ",
    "JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE c.contype = 'c' AND ",
    ours!()
);

/// schema, name, whether it is a view, comment, the view's query
pub(super) const RELATIONS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, c.relkind = 'v', obj_description(c.oid, 'pg_class'), ",
    "CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END ",
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ",
    "WHERE c.relkind IN ('r', 'v') AND ",
    ours!()
);

/// schema, table, column, type (of a domain: its schema, its name), not null, default or expression, generated,
/// identity, comment, cache, start, increment
pub(super) const COLUMNS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), ",
    "CASE WHEN t.typtype = 'd' THEN tn.nspname::text END, CASE WHEN t.typtype = 'd' THEN t.typname::text END, ",
    "a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated = 's', a.attidentity::text, ",
    "col_description(c.oid, a.attnum), s.seqcache, s.seqstart, s.seqincrement ",
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid ",
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ",
    "JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace ",
    "LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ",
    "LEFT JOIN pg_catalog.pg_depend o ON a.attidentity <> '' AND o.refclassid = 'pg_catalog.pg_class'::regclass ",
    "AND o.refobjid = a.attrelid AND o.refobjsubid = a.attnum AND o.deptype = 'i' ",
    "AND o.classid = 'pg_catalog.pg_class'::regclass ",
    "LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = o.objid ",
    "WHERE c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped AND ",
    ours!(),
    " ORDER BY c.oid, a.attnum"
);

/// schema, table, name, kind, columns, condition, valid, deferrable, deferred, nulls not distinct, columns included,
/// schema and table referred to, columns referred to, on delete, on update
pub(super) const CONSTRAINTS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, k.conname::text, k.contype::text, ",
    names!("k.conkey", "k.conrelid"),
    ", CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END, k.convalidated, k.condeferrable, ",
    "k.condeferred, coalesce(i.indnullsnotdistinct, false), CASE WHEN k.contype = 'u' THEN ",
    names!("(i.indkey::int2[])[i.indnkeyatts:]", "k.conrelid"),
    " ELSE '{}' END, fn.nspname::text, f.relname::text, ",
    names!("k.confkey", "k.confrelid"),
    ", k.confdeltype::text, k.confupdtype::text ",
    "FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid ",
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ",
    "LEFT JOIN pg_catalog.pg_index i ON k.contype = 'u' AND i.indexrelid = k.conindid ",
    "LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid ",
    "LEFT JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace ",
    "WHERE k.contype IN ('p', 'u', 'c', 'f') AND c.relkind = 'r' AND ",
    ours!()
);

/// schema, table, name, unique, valid, nulls not distinct, keys, which of them are columns, which have NULLs first,
/// columns included, condition
pub(super) const INDEXES: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, x.relname::text, i.indisunique, i.indisvalid, i.indnullsnotdistinct, ",
    "ARRAY(SELECT coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, k, true)) FROM generate_series(1, i.indnkeyatts) k ",
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND i.indkey[k - 1] <> 0 ",
    "ORDER BY k), ",
    "ARRAY(SELECT i.indkey[k - 1] <> 0 FROM generate_series(1, i.indnkeyatts) k ORDER BY k), ",
    "ARRAY(SELECT i.indoption[k - 1] & 2 <> 0 FROM generate_series(1, i.indnkeyatts) k ORDER BY k), ",
    names!("(i.indkey::int2[])[i.indnkeyatts:]", "i.indrelid"),
    ", pg_get_expr(i.indpred, i.indrelid) ",
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid ",
    "JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ",
    "WHERE c.relkind = 'r' AND NOT i.indisprimary AND ",
    ours!(),
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))"
);
