//! Who comes in, and who does not.

use std::time::{Duration, SystemTime};

use mizzle_local::LocalDsql;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::config::SslNegotiation;

use crate::cluster::{Cluster, ask};

const DENIED: &str = "28000 unable to accept connection, access denied";

async fn refused(cluster: &Cluster, user: &str, token: &str) -> String {
    cluster.connect_with(user, token, SslNegotiation::Postgres).await.map(drop).expect_err("refused")
}

#[tokio::test]
async fn a_good_token_lets_admin_in_both_ways_of_tls() {
    let cluster = Cluster::start().await;
    let token = cluster.local.token("admin", Duration::from_secs(60));
    for negotiation in [SslNegotiation::Postgres, SslNegotiation::Direct] {
        let client = cluster.connect_with("admin", &token, negotiation).await.expect("admin comes in");
        assert_eq!(ask(&client, "select version(), current_user").await, "PostgreSQL 16,admin; #1");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn bad_tokens_are_refused_with_the_reason_as_hint() {
    let cluster = Cluster::start().await;
    let good = cluster.local.token("admin", Duration::from_secs(60));
    let forged = good.replace("Expires=60", "Expires=61");
    let seen = refused(&cluster, "admin", &forged).await;
    assert!(
        seen.starts_with(&format!("{DENIED} | The request signature we calculated does not match")),
        "{seen}"
    );
    let seen = refused(&cluster, "admin", &cluster.local.token("app", Duration::from_secs(60))).await;
    assert_eq!(seen, format!("{DENIED} | Wrong user to action mapping. user: admin, action: DbConnect"));
    let seen = refused(&cluster, "admin", &cluster.local.token("admin", Duration::from_secs(604_801))).await;
    assert!(seen.contains("X-Amz-Expires must be less than 604800"), "{seen}");
    let seen = refused(&cluster, "admin", "secret").await;
    assert_eq!(seen, format!("{DENIED} | The password is not an authentication token."));
    cluster.stop().await;
}

#[tokio::test]
async fn a_token_expires_by_the_clusters_clock() {
    let signed = SystemTime::now();
    let hours = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let clock = std::sync::Arc::clone(&hours);
    let now = move || signed + Duration::from_secs(3_600 * clock.load(std::sync::atomic::Ordering::SeqCst));
    let cluster = Cluster { local: LocalDsql::builder().clock(now).start().await.expect("a cluster") };
    let token = cluster.local.token("admin", Duration::from_secs(900));
    assert!(cluster.connect_with("admin", &token, SslNegotiation::Postgres).await.is_ok());
    hours.store(1, std::sync::atomic::Ordering::SeqCst);
    let seen = refused(&cluster, "admin", &token).await;
    assert!(seen.starts_with(&format!("{DENIED} | Signature expired: ")), "{seen}");
    cluster.stop().await;
}

#[tokio::test]
async fn plaintext_is_refused() {
    let cluster = Cluster::start().await;
    let mut stream = TcpStream::connect(cluster.local.address()).await.expect("a connection");
    // GSSAPI encryption first: the answer is one byte, and the conversation goes on.
    stream.write_all(b"\0\0\0\x08\x04\xd2\x16\x30").await.expect("sent");
    assert_eq!(stream.read_u8().await.expect("an answer"), b'N');
    stream.write_all(b"\0\0\0\x14\0\x03\0\0user\0admin\0\0").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer and the end");
    assert!(answer.starts_with('E'), "{answer:?}");
    for part in ["SFATAL\0", "C28000\0", "Munable to accept connection, TLS is required\0", "Set sslmode"] {
        assert!(answer.contains(part), "{answer:?}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn a_client_names_the_server_unless_that_is_not_demanded() {
    // An address is never sent as SNI (RFC 6066), although the certificate is good for it.
    let connect = async |cluster: &Cluster, host: &str| {
        let token = cluster.local.token("admin", Duration::from_secs(60));
        let mut config = tokio_postgres::Config::new();
        let address = cluster.local.address();
        config.host(host).hostaddr(address.ip()).port(address.port()).user("admin").password(token);
        let tls = tokio_postgres_rustls::MakeRustlsConnect::new(cluster.tls());
        match config.connect(tls).await {
            Ok(_) => "let in".to_owned(),
            Err(error) => crate::cluster::text(&error),
        }
    };
    let strict = Cluster::start().await;
    let said = connect(&strict, "127.0.0.1").await;
    assert!(
        said.starts_with("28000 unable to accept connection, sni was not received | Connect by a name"),
        "{said}"
    );
    assert_eq!(connect(&strict, "localhost").await, "let in");
    assert_eq!(connect(&strict, strict.local.endpoint()).await, "let in");
    strict.stop().await;
    let local = LocalDsql::builder().require_sni(false).start().await.expect("a cluster");
    let lax = Cluster { local };
    assert_eq!(connect(&lax, "127.0.0.1").await, "let in");
    lax.stop().await;
}

#[tokio::test]
async fn start_up_parameters_are_the_settable_ones() {
    let cluster = Cluster::start().await;
    let connect = async |options: &str, database: &str| {
        let token = cluster.local.token("admin", Duration::from_secs(60));
        let mut config = tokio_postgres::Config::new();
        config
            .host(cluster.local.endpoint())
            .hostaddr(cluster.local.address().ip())
            .port(cluster.local.address().port())
            .user("admin")
            .password(token)
            .dbname(database)
            .options(options);
        let tls = tokio_postgres_rustls::MakeRustlsConnect::new(cluster.tls());
        match config.connect(tls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                ask(&client, "show search_path").await
            }
            Err(error) => crate::cluster::text(&error),
        }
    };
    assert_eq!(connect("-c search_path=a -c amzn-cluster-id=x", "postgres").await, "a; #0");
    assert_eq!(
        connect("-c statement_timeout=5", "postgres").await,
        "0A000 setting configuration parameter \"statement_timeout\" not supported"
    );
    assert_eq!(connect("", "other").await, "3D000 database \"other\" does not exist");
    cluster.stop().await;
}

#[tokio::test]
async fn two_clusters_do_not_share_anything() {
    let (one, other) = tokio::join!(Cluster::start(), Cluster::start());
    assert_ne!(one.local.endpoint(), other.local.endpoint());
    let token = one.local.token("admin", Duration::from_secs(60));
    let seen = refused_elsewhere(&other, &token).await;
    assert!(seen.contains("The security token included in the request is invalid."), "{seen}");
    let client = one.admin().await;
    assert_eq!(ask(&client, "create table t (a int)").await, "#0");
    let client = other.admin().await;
    assert_eq!(ask(&client, "select * from t").await, "42P01 relation \"t\" does not exist");
    tokio::join!(one.stop(), other.stop());
}

async fn refused_elsewhere(cluster: &Cluster, token: &str) -> String {
    refused(cluster, "admin", token).await
}
