//! `db.migrate(&MIGRATIONS)`: an application brings its own database up to date when it starts.

use mizzle::connect::Pooled;
use mizzle::{Connection, Db, Migrations};

use crate::{Error, Event, Folder, Options, Report, apply, simple};

/// Brings a database up to the migrations that are part of the program.
///
/// Safe when many instances start at once: one applies what is pending, the others wait for it, and all return when the
/// database is where they want it. With nothing to do it costs two round trips.
///
/// # Example
/// ```no_run
/// use mizzle::{Db, Migrations};
/// use mizzle_kit::Migrate;
///
/// static MIGRATIONS: Migrations = mizzle::migrations!("tests/migrations");
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let db = Db::from_env().await?;
/// let report = db.migrate(&MIGRATIONS).await?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
pub trait Migrate {
    /// Applies what is pending. The tracking table is in the first schema of the connection's search path; what happens is
    /// told as `tracing` events.
    ///
    /// # Errors
    /// As [`apply`](fn@apply), and when no connection can be had.
    fn migrate(&self, migrations: &Migrations) -> impl Future<Output = Result<Report, Error>> + Send;

    /// The same with a tracking table of one's choice, and told by [`Event`]s.
    ///
    /// # Errors
    /// As [`migrate`](Migrate::migrate).
    fn migrate_with(
        &self,
        migrations: &Migrations,
        options: &Options,
        on_event: impl FnMut(Event<'_>) + Send,
    ) -> impl Future<Output = Result<Report, Error>> + Send;
}

impl Migrate for Db {
    async fn migrate(&self, migrations: &Migrations) -> Result<Report, Error> {
        let session = Session::of(self).await?;
        let client = session.client();
        let mut options = Options::new("public");
        let schema = simple::value(client, &options.retry, "SELECT current_schema()").await;
        if let Some(schema) = schema.map_err(Error::no_schema)? {
            options.schema = schema;
        }
        let folder = Folder::embedded(migrations.files())?;
        let tell = |event: Event<'_>| match event.is_news() {
            true => tracing::info!("{event}"),
            false => tracing::debug!("{event}"),
        };
        let report = apply(client, &folder, &options, tell).await;
        session.give_back();
        report
    }

    async fn migrate_with(
        &self,
        migrations: &Migrations,
        options: &Options,
        on_event: impl FnMut(Event<'_>) + Send,
    ) -> Result<Report, Error> {
        let folder = Folder::embedded(migrations.files())?;
        let session = Session::of(self).await?;
        let report = apply(session.client(), &folder, options, on_event).await;
        session.give_back();
        report
    }
}

/// A connection of the pool, which closes it when the run is dropped halfway, perhaps inside a transaction.
struct Session(Option<Pooled<Connection>>);

impl Session {
    async fn of(db: &Db) -> Result<Self, Error> {
        db.connection().await.map(Some).map(Self).map_err(Error::connect)
    }

    fn client(&self) -> &tokio_postgres::Client {
        self.0.as_ref().expect("it is there until it is given back").client()
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.discard();
        }
    }
}
