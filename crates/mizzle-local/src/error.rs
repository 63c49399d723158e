//! The one error of this crate: what could not be done, why, and what to try next.

use std::error::Error as StdError;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

type Source = Box<dyn StdError + Send + Sync>;

/// Why a local DSQL could not be started or stopped.
///
/// `Display` is one sentence that names the thing; the cause is in [`source`](StdError::source) and the cure
/// in [`hint`](Error::hint).
pub struct Error {
    message: String,
    hint: Option<String>,
    source: Option<Source>,
    bad_setting: bool,
}

impl Error {
    /// What to try next, when there is something to say.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether a setting is wrong in itself, whatever this machine is like.
    pub fn is_bad_setting(&self) -> bool {
        self.bad_setting
    }

    pub(crate) fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), hint: None, source: None, bad_setting: false }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn for_setting(mut self) -> Error {
        self.bad_setting = true;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Error {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn file(doing: &str, path: &Path, source: std::io::Error) -> Error {
        Error::new(format!("cannot {doing} {}", path.display())).with_source(source)
    }

    pub(crate) fn listen(address: SocketAddr, source: std::io::Error) -> Error {
        let taken = source.kind() == std::io::ErrorKind::AddrInUse;
        let error = if taken {
            Error::new(format!("port {} on {} is already in use", address.port(), address.ip()))
                .with_hint("choose another port, or port 0 for any free one")
        } else {
            Error::new(format!("cannot listen on {address}"))
        };
        error.with_source(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
