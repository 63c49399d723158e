//! The control endpoint: faults, sessions and jobs for tests in other languages, over HTTP/1.1.
//!
//! It listens on loopback, or on a Unix socket, and has no password: whoever runs programs on this machine as this
//! user may use it. Pages in a browser may not: what carries an `Origin`, names the server by a host name of the
//! Internet, or has a body that is not declared as JSON is refused.

mod address;
mod http;
mod route;

pub use address::ControlAddress;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::http::{Reply, Request};
use crate::Error;
use crate::cluster::Cluster;

/// How long a client may take for one request.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many clients are heard at once.
const CLIENTS: usize = 64;

/// What the endpoint says about its cluster, beside what changes.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) endpoint: String,
    pub(crate) address: String,
    pub(crate) region: String,
}

/// A control endpoint that listens; a socket's file goes with it.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) address: ControlAddress,
    listener: Listener,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    Unix { listener: UnixListener, _file: SocketFile },
}

/// The file of a Unix socket.
#[derive(Debug)]
struct SocketFile(PathBuf);

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Control {
    /// # Errors
    /// When the port is taken, or the file cannot be made or belongs to an endpoint that lives.
    pub(crate) async fn bind(asked: &ControlAddress) -> Result<Control, Error> {
        match asked {
            ControlAddress::Tcp(asked) => {
                let listener = TcpListener::bind(asked).await.map_err(|error| {
                    Error::listen(*asked, error)
                        .with_hint("choose another port for the control endpoint, or 0 for any free one")
                })?;
                let address = listener.local_addr().map_err(|error| Error::listen(*asked, error))?;
                Ok(Control { address: ControlAddress::Tcp(address), listener: Listener::Tcp(listener) })
            }
            ControlAddress::Unix(path) => {
                let (listener, file) = address::bind(path).await?;
                let address = ControlAddress::Unix(file.0.clone());
                Ok(Control { address, listener: Listener::Unix { listener, _file: file } })
            }
        }
    }

    /// Answers until the task is ended.
    pub(crate) async fn serve(self, cluster: Arc<Cluster>, about: About) {
        let mut clients = JoinSet::new();
        let places = Arc::new(Semaphore::new(CLIENTS));
        let about = Arc::new(about);
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let stream = match &self.listener {
                Listener::Tcp(listener) => listener.accept().await.map(|(stream, _)| Stream::Tcp(stream)),
                Listener::Unix { listener, .. } => {
                    listener.accept().await.map(|(stream, _)| Stream::Unix(stream))
                }
            };
            let (cluster, about) = (Arc::clone(&cluster), Arc::clone(&about));
            match stream {
                Ok(stream) => {
                    clients.spawn(async move {
                        let served = match stream {
                            Stream::Tcp(stream) => client(stream, true, &cluster, &about).await,
                            Stream::Unix(stream) => client(stream, false, &cluster, &about).await,
                        };
                        if let Err(error) = served {
                            tracing::debug!(%error, "a control client went");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a control connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            while clients.try_join_next().is_some() {}
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// One request and its answer.
async fn client<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    over_network: bool,
    cluster: &Cluster,
    about: &About,
) -> std::io::Result<()> {
    let asked = tokio::time::timeout(PATIENCE, Request::read(&mut stream, over_network)).await;
    let reply = match asked {
        Ok(Ok(Some(request))) => route::answer(&request, cluster, about).await,
        Ok(Ok(None)) => return Ok(()),
        Ok(Err(reply)) => reply,
        Err(_) => Reply::error(408, "the request took longer than ten seconds", ""),
    };
    stream.write_all(&reply.to_bytes()).await?;
    stream.shutdown().await?;
    http::drain(&mut stream).await;
    Ok(())
}
