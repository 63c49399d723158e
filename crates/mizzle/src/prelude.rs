//! What a module with queries imports: `use mizzle::prelude::*;`.
//!
//! Diesel's expression methods are here, those that compare with [words of our own](crate::ExpressionMethods) for a value of
//! another type. Its `RunQueryDsl` is not: it would add a `first` and a `load` to every type.

#[doc(no_inline)]
pub use diesel::expression_methods::{
    AggregateExpressionMethods, BoolExpressionMethods, EscapeExpressionMethods, FrameClauseDsl,
    NullableExpressionMethods, PgAnyJsonExpressionMethods, PgExpressionMethods, PgJsonbExpressionMethods,
    PgSortExpressionMethods, PgTextExpressionMethods, PgTimestampExpressionMethods, TextExpressionMethods,
    WindowExpressionMethods,
};
#[doc(no_inline)]
pub use diesel::{CombineDsl, JoinOnDsl, QueryDsl, SelectableHelper};

#[doc(no_inline)]
pub use crate::{
    Constraint, Db, DbEnum, DbType, ExpressionMethods, FromRow, LocksThatAuroraDsqlRefuses, Model, Shape,
    ToSqlText, Tx, With, sql, table,
};
