//! What is logged and shown while connections come and do not come about: no secret, at any level.

use std::error::Error as StdError;
use std::io::Write;
use std::sync::{Arc, Mutex};

use mizzle_connect::{Config, Credentials, Pool, PoolOptions};
use mizzle_local::{Fault, LocalDsql};
use tokio_postgres::Client;

/// Everything that was logged, by both kinds of logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics in here").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut log = self.clone();
        writeln!(log, "{} {}", record.target(), record.args()).expect("memory takes it");
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn no_log_no_error_and_no_debug_shows_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log::set_boxed_logger(Box::new(log.clone())).expect("no other logger is set");
    log::set_max_level(log::LevelFilter::Trace);

    let local = LocalDsql::start().await.expect("a local DSQL starts");
    let config = Config::from_vars(|name| local.variable(name)).expect("the server says how to connect");
    let wrong = config.clone().fixed_credentials(
        Credentials::new("AKIAWRONGKEY", "wrongsecret").with_session_token("sessiontokenofmine"),
    );
    let mut shown = format!("{config:?} {wrong:?}");
    let pool: Pool<Client> = Pool::new(config.clone(), PoolOptions::default());
    local.inject(Fault::RefuseConnection);
    let session = pool.get().await.expect("the second try is let in");
    session.batch_execute("SELECT 1").await.expect("a good query");
    shown += &format!("{pool:?} {session:?}");
    let error = wrong.connect().await.expect_err("nobody knows this key");
    shown += &format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        shown += &format!("{cause} {cause:?}");
        source = cause.source();
    }
    let token = config.token().await.expect("it signs offline");
    shown += &format!("{token:?}");

    let logged = String::from_utf8(log.0.lock().expect("nobody panics in there").clone()).expect("text");
    assert!(logged.contains("no connection yet, trying again"), "the log is there: {logged}");
    let secrets = [
        local.access_key_id(),
        local.secret_access_key(),
        "AKIAWRONGKEY",
        "wrongsecret",
        "sessiontokenofmine",
    ];
    for secret in secrets.into_iter().chain(["X-Amz-Credential", "X-Amz-Signature"]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
        // the server, which is in the same process, may name whom it knows
        let line = logged.lines().find(|line| line.contains(secret) && !line.contains("mizzle_local"));
        assert_eq!(line, None, "{secret}");
    }
}
