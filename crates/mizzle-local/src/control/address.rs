//! Where a control endpoint listens: `8080`, `127.0.0.1:8080` or `/run/mizzle.sock`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::net::{UnixListener, UnixStream};

use super::SocketFile;
use crate::Error;

/// Where a control endpoint listens: TCP, or a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlAddress {
    /// An address and a port; port 0 takes any free one.
    Tcp(SocketAddr),
    /// The file of a socket, which only its owner may use.
    Unix(PathBuf),
}

impl FromStr for ControlAddress {
    type Err = Error;

    /// Reads a port of 127.0.0.1, an address and a port, or a path with a slash in it.
    fn from_str(text: &str) -> Result<ControlAddress, Error> {
        if text.contains('/') {
            return Ok(ControlAddress::Unix(PathBuf::from(text)));
        }
        let address = text.parse::<u16>().map(ControlAddress::from).ok();
        address.or_else(|| text.parse().map(ControlAddress::Tcp).ok()).ok_or_else(|| {
            Error::new(format!("{text:?} is no place for a control endpoint"))
                .with_hint("write a port such as 8080, an address such as 127.0.0.1:8080, or a path such as ./control.sock")
        })
    }
}

impl From<u16> for ControlAddress {
    /// A port of 127.0.0.1.
    fn from(port: u16) -> ControlAddress {
        ControlAddress::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

impl From<SocketAddr> for ControlAddress {
    fn from(address: SocketAddr) -> ControlAddress {
        ControlAddress::Tcp(address)
    }
}

impl From<PathBuf> for ControlAddress {
    fn from(path: PathBuf) -> ControlAddress {
        ControlAddress::Unix(path)
    }
}

impl fmt::Display for ControlAddress {
    /// `http://127.0.0.1:8080` or `unix:/run/mizzle.sock`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ControlAddress::Tcp(address) => write!(f, "http://{address}"),
            ControlAddress::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A socket at `path`; one that a killed process left there is taken over.
pub(super) async fn bind(path: &Path) -> Result<(UnixListener, SocketFile), Error> {
    let path = std::path::absolute(path).map_err(|error| Error::file("find", path, error))?;
    if let Ok(there) = std::fs::symlink_metadata(&path) {
        if !there.file_type().is_socket() {
            return Err(Error::new(format!("{} is there and is no socket", path.display()))
                .with_hint("choose another path"));
        }
        if UnixStream::connect(&path).await.is_ok() {
            return Err(Error::new(format!("somebody listens at {} already", path.display()))
                .with_hint("choose another path"));
        }
        std::fs::remove_file(&path).map_err(|error| Error::file("replace", &path, error))?;
    }
    let listener = UnixListener::bind(&path).map_err(|error| Error::file("listen at", &path, error))?;
    let file = SocketFile(path);
    std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| Error::file("close", &file.0, error))?;
    Ok((listener, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_ports_addresses_and_paths() {
        let check = |text: &str, shown: &str| {
            let read = text.parse::<ControlAddress>();
            assert_eq!(read.map_or_else(|error| error.to_string(), |address| address.to_string()), shown);
        };
        check("8080", "http://127.0.0.1:8080");
        check("0.0.0.0:1", "http://0.0.0.0:1");
        check("[::1]:1", "http://[::1]:1");
        check("./a.sock", "unix:./a.sock");
        check("host:1", "\"host:1\" is no place for a control endpoint");
        check("65536", "\"65536\" is no place for a control endpoint");
    }
}
