//! How often a client and the server take turns: counted on the wire, by a relay between them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use mizzle::Db;
use mizzle::connect::PoolOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::{Ground, config};

/// A database that is reached through a relay, over one connection. The relay ends with it.
pub struct Counted {
    /// The database.
    pub db: Db,
    turns: Arc<Turns>,
    relay: JoinHandle<()>,
}

/// Counts how often the client speaks after the server has.
#[derive(Default)]
struct Turns {
    count: AtomicU32,
    server_spoke: AtomicBool,
}

impl Counted {
    /// The database of this ground, with a relay in between.
    ///
    /// # Panics
    /// When there is no port for the relay.
    pub fn new(ground: &Ground) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a socket takes its options");
        let listener = TcpListener::from_std(listener).expect("there is a runtime");
        let port = listener.local_addr().expect("the port is known").port();
        let turns = Arc::new(Turns::default());
        let relay = tokio::spawn(turns.clone().relay(listener, ground.local.address()));
        let options = PoolOptions { max_size: 1, ..PoolOptions::default() };
        Self { db: Db::new(config(&ground.local).port(port), options), turns, relay }
    }

    /// The turns taken by this work.
    pub async fn turns_of<T>(&self, work: impl Future<Output = T>) -> (T, u32) {
        let before = self.turns.count.load(Ordering::SeqCst);
        let done = work.await;
        (done, self.turns.count.load(Ordering::SeqCst) - before)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

impl Turns {
    /// Passes bytes between the first client and the server; TLS inside stays as it is.
    async fn relay(self: Arc<Self>, listener: TcpListener, server: SocketAddr) {
        let (client, _) = listener.accept().await.expect("the client comes");
        client.set_nodelay(true).expect("a socket takes its options");
        let (from_client, to_client) = client.into_split();
        let server = TcpStream::connect(server).await.expect("the server is there");
        server.set_nodelay(true).expect("a socket takes its options");
        let (from_server, to_server) = server.into_split();
        let asked = pump(from_client, to_server, || {
            if self.server_spoke.swap(false, Ordering::SeqCst) {
                self.count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let answered = pump(from_server, to_client, || self.server_spoke.store(true, Ordering::SeqCst));
        tokio::join!(asked, answered);
    }
}

async fn pump(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, seen: impl Fn()) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        seen();
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
