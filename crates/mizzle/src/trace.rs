//! Statements in traces: a span for each flight, with the names that OpenTelemetry gives to database clients.

use std::future::Future;

use tokio_postgres::Error;
use tracing::field::Empty;
use tracing::{Instrument, Level, Span};

use crate::connection::Connection;
use crate::statement::Statement;

/// Awaits the answer to these statements in a span of its own; where nobody listens, it just awaits it.
pub(crate) async fn traced<T>(
    connection: &Connection,
    statements: &[Statement],
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    if !tracing::enabled!(Level::DEBUG) {
        return answer.await;
    }
    let span = span(connection, statements);
    let answered = answer.instrument(span.clone()).await;
    if let Err(error) = &answered {
        let state = error.as_db_error().map(|error| error.code().code());
        span.record("otel.status_code", "ERROR");
        span.record("db.response.status_code", state);
        span.record("error.type", state.unwrap_or("connection"));
    }
    answered
}

fn span(connection: &Connection, statements: &[Statement]) -> Span {
    let operation = operation(statements);
    let span = tracing::debug_span!(
        "statement",
        otel.kind = "client",
        otel.name = operation,
        db.system.name = "postgresql",
        db.namespace = "postgres",
        db.operation.name = operation,
        db.operation.batch.size = Empty,
        db.query.text = Empty,
        server.address = connection.endpoint(),
        db.response.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    if statements.len() > 1 {
        span.record("db.operation.batch.size", statements.len());
    }
    // Values are parameters and not shown, but `sql!` and `RawSql` may have some in their text.
    if tracing::enabled!(Level::TRACE) {
        let texts: Vec<&str> = statements.iter().map(|statement| &*statement.sql).collect();
        span.record("db.query.text", texts.join("; "));
    }
    span
}

/// The first word of the SQL; of several statements `BATCH` and the word that they share.
fn operation(statements: &[Statement]) -> String {
    let mut words = statements.iter().map(|statement| word(&statement.sql));
    let first = words.next().unwrap_or_default();
    match statements.len() {
        1 => first,
        _ if words.all(|word| word == first) => format!("BATCH {first}"),
        _ => "BATCH".to_owned(),
    }
}

fn word(sql: &str) -> String {
    let sql = sql.trim_start();
    let end = sql.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(sql.len());
    sql[..end].to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_the_first_word_of_its_statement() {
        for (texts, expect) in [
            (&["select 1"][..], "SELECT"),
            (&[" INSERT INTO owner VALUES ($1)"], "INSERT"),
            (&["SELECT(1)"], "SELECT"),
            (&["SELECT 1", "select 2"], "BATCH SELECT"),
            (&["SELECT 1", "UPDATE a SET b = 1"], "BATCH"),
        ] {
            let statements: Vec<_> = texts.iter().map(|&text| Statement::new(text, [])).collect();
            assert_eq!(operation(&statements), expect, "{texts:?}");
        }
    }
}
