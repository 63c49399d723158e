//! Every rule, one file each. A new one is a file and a line here; its page is written by `MIZZLE_BLESS=1
//! cargo test lint`.

mod add_column;
mod add_primary_key;
mod add_unique;
mod advisory_lock;
mod alter_index;
mod alter_table_action;
mod alter_type;
mod analyze;
mod and_chain;
mod async_action;
mod bare_numeric;
mod calls;
mod collation;
mod column_type;
mod column_width;
mod comment_on;
mod concurrently;
mod copy;
mod create_table_as;
mod create_type;
mod cursor;
mod database;
mod ddl_with_dml;
mod deferrable_key;
mod do_block;
mod domain;
mod drop_cascade;
mod drop_column;
mod drop_primary_key;
mod drop_schema;
mod drop_table;
mod exclude_constraint;
mod extension;
mod function_body;
mod function_language;
mod function_property;
mod grant;
mod identity_type;
mod include_expression;
mod index_async;
mod index_if_not_exists;
mod index_method;
mod index_option;
mod index_order;
mod inherits;
mod isolation_level;
mod key_too_wide;
mod key_type;
mod key_width;
mod lock_table;
mod locking_clause;
mod long_name;
mod maintenance;
mod materialized_view;
mod merge;
mod migration_separator;
mod migration_transaction;
mod missing_wait;
mod monotone_key;
mod never_validated;
mod newer_function;
mod newer_postgresql;
mod no_primary_key;
mod not_valid;
mod notify;
mod numeric_bounds;
mod one_ddl;
mod operator_class;
mod outside_transaction;
mod partition;
mod prepared_statement;
mod procedure;
mod relation_index;
mod rename;
mod role_option;
mod row_security;
mod savepoint;
mod sequence_cache;
mod sequence_logged;
mod sequence_type;
mod serial;
mod server_command;
mod server_function;
mod session_authorization;
mod set_not_null;
mod set_parameter;
mod set_transaction;
mod statistics_target;
mod suppression;
mod syntax;
mod table_option;
mod temporary;
mod too_many_columns;
mod too_many_indexes;
mod too_many_key_columns;
mod too_many_rows;
mod trigger;
mod truncate;
mod two_phase_commit;
mod unlogged;
mod unsupported_object;
mod unused_suppression;
mod validate_async;
mod wide_cascade;
mod without_where;

use super::rule::Rule;

/// Every rule, by name.
pub const RULES: &[&Rule] = &[
    &add_column::RULE,
    &add_primary_key::RULE,
    &add_unique::RULE,
    &advisory_lock::RULE,
    &alter_index::RULE,
    &alter_table_action::RULE,
    &alter_type::RULE,
    &analyze::RULE,
    &and_chain::RULE,
    &async_action::RULE,
    &bare_numeric::RULE,
    &collation::RULE,
    &column_type::RULE,
    &column_width::RULE,
    &comment_on::RULE,
    &concurrently::RULE,
    &copy::RULE,
    &create_table_as::RULE,
    &create_type::RULE,
    &cursor::RULE,
    &database::RULE,
    &ddl_with_dml::RULE,
    &deferrable_key::RULE,
    &do_block::RULE,
    &domain::RULE,
    &drop_cascade::RULE,
    &drop_column::RULE,
    &drop_primary_key::RULE,
    &drop_schema::RULE,
    &drop_table::RULE,
    &exclude_constraint::RULE,
    &extension::RULE,
    &function_body::RULE,
    &function_language::RULE,
    &function_property::RULE,
    &grant::RULE,
    &identity_type::RULE,
    &include_expression::RULE,
    &index_async::RULE,
    &index_if_not_exists::RULE,
    &index_method::RULE,
    &index_option::RULE,
    &index_order::RULE,
    &inherits::RULE,
    &isolation_level::RULE,
    &key_too_wide::RULE,
    &key_type::RULE,
    &key_width::RULE,
    &lock_table::RULE,
    &locking_clause::RULE,
    &long_name::RULE,
    &maintenance::RULE,
    &materialized_view::RULE,
    &merge::RULE,
    &migration_separator::RULE,
    &migration_transaction::RULE,
    &missing_wait::RULE,
    &monotone_key::RULE,
    &never_validated::RULE,
    &newer_function::RULE,
    &newer_postgresql::RULE,
    &no_primary_key::RULE,
    &not_valid::RULE,
    &notify::RULE,
    &numeric_bounds::RULE,
    &one_ddl::RULE,
    &operator_class::RULE,
    &outside_transaction::RULE,
    &partition::RULE,
    &prepared_statement::RULE,
    &procedure::RULE,
    &relation_index::RULE,
    &rename::RULE,
    &role_option::RULE,
    &row_security::RULE,
    &savepoint::RULE,
    &sequence_cache::RULE,
    &sequence_logged::RULE,
    &sequence_type::RULE,
    &serial::RULE,
    &server_command::RULE,
    &server_function::RULE,
    &session_authorization::RULE,
    &set_not_null::RULE,
    &set_parameter::RULE,
    &set_transaction::RULE,
    &statistics_target::RULE,
    &suppression::RULE,
    &syntax::RULE,
    &table_option::RULE,
    &temporary::RULE,
    &too_many_columns::RULE,
    &too_many_indexes::RULE,
    &too_many_key_columns::RULE,
    &too_many_rows::RULE,
    &trigger::RULE,
    &truncate::RULE,
    &two_phase_commit::RULE,
    &unlogged::RULE,
    &unsupported_object::RULE,
    &unused_suppression::RULE,
    &validate_async::RULE,
    &wide_cascade::RULE,
    &without_where::RULE,
];

pub(crate) use suppression::RULE as SUPPRESSION;
pub(crate) use unused_suppression::RULE as UNUSED_SUPPRESSION;

/// The rule of this name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
