//! The error of the typed layer: opaque, answering questions.

use std::error::Error as StdError;
use std::sync::Arc;

use mizzle_connect::{Conflict, Exhausted};
use tokio_postgres::error::{DbError, SqlState};

use crate::budget::Budget;
use crate::bulk::BulkError;
use crate::constraint::{Constrained, Constraint};

mod text;

/// What went wrong between a query and its result.
///
/// `Display` is one sentence; the cause is in [`source`](StdError::source), the server's hint in [`hint`](Error::hint).
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let error = match db.insert(NewOwner::new(1, "Ann", "Oslo")).await {
///     Ok(_) => return Ok(()),
///     Err(error) => error,
/// };
/// eprintln!("{error}");
/// if let Some(hint) = error.hint() {
///     eprintln!("hint: {hint}");
/// }
/// let cause = std::error::Error::source(&error);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Connect,
    Statement,
    ConnectionLost,
    LostBeforeCommit,
    OutcomeUnknown,
    NotCommitted,
    Exhausted(Exhausted),
    Aborted,
    Abandoned,
    Escaped,
    Build,
    Read,
    NotFound,
    TooManyRows { found: usize },
    RowLimit { written: u64, more: Option<u64> },
    Bulk,
    NoParent { table: &'static str },
    Restricted { table: &'static str, by: &'static str },
}

impl Error {
    pub(crate) fn connect(error: mizzle_connect::Error) -> Self {
        Self::new(Kind::Connect, error)
    }

    /// An error of a statement other than COMMIT.
    pub(crate) fn statement(error: tokio_postgres::Error) -> Self {
        let kind = if error.as_db_error().is_some() { Kind::Statement } else { Kind::ConnectionLost };
        Self::new(kind, error)
    }

    /// An error of a statement inside a transaction that has written this much.
    pub(crate) fn in_transaction(error: tokio_postgres::Error, written: &Budget) -> Self {
        let full =
            error.as_db_error().is_some_and(|error| error.message() == "transaction row limit exceeded");
        if full { Self::row_limit(written.rows(), None, Some(error)) } else { Self::statement(error) }
    }

    /// An error of COMMIT: a refusal of the server is certain; silence is not, nor is a server that speaks of itself.
    pub(crate) fn commit(error: tokio_postgres::Error) -> Self {
        let refused = error.as_db_error().is_some_and(|error| !is_of_the_server(error));
        Self::new(if refused { Kind::Statement } else { Kind::OutcomeUnknown }, error)
    }

    /// A connection that was lost when all was done, and COMMIT had not been sent.
    pub(crate) fn lost_before_commit() -> Self {
        Self(Box::new(Inner { kind: Kind::LostBeforeCommit, source: None }))
    }

    /// A transaction that would write more rows than Aurora DSQL takes: `more` of them now, if that is known.
    pub(crate) fn row_limit(written: u64, more: Option<u64>, source: Option<tokio_postgres::Error>) -> Self {
        let source = source.map(|source| Arc::new(source) as _);
        Self(Box::new(Inner { kind: Kind::RowLimit { written, more }, source }))
    }

    pub(crate) fn bulk(error: BulkError) -> Self {
        Self::new(Kind::Bulk, error)
    }

    /// A row that was to belong to one that is not there.
    pub(crate) fn no_parent(table: &'static str) -> Self {
        Self(Box::new(Inner { kind: Kind::NoParent { table }, source: None }))
    }

    /// A row of `table` that cannot go, because rows of `by` belong to it.
    pub(crate) fn restricted(table: &'static str, by: &'static str) -> Self {
        Self(Box::new(Inner { kind: Kind::Restricted { table, by }, source: None }))
    }

    pub(crate) fn exhausted(exhausted: Exhausted, last: Self) -> Self {
        Self::new(Kind::Exhausted(exhausted), last)
    }

    /// A COMMIT that was not answered and, as its marker proves, has not happened.
    pub(crate) fn not_committed(unknown: Self) -> Self {
        Self::new(Kind::NotCommitted, unknown)
    }

    /// A COMMIT that was not answered and whose marker could not be asked for, for this reason.
    pub(crate) fn not_settled(reason: Self) -> Self {
        Self::new(Kind::OutcomeUnknown, reason)
    }

    pub(crate) fn aborted() -> Self {
        Self(Box::new(Inner { kind: Kind::Aborted, source: None }))
    }

    /// A transaction that committed though one of its statements had been dropped half-way.
    pub(crate) fn abandoned() -> Self {
        Self(Box::new(Inner { kind: Kind::Abandoned, source: None }))
    }

    /// A transaction's handle that outlived its closure.
    pub(crate) fn escaped() -> Self {
        Self(Box::new(Inner { kind: Kind::Escaped, source: None }))
    }

    pub(crate) fn build(error: diesel::result::Error) -> Self {
        Self::new(Kind::Build, error)
    }

    pub(crate) fn read(error: diesel::result::Error) -> Self {
        Self::new(Kind::Read, error)
    }

    pub(crate) fn not_found() -> Self {
        Self(Box::new(Inner { kind: Kind::NotFound, source: None }))
    }

    pub(crate) fn too_many_rows(found: usize) -> Self {
        Self(Box::new(Inner { kind: Kind::TooManyRows { found }, source: None }))
    }

    fn new(kind: Kind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self(Box::new(Inner { kind, source: Some(Arc::new(source)) }))
    }

    /// Whether another transaction won (SQLSTATE 40001, OC000 or OC001).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("DELETE FROM owner")).await
    ///     && error.is_conflict()
    /// {
    ///     println!("somebody else was faster, each time");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.conflict().is_some()
    }

    /// Which kind of conflict it was.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// use mizzle::connect::Conflict;
    ///
    /// if let Err(error) = db.execute(sql!("DELETE FROM owner")).await {
    ///     match error.conflict() {
    ///         Some(Conflict::Data) => println!("another transaction changed these rows"),
    ///         Some(Conflict::Schema) => println!("the schema has changed"),
    ///         None => return Err(error),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        Conflict::of(self)
    }

    /// How many attempts there were, in which time, and what the last one failed with, when there were as many as the retry
    /// policy allows; the last error is the [source](StdError::source).
    #[must_use]
    pub fn as_exhausted(&self) -> Option<&Exhausted> {
        match &self.deepest().0.kind {
            Kind::Exhausted(exhausted) => Some(exhausted),
            _ => None,
        }
    }

    /// Whether the same work may succeed when it is done again as a whole: a conflict, a connection that could not be made, or one
    /// that was lost before COMMIT was sent.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("SELECT 1")).await {
    ///     let status = if error.is_retryable() { 503 } else { 500 };
    ///     println!("HTTP {status}");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        // what was done in chunks is not to be done again as a whole
        if self.as_bulk().is_some() {
            return false;
        }
        self.is_conflict()
            || self.0.kind == Kind::LostBeforeCommit
            || self.as_exhausted().is_some()
            || self.cause::<mizzle_connect::Error>().is_some_and(mizzle_connect::Error::is_retryable)
    }

    /// Whether the connection was lost during COMMIT, so that nobody here knows if the transaction took effect.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let id = 7;
    /// match db.insert(NewOwner::new(id, "Ann", "Oslo")).await {
    ///     // it may be there: ask before it is done again
    ///     Err(error) if error.is_outcome_unknown() => drop(db.first(Owner::query().filter(owner::id.eq(id))).await?),
    ///     other => drop(other?),
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.kind == Kind::OutcomeUnknown
            || self.as_bulk().is_some_and(|bulk| bulk.cause().is_outcome_unknown())
    }

    /// Whether a transaction would write more than Aurora DSQL takes in one: 3,000 rows, 10 MiB, or five minutes of it.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let many: Vec<NewOwner> = Vec::new();
    /// match db.insert_many(&many).await {
    ///     Err(error) if error.is_over_budget() => drop(db.insert_all(many).await?),
    ///     other => drop(other?),
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        matches!(self.0.kind, Kind::RowLimit { .. } | Kind::TooManyRows { .. })
            || self.server().is_some_and(is_transaction_limit)
    }

    /// What was done and what was not, when it was work in chunks that ended early.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = vec![NewOwner::new(1, "Ann", "Oslo")];
    /// let imported = async { Ok::<_, mizzle::Error>(db.insert_all(rows).await?) };
    /// if let Err(error) = imported.await
    ///     && let Some(bulk) = error.as_bulk()
    /// {
    ///     println!("rows {} are committed", bulk.committed());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_bulk(&self) -> Option<&BulkError> {
        self.cause()
    }

    /// Whether a row was asked for that is not there.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let found = match db.first(Owner::query().filter(owner::id.eq(7))).await {
    ///     Ok(owner) => Some(owner),
    ///     Err(error) if error.is_not_found() => None,
    ///     Err(error) => return Err(error),
    /// };
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == Kind::NotFound
    }

    /// Whether a value was there already where it may be once (SQLSTATE 23505).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("INSERT INTO owner VALUES (1, 'Ann')")).await
    ///     && error.is_unique_violation()
    /// {
    ///     println!("there is an owner 1 already");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.sql_state() == Some("23505")
    }

    /// Whether a row referred to one that is not there, or is referred to: by a foreign key (SQLSTATE 23503), or by a logical
    /// relation that was checked.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("DELETE FROM owner WHERE id = 1")).await
    ///     && error.is_foreign_key_violation()
    /// {
    ///     println!("something belongs to owner 1");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self.deepest().0.kind, Kind::NoParent { .. } | Kind::Restricted { .. })
            || self.sql_state() == Some("23503")
    }

    /// Whether a value broke a check (SQLSTATE 23514).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("INSERT INTO owner VALUES (1, '')")).await
    ///     && error.is_check_violation()
    /// {
    ///     println!("{:?} does not allow that", error.constraint());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_check_violation(&self) -> bool {
        self.sql_state() == Some("23514")
    }

    /// The constraint that was broken.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("INSERT INTO owner VALUES (1, 'Ann')")).await {
    ///     assert_eq!(error.constraint(), Some("owner_pkey"));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.server().and_then(DbError::constraint)
    }

    /// The constraint of the table `M` that was broken; `None` if it was another table's, or one that the struct does not have:
    /// [`constraint`](Self::constraint) gives the name of any.
    ///
    /// A foreign key is its own table's, even where a row of the table referred to could not be deleted.
    ///
    /// ```
    /// # use mizzle::prelude::*;
    /// # use uuid::Uuid;
    /// #[table]
    /// struct Owner {
    ///     #[column(primary_key, default = gen_random_uuid())]
    ///     id: Uuid,
    ///     #[column(unique)]
    ///     email: String,
    /// }
    ///
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// match db.insert(NewOwner::new("john@example.com")).await {
    ///     Err(error) if error.constraint_of::<Owner>() == Some(OwnerConstraint::EmailKey) => {
    ///         println!("this address is taken");
    ///     }
    ///     other => drop(other?),
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn constraint_of<M: Constrained>(&self) -> Option<M::Constraint> {
        let server = self.server()?;
        let other_table = server.table().is_some_and(|table| table != M::DEF.name);
        let other_schema = match (server.schema(), M::DEF.schema) {
            (Some(schema), Some(declared)) => schema != declared,
            _ => false,
        };
        if other_table || other_schema {
            return None;
        }
        let name = server.constraint()?;
        M::Constraint::ALL.iter().copied().find(|constraint| constraint.name() == name)
    }

    /// The server's five-character code.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("SELECT 1 / 0")).await {
    ///     assert_eq!(error.sql_state(), Some("22012"));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn sql_state(&self) -> Option<&str> {
        self.server().map(|error| error.code().code())
    }

    /// What to do about it, if the server or Mizzle knows.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.execute(sql!("SELECT 1")).await {
    ///     eprintln!("error: {error}");
    ///     error.hint().inspect(|hint| eprintln!("hint: {hint}"));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self.0.kind {
            Kind::Connect => self.cause::<mizzle_connect::Error>().and_then(mizzle_connect::Error::hint),
            Kind::OutcomeUnknown => Some(
                "read the data again before you repeat the work: the transaction may have been committed",
            ),
            Kind::Abandoned => {
                Some("await every statement of a transaction, or return an error from the closure")
            }
            Kind::Aborted => Some("return the error of the failed statement from the closure, with `?`"),
            Kind::RowLimit { .. } | Kind::TooManyRows { .. } => Some(SMALLER),
            Kind::Bulk => self.as_bulk().and_then(|bulk| bulk.cause().hint()),
            Kind::NoParent { .. } => Some("insert the parent first, or leave the relation empty"),
            Kind::Restricted { .. } => Some(
                "delete those rows first, or say what is to become of them: `.cascade(…)` or `.set_null(…)`",
            ),
            _ if self.sql_state() == Some(SqlState::CHARACTER_NOT_IN_REPERTOIRE.code()) => {
                Some("text holds no NUL: take it out, or store the bytes as `Vec<u8>`")
            }
            _ => self
                .server()
                .and_then(|error| error.hint().or(is_transaction_limit(error).then_some(SMALLER))),
        }
    }

    /// Whether a transaction that met this before its COMMIT was answered has certainly not happened, and may go through when it is
    /// begun anew on another connection.
    pub(crate) fn is_transient(&self) -> bool {
        match self.0.kind {
            Kind::ConnectionLost | Kind::LostBeforeCommit => true,
            Kind::Statement => self.server().is_some_and(is_of_the_server),
            Kind::Connect => self.is_retryable(),
            _ => false,
        }
    }

    /// The error of ours that everything began with.
    fn deepest(&self) -> &Self {
        self.as_bulk().map_or(self, |bulk| bulk.cause().deepest())
    }

    /// The conflict that another attempt may not meet. A statement prepared before the schema changed ("cached plan must not change
    /// result type") counts as one: prepared anew, it runs.
    pub(crate) fn worth_another_attempt(&self) -> Option<Conflict> {
        let stale = |error: &DbError| {
            error.code() == &SqlState::FEATURE_NOT_SUPPORTED && error.message().contains("cached plan")
        };
        self.conflict().or_else(|| self.server().filter(|error| stale(error)).map(|_| Conflict::Schema))
    }

    pub(crate) fn server(&self) -> Option<&DbError> {
        self.cause::<tokio_postgres::Error>().and_then(tokio_postgres::Error::as_db_error)
    }

    /// The first cause of this type.
    fn cause<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next = self.source();
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

const SMALLER: &str =
    "split the work into several transactions: `db.insert_all`, `db.update_all` and `db.delete_all` do";

/// Rows, bytes or age: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html>.
fn is_transaction_limit(error: &DbError) -> bool {
    error.code().code() == "54000" && error.message().starts_with("transaction ")
}

/// An error that is not about the statement: XX000 `server unavailable`, a shutdown, a connection that breaks (user guide,
/// "Troubleshooting": at COMMIT, the outcome is unknown).
fn is_of_the_server(error: &DbError) -> bool {
    let code = error.code().code();
    code == "XX000" || code.starts_with("57P") || code.starts_with("08")
}
