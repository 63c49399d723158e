//! Asks the catalog how something stands, so that two answers tell whether a statement came between.

use crate::name::literal;
use crate::shape::{Aspect, Shape};
use crate::tokens::Name;

/// A query of one text, which another answer follows once the statement has happened; nothing where no look at the
/// catalog can tell.
pub(crate) fn query(shape: &Shape) -> Option<String> {
    if shape.aspects.is_empty() {
        return None;
    }
    let parts: Vec<String> = shape.aspects.iter().map(|aspect| format!("({})::text", aspect.sql())).collect();
    Some(format!("SELECT concat_ws(' | ', {})", parts.iter().map(absent).collect::<Vec<_>>().join(", ")))
}

/// What is not there has to be told as well.
fn absent(part: &String) -> String {
    format!("coalesce({part}, 'none')")
}

impl Aspect {
    fn sql(&self) -> String {
        match self {
            Self::Relation { name, made: true } => format!(
                "SELECT 'there' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = {} AND c.relname = {}",
                schema(name),
                literal(&name.name)
            ),
            Self::Relation { name, made: false } => {
                format!("SELECT 'there' WHERE to_regclass({}) IS NOT NULL", name.text())
            }
            Self::View(name) => format!("SELECT pg_get_viewdef(to_regclass({}))", name.text()),
            Self::Column { table, column } => format!(
                "SELECT concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, \
                 a.attgenerated::text, a.attstorage::text, pg_get_expr(d.adbin, d.adrelid)) \
                 FROM pg_catalog.pg_attribute a \
                 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
                 WHERE a.attrelid = to_regclass({}) AND a.attname = {} AND NOT a.attisdropped",
                table.text(),
                literal(column)
            ),
            Self::Constraint { table, name } => format!(
                "SELECT pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint \
                 WHERE conrelid = to_regclass({}) AND conname = {}",
                table.text(),
                literal(name)
            ),
            Self::Constraints(table) => format!(
                "SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_catalog.pg_constraint \
                 WHERE conrelid = to_regclass({})",
                table.text()
            ),
            Self::Indexes(table) => format!(
                "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass({})",
                table.text()
            ),
            Self::Comment { relation, column: None } => {
                format!("SELECT obj_description(to_regclass({}), 'pg_class')", relation.text())
            }
            Self::Comment { relation, column: Some(column) } => format!(
                "SELECT col_description(attrelid, attnum) FROM pg_catalog.pg_attribute \
                 WHERE attrelid = to_regclass({}) AND attname = {}",
                relation.text(),
                literal(column)
            ),
            Self::Schema(name) => {
                format!("SELECT 'there' FROM pg_catalog.pg_namespace WHERE nspname = {}", literal(name))
            }
            Self::Domain(name) => format!(
                "SELECT concat_ws(' ', 'there', t.typdefault, t.typnotnull, (SELECT string_agg(c.conname, ',' ORDER BY \
                 c.conname) FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid)) FROM pg_catalog.pg_type t \
                 WHERE t.oid = to_regtype({})",
                name.text()
            ),
            Self::Functions(name) => format!(
                "SELECT md5(string_agg(p.prosrc || pg_get_function_identity_arguments(p.oid), ',' ORDER BY p.oid)) \
                 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
                 WHERE n.nspname = {} AND p.proname = {}",
                schema(name),
                literal(&name.name)
            ),
            Self::Role(name) => {
                format!("SELECT 'there' FROM pg_catalog.pg_roles WHERE rolname = {}", literal(name))
            }
            Self::Mapping(role) => format!(
                "SELECT string_agg(arn, ',' ORDER BY arn) FROM sys.iam_pg_role_mappings WHERE pg_role_name = {}",
                literal(role)
            ),
            Self::Statistics(name) => format!(
                "SELECT 'there' FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n \
                 ON n.oid = s.stxnamespace WHERE n.nspname = {} AND s.stxname = {}",
                schema(name),
                literal(&name.name)
            ),
        }
    }
}

/// The schema in which something of this name is made.
fn schema(name: &Name) -> String {
    name.schema.as_deref().map_or_else(|| "current_schema()".to_owned(), literal)
}
