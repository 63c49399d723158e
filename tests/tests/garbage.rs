//! Bytes that are no protocol, or almost: the server says no or hangs up, runs nothing of them, and goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mizzle_local::LocalDsql;
use mizzle_tests::config;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long the server may think about a message that is cut short; then the client hangs up.
const PATIENCE: Duration = Duration::from_millis(20);

fn connector(local: &LocalDsql) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(local.ca_file()).unwrap()).unwrap();
    let mut config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn secure(local: &LocalDsql, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let name = ServerName::try_from(local.endpoint().to_owned()).unwrap();
    connector.connect(name, TcpStream::connect(local.address()).await.unwrap()).await.unwrap()
}

/// A packet without a tag, as a start-up message is.
fn packet(body: &[u8]) -> Vec<u8> {
    let mut packet = (body.len() as u32 + 4).to_be_bytes().to_vec();
    packet.extend_from_slice(body);
    packet
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend(packet(body));
    message
}

fn startup() -> Vec<u8> {
    packet(b"\0\x03\0\0user\0admin\0database\0postgres\0\0")
}

fn password(local: &LocalDsql) -> Vec<u8> {
    message(b'p', format!("{}\0", local.token("admin", Duration::from_secs(900))).as_bytes())
}

/// Comes in as `admin`, up to the server's readiness.
async fn session(local: &LocalDsql, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let mut stream = secure(local, connector).await;
    stream.write_all(&startup()).await.unwrap();
    stream.write_all(&password(local)).await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"Z\0\0\0\x05I") {
        assert!(stream.read_buf(&mut heard).await.unwrap() > 0, "{}", String::from_utf8_lossy(&heard));
    }
    stream
}

/// Sends, and hears the server out until it falls silent or hangs up.
async fn send<S: AsyncReadExt + AsyncWriteExt + Unpin>(stream: &mut S, bytes: &[u8]) {
    if stream.write_all(bytes).await.is_ok() {
        let mut heard = vec![0; 4096];
        while let Ok(Ok(1..)) = tokio::time::timeout(PATIENCE, stream.read(&mut heard)).await {}
    }
}

/// Sends, says that this was all, and waits for the server to hang up: then it has done what it will do.
async fn say(mut stream: TlsStream<TcpStream>, bytes: &[u8]) {
    if stream.write_all(bytes).await.is_ok() && stream.shutdown().await.is_ok() {
        let mut heard = vec![0; 4096];
        while let Ok(1..) = stream.read(&mut heard).await {}
    }
}

/// What a client may say to take a number from a sequence: in one message, and in four that all matter.
fn conversations() -> [Vec<Vec<u8>>; 2] {
    const TAKE: &[u8] = b"select nextval('taken')\0";
    let simple = message(b'Q', TAKE);
    let parse = message(b'P', &[b"a\0", TAKE, b"\0\0"].concat());
    let bind = message(b'B', b"b\0a\0\0\0\0\0\0\0");
    let execute = message(b'E', b"b\0\0\0\0\0");
    [vec![simple], vec![parse, bind, execute, message(b'S', b"")]]
}

/// The conversation cut short at every byte, and with every bit of every tag and length the other way around.
fn bent(messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let whole = messages.concat();
    let mut bent: Vec<Vec<u8>> = (1..whole.len()).map(|end| whole[..end].to_vec()).collect();
    let mut start = 0;
    for message in messages {
        for bit in 0..5 * 8 {
            let mut bytes = whole.clone();
            bytes[start + bit / 8] ^= 1 << (bit % 8);
            bent.push(bytes);
        }
        start += message.len();
    }
    bent
}

fn noise(random: &mut SmallRng, longest: usize) -> Vec<u8> {
    (0..random.random_range(0..longest)).map(|_| random.random()).collect()
}

/// A message that is almost one: a tag that exists, text that may be SQL, a length that may be wrong.
fn almost(random: &mut SmallRng) -> Vec<u8> {
    const TAGS: &[u8] = b"QPBDECSHXFdcfp";
    const WORDS: &[&[u8]] = &[
        b"select 1\0",
        b"begin\0",
        b"commit;\0",
        b"\0",
        b"\0\0",
        b"\0\x01",
        b"S",
        b"P",
        b"'",
        b"$1",
        b"insert into\0",
        b"\xff\xff\xff\xff",
    ];
    let mut body = Vec::new();
    for _ in 0..random.random_range(0..6) {
        match random.random_range(0..4) {
            0 => body.extend(noise(random, 9)),
            _ => body.extend_from_slice(WORDS[random.random_range(0..WORDS.len())]),
        }
    }
    let mut message = message(TAGS[random.random_range(0..TAGS.len())], &body);
    match random.random_range(0..8) {
        0 => message[4] = random.random(),
        1 => message[1] = random.random(),
        2 => message.truncate(random.random_range(0..=message.len())),
        _ => {}
    }
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_outlives_what_is_no_protocol() {
    let panics = Arc::new(AtomicUsize::new(0));
    let (counter, before) = (panics.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        counter.fetch_add(1, Ordering::SeqCst);
        before(panic);
    }));
    let local = LocalDsql::start().await.unwrap();
    let connector = connector(&local);
    for seed in 0..60 {
        let mut random = SmallRng::seed_from_u64(seed);
        send(&mut TcpStream::connect(local.address()).await.unwrap(), &noise(&mut random, 200)).await;
        send(&mut TcpStream::connect(local.address()).await.unwrap(), &packet(&noise(&mut random, 60))).await;
        send(&mut secure(&local, &connector).await, &noise(&mut random, 200)).await;
        send(&mut secure(&local, &connector).await, &packet(&noise(&mut random, 60))).await;
        let mut stream = session(&local, &connector).await;
        for _ in 0..8 {
            send(&mut stream, &almost(&mut random)).await;
        }
    }
    let client = config(&local).connect().await.unwrap();
    let answer: i32 = client.query_one("SELECT 1", &[]).await.unwrap().get(0);
    assert_eq!((answer, panics.load(Ordering::SeqCst)), (1, 0));
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_bent_or_comes_too_early_is_run() {
    let local = LocalDsql::start().await.unwrap();
    let connector = connector(&local);
    let client = config(&local).connect().await.unwrap();
    client.batch_execute("CREATE SEQUENCE taken CACHE 1").await.unwrap();
    // a sequence never takes a number back, whatever becomes of the transaction
    let taken = || async { client.query_one("SELECT last_value, is_called FROM taken", &[]).await.unwrap() };
    for messages in conversations() {
        for bytes in bent(&messages) {
            say(session(&local, &connector).await, &bytes).await;
            assert!(!taken().await.get::<_, bool>(1), "{:?} took a number", String::from_utf8_lossy(&bytes));
        }
        let early = messages.concat();
        say(secure(&local, &connector).await, &early).await;
        say(secure(&local, &connector).await, &[startup(), early.clone(), password(&local)].concat()).await;
        let wrong = message(b'p', b"no token\0");
        say(secure(&local, &connector).await, &[startup(), wrong, early].concat()).await;
    }
    for seed in 0..50 {
        say(session(&local, &connector).await, &noise(&mut SmallRng::seed_from_u64(seed), 300)).await;
    }
    assert!(!taken().await.get::<_, bool>(1), "a number was taken");
    for (messages, number) in conversations().iter().zip(1_i64..) {
        say(session(&local, &connector).await, &messages.concat()).await;
        assert_eq!((taken().await.get::<_, i64>(0), taken().await.get::<_, bool>(1)), (number, true));
    }
    local.stop().await.unwrap();
}
