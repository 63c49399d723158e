//! An application's own error around a library's.

use std::error::Error;
use std::fmt;

#[derive(Debug)]
pub(crate) struct Wrapped<E>(pub(crate) E);

impl<E> fmt::Display for Wrapped<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the account was not changed")
    }
}

impl<E: Error + 'static> Error for Wrapped<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
