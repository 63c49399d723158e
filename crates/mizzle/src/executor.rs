//! Diesel's own query methods (`diesel_async::RunQueryDsl`) on our connections and transactions.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use crate::connection::Connection;
use crate::row::PgRow;
use crate::statement::Statement;
use crate::transaction::Tx;

type Stream = BoxStream<'static, QueryResult<PgRow>>;

macro_rules! run_queries {
    (<$($generic:lifetime)?> $ty:ty, $borrow:lifetime, |$this:ident| $connection:expr, $witness:expr) => {
        impl<$($generic)?> SimpleAsyncConnection for $ty {
            async fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
                let $this = &*self;
                let witness = $witness;
                $connection.batch(sql).await.map_err(|error| to_diesel(&witness(error)))
            }
        }

        impl<$($generic)?> AsyncConnectionCore for $ty {
            type ExecuteFuture<'conn, 'query> = BoxFuture<$borrow, QueryResult<usize>>;
            type LoadFuture<'conn, 'query> = BoxFuture<$borrow, QueryResult<Stream>>;
            type Stream<'conn, 'query> = Stream;
            type Row<'conn, 'query> = PgRow;
            type Backend = Pg;

            fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
            where
                T: AsQuery + 'query,
                T::Query: QueryFragment<Pg> + QueryId + 'query,
            {
                let statement = Statement::of(&source.as_query());
                let $this = self;
                let (connection, witness) = ($connection, $witness);
                async move {
                    let statement = statement?;
                    let rows = connection.stream(&statement).await.map_err(|error| to_diesel(&witness(error)))?;
                    let written = connection.counting(&statement);
                    let rows = rows.inspect_ok(move |_| written(1));
                    Ok(rows.map_err(move |error| to_diesel(&witness(error))).boxed())
                }
                .boxed()
            }

            fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
            where
                T: QueryFragment<Pg> + QueryId + 'query,
            {
                let statement = Statement::of(&source);
                let $this = self;
                let (connection, witness) = ($connection, $witness);
                async move {
                    let answer = connection.answer(&statement?).await.map_err(|error| to_diesel(&witness(error)))?;
                    Ok(usize::try_from(answer.changed).unwrap_or(usize::MAX))
                }
                .boxed()
            }
        }
    };
}

run_queries!(<> Connection, 'conn, |this| this, crate::Error::statement);
run_queries!(<'a> &'a Connection, 'a, |this| *this, crate::Error::statement);
run_queries!(<'a> &'a Tx, 'a, |this| (*this).connection(), this.witness());

/// The error as Diesel tells it, so that `DatabaseErrorKind` and the constraint's name can be asked for.
fn to_diesel(error: &crate::Error) -> Error {
    let Some(server) = error.server() else {
        return Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(error.to_string()));
    };
    let code = server.code();
    let kind = if *code == SqlState::UNIQUE_VIOLATION {
        DatabaseErrorKind::UniqueViolation
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        DatabaseErrorKind::ForeignKeyViolation
    } else if *code == SqlState::T_R_SERIALIZATION_FAILURE {
        DatabaseErrorKind::SerializationFailure
    } else if *code == SqlState::NOT_NULL_VIOLATION {
        DatabaseErrorKind::NotNullViolation
    } else if *code == SqlState::CHECK_VIOLATION {
        DatabaseErrorKind::CheckViolation
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        DatabaseErrorKind::ReadOnlyTransaction
    } else {
        DatabaseErrorKind::Unknown
    };
    Error::DatabaseError(kind, Box::new(Information(server.clone())))
}

struct Information(DbError);

impl DatabaseErrorInformation for Information {
    fn message(&self) -> &str {
        self.0.message()
    }

    fn details(&self) -> Option<&str> {
        self.0.detail()
    }

    fn hint(&self) -> Option<&str> {
        self.0.hint()
    }

    fn table_name(&self) -> Option<&str> {
        self.0.table()
    }

    fn column_name(&self) -> Option<&str> {
        self.0.column()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.0.constraint()
    }

    fn statement_position(&self) -> Option<i32> {
        match self.0.position()? {
            ErrorPosition::Original(position) => i32::try_from(*position).ok(),
            ErrorPosition::Internal { .. } => None,
        }
    }
}
