//! Signature version 4: percent-encoding, the canonical request, and the chain of keys.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::Timestamp;

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(crate) const SERVICE: &str = "dsql";

/// What a signature covers besides the query.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) host: &'a str,
    pub(crate) region: &'a str,
    pub(crate) time: Timestamp,
}

impl Scope<'_> {
    /// `20260102/us-east-1/dsql/aws4_request`.
    pub(crate) fn to_credential_scope(&self) -> String {
        format!("{}/{}/{SERVICE}/aws4_request", self.time.date(), self.region)
    }

    /// The signature of a GET of `/` with this canonical query, ready to be finished or compared.
    pub(crate) fn sign(&self, canonical_query: &str, secret: &str) -> Hmac<Sha256> {
        let empty = hex::encode(Sha256::digest(b""));
        let request = format!("GET\n/\n{canonical_query}\nhost:{}\n\nhost\n{empty}", self.host);
        let to_sign = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            self.time,
            self.to_credential_scope(),
            hex::encode(Sha256::digest(request))
        );
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [self.time.date().as_str(), self.region, SERVICE, "aws4_request"] {
            key = keyed(&key, part).finalize().into_bytes().to_vec();
        }
        keyed(&key, &to_sign)
    }
}

/// Parameters as a canonical query: encoded, sorted, joined.
pub(crate) fn canonical_query<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// Everything but unreserved characters becomes `%XX`.
pub(crate) fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The reverse; `None` when it is not UTF-8 or a `%` stands alone.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            bytes.extend(hex::decode(after.get(..2)?).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

fn keyed(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_percent_encoding() {
        for text in ["", "plain", "a/b c+%&=é"] {
            assert_eq!(percent_decode(&percent_encode(text)).as_deref(), Some(text));
        }
        assert_eq!(percent_encode("a/b ~"), "a%2Fb%20~");
        assert_eq!(percent_decode("%4"), None);
        assert_eq!(percent_decode("%zz"), None);
    }
}
