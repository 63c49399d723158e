//! Indexes, in the order in which the service checks them.

use squawk_syntax::SyntaxKind as K;

use super::super::rule::{Rule, action, clause, no};
use super::super::shape::Shape::{Finds, Has, Says};
use super::super::{altering, typing as find};

const ORDER: &str = "specifying sort order not supported for index keys";

pub(super) const ROWS: &[Rule] = &[
    clause(Says(K::CREATE_INDEX, &["concurrently"]), "CONCURRENTLY", "CREATE INDEX", "ministack"),
    clause(Has(K::CREATE_INDEX, K::USING_METHOD), "USING", "CREATE INDEX", "ministack"),
    no(Finds(altering::synchronous_index), "unsupported mode. please use CREATE INDEX ASYNC.", "ministack"),
    no(Has(K::CREATE_INDEX, K::SORT_ASC), ORDER, "ministack"),
    no(Has(K::CREATE_INDEX, K::SORT_DESC), ORDER, "ministack"),
    no(Has(K::CREATE_INDEX, K::SORT_USING), ORDER, "ministack"),
    no(Has(K::CREATE_INDEX, K::OP_CLASS_REF), "opclass not supported for index keys", "ministack"),
    no(Has(K::CREATE_INDEX, K::COLLATE), "COLLATE clause not supported", "dsql skill"),
    no(Finds(find::included_expression), "expressions are not supported in included columns", "ministack"),
    clause(Has(K::CREATE_INDEX, K::TABLESPACE_CLAUSE), "TABLESPACE", "CREATE INDEX", "dsql skill, pattern"),
    clause(Has(K::CREATE_INDEX, K::WITH_PARAMS), "WITH", "CREATE INDEX", "dsql skill, pattern"),
    no(
        Has(K::CREATE_SCHEMA, K::CREATE_INDEX),
        "unsupported mode. please use CREATE INDEX ASYNC.",
        "create-index, pattern",
    ),
    action(Finds(altering::index_action), "ALTER INDEX", "{}", "grammar, pattern"),
    clause(Says(K::DROP_INDEX, &["concurrently"]), "CONCURRENTLY", "DROP INDEX", "create-index, pattern"),
];
