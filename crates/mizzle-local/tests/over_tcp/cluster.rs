//! One helper: a cluster of one's own, and clients of it.

use std::time::Duration;

use mizzle_local::LocalDsql;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) struct Cluster {
    pub(crate) local: LocalDsql,
}

impl Cluster {
    pub(crate) async fn start() -> Cluster {
        Cluster { local: LocalDsql::start().await.expect("a cluster") }
    }

    pub(crate) async fn admin(&self) -> Client {
        self.connect("admin").await.expect("admin comes in")
    }

    /// Connects with a good token; the error is `SQLSTATE message | hint`.
    pub(crate) async fn connect(&self, user: &str) -> Result<Client, String> {
        let token = self.local.token(user, Duration::from_secs(900));
        self.connect_with(user, &token, SslNegotiation::Postgres).await
    }

    pub(crate) async fn connect_with(
        &self,
        user: &str,
        token: &str,
        negotiation: SslNegotiation,
    ) -> Result<Client, String> {
        let mut config = Config::new();
        config
            .host(self.local.endpoint())
            .hostaddr(self.local.address().ip())
            .port(self.local.address().port())
            .user(user)
            .password(token)
            .dbname("postgres")
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(negotiation);
        let (client, connection) =
            config.connect(MakeRustlsConnect::new(self.tls())).await.map_err(|error| text(&error))?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) fn tls(&self) -> rustls::ClientConfig {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.local.ca_file()).expect("a certificate"))
            .expect("a root");
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        config
    }

    pub(crate) async fn stop(self) {
        self.local.stop().await.expect("a clean end");
    }
}

/// Runs a text as one `Query`: tags and rows, separated by `; `, or the error.
pub(crate) async fn ask(client: &Client, sql: &str) -> String {
    let messages = match client.simple_query(sql).await {
        Ok(messages) => messages,
        Err(error) => return text(&error),
    };
    let shown = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let cells: Vec<&str> = (0..row.len()).map(|at| row.get(at).unwrap_or("null")).collect();
            Some(cells.join(","))
        }
        SimpleQueryMessage::CommandComplete(rows) => Some(format!("#{rows}")),
        _ => None,
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// Runs statements one after the other and compares what each answers.
pub(crate) async fn story(client: &Client, lines: &[(&str, &str)]) {
    for (sql, expect) in lines {
        assert_eq!(ask(client, sql).await, *expect, "{sql}");
    }
}

/// `SQLSTATE message`, and `| hint` when there is one.
pub(crate) fn text(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else { return format!("{error:?}") };
    let hint = said.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
    format!("{} {}{hint}", said.code().code(), said.message())
}
