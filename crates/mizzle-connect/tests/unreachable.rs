//! What a person reads when there is no DSQL at the other end.

mod port;

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mizzle_connect::{Config, Error, Pool, PoolOptions};
use port::Port;
use tokio::net::TcpListener;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HOST: &str = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";

fn config(port: u16) -> Config {
    Config::new(HOST)
        .host_addr(LOOPBACK)
        .port(port)
        .root_certificate_pem(include_str!("vectors/ca.pem"))
        .static_credentials("AKIDEXAMPLE", "secret")
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.expect("a free port on this machine");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

async fn refusal(config: &Config) -> Error {
    config.connect().await.expect_err("nobody speaks DSQL there")
}

#[tokio::test]
async fn a_closed_port_is_named_with_its_host() {
    let Port { number: port, .. } = &Port::take();
    let error = refusal(&config(*port)).await;
    assert_eq!(error.to_string(), format!("no connection to {HOST}:{port} (at 127.0.0.1)"));
    assert!(error.hint().expect("a cure").contains("mizzle local"), "{error:?}");
    assert!(error.is_retryable() && error.sql_state().is_none() && error.source().is_some());
}

#[tokio::test]
async fn a_name_without_an_address_is_named() {
    let config = Config::new("no-such-host.invalid")
        .region("eu-west-1")
        .root_certificate_pem(include_str!("vectors/ca.pem"))
        .static_credentials("AKIDEXAMPLE", "secret")
        // who answers for names may take a while to say that there is none
        .connect_timeout(Duration::from_secs(300));
    let error = refusal(&config).await;
    assert_eq!(error.to_string(), "no connection to no-such-host.invalid:5432");
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_the_limit() {
    let (_listener, port) = listener().await;
    let error = refusal(&config(port).connect_timeout(Duration::from_millis(200))).await;
    assert_eq!(error.to_string(), format!("no connection to {HOST}:{port} (at 127.0.0.1) within 200ms"));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_gets_no_token() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("the client comes");
        let mut received = vec![0; 4096];
        let count = stream.read(&mut received).await.expect("the client speaks first");
        // PostgreSQL's "no TLS here", to which a careless client would answer in plaintext.
        stream.write_all(b"N").await.expect("the client listens");
        while let Ok(1..) = stream.read_buf(&mut received).await {}
        received.truncate(count);
        received
    });
    let error = refusal(&config(port)).await;
    assert_eq!(error.to_string(), format!("no verified TLS connection to {HOST}:{port} (at 127.0.0.1)"));
    assert!(error.hint().expect("a cure").contains("TLS from the first byte") && !error.is_retryable());
    let received = server.await.expect("the server ends with its client");
    assert_eq!(received[..2], [0x16, 0x03], "a TLS handshake comes first");
    assert!(!received.windows(5).any(|bytes| bytes == b"X-Amz"));
}

#[tokio::test]
async fn a_pool_that_never_connected_reports_a_closed_port_at_once() {
    let port = Port::take();
    let pool: Pool<tokio_postgres::Client> = Pool::new(config(port.number), PoolOptions::default());
    let error = pool.get().await.expect_err("nobody listens");
    assert!(error.to_string().starts_with("no connection to "), "{error}");
    let stats = pool.stats();
    assert_eq!((stats.connect_retries, stats.connect_failures, stats.not_acquired), (0, 1, 1));
}

#[tokio::test]
async fn a_pool_whose_time_is_over_says_that_the_server_is_what_it_waited_for() {
    let (_listener, port) = listener().await;
    let options = PoolOptions { acquire_timeout: Duration::from_millis(200), ..PoolOptions::default() };
    let pool: Pool<tokio_postgres::Client> = Pool::new(config(port), options);
    let error = pool.get().await.expect_err("nobody answers");
    assert_eq!(error.to_string(), "no session from the pool within 200ms: 0 of 10 in use, 1 being opened");
    assert!(error.hint().expect("a cure").contains("port 5432"), "{error:?}");
    assert!(error.is_retryable());
}
