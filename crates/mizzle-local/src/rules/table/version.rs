//! What PostgreSQL learned after version 16: refused, also when the PostgreSQL behind knows it.

use squawk_syntax::SyntaxKind as K;

use super::super::newer as find;
use super::super::rule::{Rule, error, newer};
use super::super::shape::Shape::{Finds, Holds, Word};

pub(super) const ROWS: &[Rule] = &[
    newer(Word(K::JSON_TABLE_FROM_ITEM), "PostgreSQL 17"),
    newer(Word(K::JSON_EXISTS_FN), "PostgreSQL 17"),
    newer(Word(K::JSON_QUERY_FN), "PostgreSQL 17"),
    newer(Word(K::JSON_VALUE_FN), "PostgreSQL 17"),
    newer(Word(K::JSON_SCALAR_FN), "PostgreSQL 17"),
    newer(Word(K::JSON_SERIALIZE_FN), "PostgreSQL 17"),
    newer(Word(K::SET_EXPRESSION), "PostgreSQL 17"),
    newer(Word(K::SPLIT_PARTITION), "PostgreSQL 19"),
    newer(Word(K::MERGE_PARTITIONS), "PostgreSQL 19"),
    newer(Finds(find::at_local), "PostgreSQL 17"),
    newer(Finds(find::maintain), "PostgreSQL 17"),
    newer(Finds(find::virtual_column), "PostgreSQL 18"),
    newer(Finds(find::not_null_of_table), "PostgreSQL 18"),
    newer(Word(K::NOT_ENFORCED), "PostgreSQL 18"),
    newer(Word(K::ENFORCED), "PostgreSQL 18"),
    newer(Word(K::WITHOUT_OVERLAPS), "PostgreSQL 18"),
    newer(Word(K::PERIOD_COLUMN), "PostgreSQL 18"),
    newer(Finds(find::returning_options), "PostgreSQL 18"),
    error(Finds(find::returning_old), "42P01", "missing FROM-clause entry for table \"{}\"", "PostgreSQL 18"),
    newer(Finds(find::conflict_do_select), "PostgreSQL 19"),
    newer(Word(K::FOR_PORTION_OF), "PostgreSQL 19"),
    newer(Word(K::IGNORE_NULLS), "PostgreSQL 19"),
    newer(Word(K::RESPECT_NULLS), "PostgreSQL 19"),
    newer(Word(K::GRAPH_TABLE_FROM_ITEM), "PostgreSQL 19"),
    newer(Word(K::REPACK), "PostgreSQL 19"),
    newer(Finds(find::group_by_all), "PostgreSQL 19"),
    newer(Finds(find::property_graph), "PostgreSQL 19"),
    error(Finds(find::explain_option), "42601", "unrecognized EXPLAIN option \"{}\"", "PostgreSQL 17"),
    error(Holds(K::JSON_FN), "42883", "function json(unknown) does not exist", "PostgreSQL 17"),
    error(Finds(find::function), "42883", "function {} does not exist", "PostgreSQL 17, 18"),
    error(
        Finds(find::parameter),
        "42704",
        "unrecognized configuration parameter \"{}\"",
        "PostgreSQL 17, 18",
    ),
];
