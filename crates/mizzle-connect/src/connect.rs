//! One connection: a fresh token, TLS from the first byte, and no statement sent.

use std::time::{Duration, SystemTime};

use tokio_postgres::Client;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tracing::Instrument;

use crate::config::Target;
use crate::{Config, Credentials, Error, Token, startup, token};

/// A network device may forget a silent connection after some minutes; PostgreSQL's default is two hours.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// Between two questions whether the server is still there, of which [`KEEPALIVE_TRIES`] may go unanswered.
const KEEPALIVE_PAUSE: Duration = Duration::from_secs(15);

const KEEPALIVE_TRIES: u32 = 4;

/// How long the server's machine may leave unconfirmed what was sent to it. Linux by itself waits for a quarter of an hour, and
/// so would a statement on a connection whose other end is gone without a word.
const UNCONFIRMED: Duration = Duration::from_secs(60);

impl Config {
    /// Opens one connection and spawns the task that drives it, which ends when the client is dropped.
    ///
    /// DSQL ends every connection after 60 minutes; a [`Pool`](crate::Pool) replaces them in time. A server that is gone without
    /// a word is noticed within two minutes; what then waits for an answer fails as on any lost connection.
    ///
    /// # Errors
    /// When the settings contradict each other, there are no valid credentials, the server cannot be reached or
    /// verified, or it refuses: then [`Error::sql_state`] and [`Error::hint`] are the server's.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn connect(&self) -> Result<Client, Error> {
        self.connect_somewhere().await.map(|(client, _)| client)
    }

    /// Connects, and tells which of two endpoints it was.
    pub(crate) async fn connect_somewhere(&self) -> Result<(Client, &Config), Error> {
        match &self.standby {
            Some(standby) => standby.connect(self).await,
            None => Ok((self.connect_here().await?, self)),
        }
    }

    /// Connects to this endpoint, in a span with the names that OpenTelemetry gives to database clients.
    pub(crate) async fn connect_here(&self) -> Result<Client, Error> {
        let target = self.target()?;
        let span = tracing::debug_span!(
            "connect",
            otel.kind = "client",
            db.system.name = "postgresql",
            db.namespace = "postgres",
            server.address = target.host,
            server.port = self.port,
            db.response.status_code = tracing::field::Empty,
            error.type = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        let connected = self.connect_to(&target).instrument(span.clone()).await;
        if let Err(error) = &connected {
            span.record("db.response.status_code", error.sql_state());
            span.record("otel.status_code", "ERROR");
            span.record("error.type", error.sql_state().unwrap_or_else(|| error.kind()));
        }
        connected
    }

    async fn connect_to(&self, target: &Target) -> Result<Client, Error> {
        let credentials = self.credentials.get(&target.region, SystemTime::now()).await?;
        let refused = match self.connect_as(target, &credentials).await {
            Err(error) if error.blames_credentials() => error,
            done => return done,
        };
        // They may have been rotated since they were fetched.
        match self.credentials.instead_of(&credentials, &target.region, SystemTime::now()).await {
            Some(other) => self.connect_as(target, &other).await,
            None => Err(refused),
        }
    }

    async fn connect_as(&self, target: &Target, credentials: &Credentials) -> Result<Client, Error> {
        let tls = self.tls.connector()?;
        let signed = SystemTime::now();
        let settings = self.settings(target, &self.sign(target, credentials, signed))?;
        let address = self.address(target);
        let (client, connection) = tokio::time::timeout(self.connect_timeout, settings.connect(tls))
            .await
            .map_err(|_| Error::connect_timeout(&address, self.connect_timeout))?
            .map_err(|source| Error::connect(&address, target.local, source, signed))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %address, "connection ended");
            }
        });
        Ok(client)
    }

    /// Signs a token: the password of one connection, for clients that connect by themselves.
    ///
    /// It is good for as long as [`token_lifetime`](Config::token_lifetime) says, and no longer than the
    /// credentials that signed it.
    ///
    /// # Errors
    /// When the settings contradict each other, or there are no valid credentials.
    pub async fn token(&self) -> Result<Token, Error> {
        self.token_at(SystemTime::now()).await
    }

    /// As [`token`](Config::token), good from this time on: for later, or to compare signers.
    ///
    /// # Errors
    /// As [`token`](Config::token).
    pub async fn token_at(&self, now: SystemTime) -> Result<Token, Error> {
        let target = self.target()?;
        let credentials = self.credentials.get(&target.region, now).await?;
        Ok(self.sign(&target, &credentials, now))
    }

    pub(crate) fn sign(&self, target: &Target, credentials: &Credentials, now: SystemTime) -> Token {
        let request = token::Request {
            host: &target.host,
            region: &target.region,
            user: &self.user,
            lifetime: self.token_lifetime,
        };
        token::token(&request, credentials, now)
    }

    fn settings(&self, target: &Target, token: &Token) -> Result<tokio_postgres::Config, Error> {
        let mut settings = tokio_postgres::Config::new();
        settings
            .host(&target.host)
            .port(self.port)
            .user(&self.user)
            .password(token.as_str())
            // A cluster has one database, always of this name.
            .dbname("postgres")
            .application_name(startup::application_name(&self.application_name))
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct)
            // For each address that DNS names; the caller's limit holds for all of them together.
            .connect_timeout(self.connect_timeout)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_PAUSE)
            .keepalives_retries(KEEPALIVE_TRIES)
            .tcp_user_timeout(UNCONFIRMED);
        if let Some(addr) = self.host_addr {
            settings.hostaddr(addr);
        }
        let mut options = Vec::new();
        if let Some(path) = &self.search_path {
            options.push(startup::search_path_option(path)?);
        }
        if let Some(id) = &target.cluster_id {
            options.push(format!("-c amzn-cluster-id={id}"));
        }
        if !options.is_empty() {
            settings.options(options.join(" "));
        }
        Ok(settings)
    }

    /// What messages call the server: its name and port, and its address where the caller gave one.
    fn address(&self, target: &Target) -> String {
        match self.host_addr {
            Some(addr) => format!("{}:{} (at {addr})", target.host, self.port),
            None => format!("{}:{}", target.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_gone_without_a_word_is_noticed_within_minutes() {
        let config = Config::new("abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws");
        let target = config.target().expect("it is complete");
        let token = config.sign(&target, &Credentials::new("AKIDEXAMPLE", "secret"), SystemTime::UNIX_EPOCH);
        let settings = config.settings(&target, &token).expect("nothing is wrong");
        // by a statement that is under way, and by a connection that nobody uses
        assert_eq!(settings.get_tcp_user_timeout(), Some(&Duration::from_secs(60)));
        let (idle, pause) = (settings.get_keepalives_idle(), settings.get_keepalives_interval());
        let tries = settings.get_keepalives_retries().expect("it is set");
        assert_eq!(idle + pause.expect("it is set") * tries, Duration::from_secs(120));
    }
}
