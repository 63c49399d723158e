//! Who is here: the sockets of open sessions, so that they can be counted and cut.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The open sessions of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Presence(Arc<Mutex<Sockets>>);

#[derive(Debug, Default)]
struct Sockets {
    last: u64,
    open: HashMap<u64, TcpStream>,
}

/// One session; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Present {
    id: u64,
    sockets: Arc<Mutex<Sockets>>,
}

impl Presence {
    /// A session begins on this socket.
    pub(crate) fn enter(&self, socket: TcpStream) -> Present {
        let mut sockets = lock(&self.0);
        sockets.last += 1;
        let id = sockets.last;
        sockets.open.insert(id, socket);
        Present { id, sockets: Arc::clone(&self.0) }
    }

    pub(crate) fn count(&self) -> usize {
        lock(&self.0).open.len()
    }

    /// Cuts the connection of every open session, without a word to the client; how many there were. A statement
    /// that runs goes on to its end: only then does its session see that nobody is there, and leaves.
    pub(crate) fn cut(&self) -> usize {
        let sockets = lock(&self.0);
        // One that the client has closed meanwhile cannot be closed again.
        sockets.open.values().filter(|socket| socket.shutdown(Shutdown::Both).is_ok()).count()
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        lock(&self.sockets).open.remove(&self.id);
    }
}

fn lock(sockets: &Mutex<Sockets>) -> MutexGuard<'_, Sockets> {
    sockets.lock().unwrap_or_else(PoisonError::into_inner)
}
