//! A port that nobody else gets, for servers that come and go on it.

use tokio::net::TcpSocket;

/// A port of this machine, kept by a socket that is bound to it and never listens: a server that is told to may listen on it, and
/// while none does, whoever connects is refused.
pub(crate) struct Port {
    _kept: TcpSocket,
    pub(crate) number: u16,
}

impl Port {
    /// Takes a port that is free.
    pub(crate) fn take() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // of two that are bound to one port, the system asks this of both
        socket.set_reuseaddr(true).expect("a socket takes its options");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
        let number = socket.local_addr().expect("the port is known").port();
        Self { _kept: socket, number }
    }
}
