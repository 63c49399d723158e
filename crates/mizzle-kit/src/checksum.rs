//! What a text was when it was applied.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// A SHA-256 sum; `Display` writes its 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

impl Checksum {
    /// The sum of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// The sum of several sums in their order.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part.0);
        }
        Self(hasher.finalize().into())
    }
}

impl FromStr for Checksum {
    type Err = NotAChecksum;

    /// Reads 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NotAChecksum> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotAChecksum)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).ok_or(NotAChecksum);
            *byte = (digit(0)? * 16 + digit(1)?) as u8;
        }
        Ok(Self(bytes))
    }
}

/// A text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAChecksum;

impl fmt::Display for NotAChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a checksum is 64 hexadecimal digits")
    }
}

impl std::error::Error for NotAChecksum {}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_plain_sha_256() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Checksum::of("abc").to_string(), abc);
        assert_eq!(abc.parse(), Ok(Checksum::of("abc")));
        assert_eq!(
            (abc[1..].parse::<Checksum>(), "g".repeat(64).parse::<Checksum>()),
            (Err(NotAChecksum), Err(NotAChecksum))
        );
        assert_ne!(Checksum::of_all([Checksum::of("a"), Checksum::of("b")]), Checksum::of("ab"));
    }
}
