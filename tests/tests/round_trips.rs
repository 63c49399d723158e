//! How often a client and the server take turns: counted on the wire, by a relay between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use mizzle::Db;
use mizzle::connect::PoolOptions;
use mizzle::prelude::*;
use mizzle_tests::{Ground, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[table]
#[has_many(branches: Branch)]
struct Tree {
    #[column(primary_key)]
    id: i32,
}

#[table]
#[has_many(leaves: Leaf)]
struct Branch {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(tree: Tree)]
    tree_id: i32,
}

#[table]
struct Leaf {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(branch: Branch)]
    branch_id: i32,
}

/// Counts how often the client speaks after the server has.
#[derive(Default)]
struct Turns {
    count: AtomicU32,
    server_spoke: AtomicBool,
}

impl Turns {
    /// Passes bytes between the first client and the server; TLS inside stays as it is.
    async fn relay(self: Arc<Self>, listener: TcpListener, server: std::net::SocketAddr) {
        let (client, _) = listener.accept().await.unwrap();
        client.set_nodelay(true).unwrap();
        let (from_client, to_client) = client.into_split();
        let server = TcpStream::connect(server).await.unwrap();
        server.set_nodelay(true).unwrap();
        let (from_server, to_server) = server.into_split();
        let asked = pump(from_client, to_server, || {
            if self.server_spoke.swap(false, Ordering::SeqCst) {
                self.count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let answered = pump(from_server, to_client, || self.server_spoke.store(true, Ordering::SeqCst));
        futures_util::future::join(asked, answered).await;
    }

    /// The turns taken by this work.
    async fn of<T>(&self, work: impl Future<Output = T>) -> (T, u32) {
        let before = self.count.load(Ordering::SeqCst);
        let done = work.await;
        (done, self.count.load(Ordering::SeqCst) - before)
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

#[tokio::test]
async fn an_eager_load_of_two_levels_is_one_round_trip_and_so_is_each_statement() {
    let ground = Ground::new(&[
        "CREATE TABLE tree (id int PRIMARY KEY)",
        "CREATE TABLE branch (id int PRIMARY KEY, tree_id int NOT NULL)",
        "CREATE TABLE leaf (id int PRIMARY KEY, branch_id int NOT NULL)",
    ])
    .await;
    ground.db.insert_many(&[NewTree::new(1), NewTree::new(2)]).await.unwrap();
    ground.db.insert_many(&[NewBranch::new(1, 1), NewBranch::new(2, 1), NewBranch::new(3, 2)]).await.unwrap();
    ground.db.insert_many(&[NewLeaf::new(1, 1), NewLeaf::new(2, 3)]).await.unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relayed = config(&ground.local).port(listener.local_addr().unwrap().port());
    let turns = Arc::new(Turns::default());
    let relay = tokio::spawn(turns.clone().relay(listener, ground.local.address()));
    let db = Db::new(relayed, PoolOptions { max_size: 1, ..PoolOptions::default() });

    let forest = || db.load(Tree::query().order_by(tree::id).with(Tree::branches().with(Branch::leaves())));
    // the first time, the statements are prepared behind their own answers
    forest().await.unwrap();
    forest().await.unwrap();
    let (trees, taken) = turns.of(forest()).await;
    let trees = trees.unwrap();
    let leaves: Vec<_> = trees
        .iter()
        .map(|tree| tree.related.iter().map(|branch| branch.related.len()).sum::<usize>())
        .collect();
    assert_eq!((leaves, taken), (vec![1, 1], 1));

    let one = || db.first(Tree::query().filter(tree::id.eq(1)));
    one().await.unwrap();
    one().await.unwrap();
    let (tree, taken) = turns.of(one()).await;
    assert_eq!((tree.unwrap().id, taken), (1, 1));

    // BEGIN goes with the first statement: one turn for it, one for COMMIT
    let in_transaction = || db.transaction(async |tx| tx.first(Tree::query().filter(tree::id.eq(2))).await);
    in_transaction().await.unwrap();
    let (tree, taken) = turns.of(in_transaction()).await;
    assert_eq!((tree.unwrap().id, taken), (2, 2));
    relay.abort();
}
