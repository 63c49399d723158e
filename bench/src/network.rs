//! A network between a client and a server on one machine: a relay that holds every byte for half a round trip.
//!
//! Threads of its own sleep as exactly as the kernel lets them; a timer of tokio would round each way up by a
//! millisecond, which is as long as the way itself.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The port of a relay to the server; it lives as long as the process.
pub(crate) fn delayed(server: SocketAddr, round_trip: Duration) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let joined = client.and_then(|client| join(client, server, round_trip / 2));
            // the client sees its end of the connection close
            drop(joined);
        }
    });
    Ok(port)
}

fn join(client: TcpStream, server: SocketAddr, time: Duration) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    hold(client.try_clone()?, server.try_clone()?, time);
    hold(server, client, time);
    Ok(())
}

/// One direction: a thread that reads, and one that writes when the time has come.
fn hold(mut from: TcpStream, mut to: TcpStream, time: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + time, buffer[..read].to_vec())).is_err() {
                return;
            }
        }
    });
}
