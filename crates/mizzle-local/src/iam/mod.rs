//! Who may come in: principals with credentials, tokens they signed, and the clock that tokens expire by.

mod clock;
mod signature;
mod token;

pub(crate) use clock::{Clock, Timestamp};
pub(crate) use token::{Gate, as_one_word, denied, sign};

use rand::Rng;

/// Somebody with credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) arn: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl Principal {
    /// A new principal, with credentials of the usual shape.
    pub(crate) fn generate() -> Principal {
        Principal {
            arn: "arn:aws:iam::123456789012:user/local".to_owned(),
            access_key_id: format!("AKIA{}", random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            secret_access_key: random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40),
        }
    }
}

impl std::fmt::Debug for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Principal({}, {}, …)", self.arn, self.access_key_id)
    }
}

/// `length` letters drawn from `alphabet`.
pub(crate) fn random(alphabet: &[u8], length: usize) -> String {
    let mut source = rand::rng();
    (0..length).map(|_| char::from(alphabet[source.random_range(0..alphabet.len())])).collect()
}
