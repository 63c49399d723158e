//! The password of one connection: a presigned URL that proves who asks.
//!
//! ```text
//! <host>/?Action=DbConnect&X-Amz-Algorithm=…&X-Amz-Credential=<key>%2F<date>%2F<region>%2Fdsql%2Faws4_request
//!        &X-Amz-Date=…&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=<hex>[&X-Amz-Security-Token=…]
//! ```
//!
//! Making one takes a few microseconds and no network, so every physical connection gets its own. The server looks
//! at it only while connecting; an open connection outlives it. Source: AWS user guide, "Generating an
//! authentication token"; a presigned GET of `/` for service `dsql` with the `https://` removed.
//!
//! Signed here, with the hashes that tokio-postgres brings along: AWS's signer is two dozen more crates, twice the time,
//! and writes session tokens into its trace log.

use std::ffi::OsStr;
use std::fmt;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Credentials, stamp};

/// What AWS itself uses.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(900);

/// The longest lifetime that SigV4 allows, one week.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(604_800);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The SHA-256 of nothing: a GET has no body.
const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A password for one connection. It is wiped when dropped, and not shown by `Debug`.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// Who the token is for, and where it is valid.
pub(crate) struct Request<'a> {
    pub(crate) host: &'a str,
    pub(crate) region: &'a str,
    pub(crate) user: &'a str,
    pub(crate) lifetime: Duration,
}

impl Token {
    /// The password itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// For the environment of a child process.
impl AsRef<OsStr> for Token {
    fn as_ref(&self) -> &OsStr {
        self.as_str().as_ref()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(** redacted **)")
    }
}

/// Signs a token, valid from `now` on.
pub(crate) fn token(request: &Request<'_>, credentials: &Credentials, now: SystemTime) -> Token {
    let &Request { host, region, user, lifetime } = request;
    let time = stamp::write(now);
    let date = &time[..8];
    let scope = format!("{date}/{region}/dsql/aws4_request");
    let session = credentials.session_token().unwrap_or_default();
    // Room for everything at once: a String that grows leaves copies of a secret behind that nobody wipes.
    let room = host.len() + 2 * scope.len() + 3 * (credentials.access_key_id().len() + session.len()) + 512;

    let mut query = Zeroizing::new(String::with_capacity(room));
    query.push_str("Action=");
    query.push_str(action(user));
    query.push_str("&X-Amz-Algorithm=");
    query.push_str(ALGORITHM);
    query.push_str("&X-Amz-Credential=");
    push_encoded(&mut query, credentials.access_key_id());
    query.push_str("%2F");
    push_encoded(&mut query, &scope);
    query.push_str("&X-Amz-Date=");
    query.push_str(&time);
    query.push_str("&X-Amz-Expires=");
    query.push_str(&lifetime.as_secs().to_string());

    let mut token = Zeroizing::new(String::with_capacity(room));
    token.push_str(host);
    token.push_str("/?");
    token.push_str(&query);
    token.push_str("&X-Amz-SignedHeaders=host");
    // What is signed has its parameters in order; the session stands last in the token, as the SDK for Rust writes it.
    let plain = query.len();
    if !session.is_empty() {
        query.push_str("&X-Amz-Security-Token=");
        push_encoded(&mut query, session);
    }
    let with_session = query.len();
    query.push_str("&X-Amz-SignedHeaders=host");

    token.push_str("&X-Amz-Signature=");
    let request = hash(&["GET\n/\n", &query, "\nhost:", host, "\n\nhost\n", NO_BODY]);
    push_hex(&mut token, &signature(credentials, region, &time, &scope, &request));
    token.push_str(&query[plain..with_session]);
    Token(token)
}

/// `admin` connects by an action of its own, every other role by the common one.
fn action(user: &str) -> &'static str {
    if user == "admin" { "DbConnectAdmin" } else { "DbConnect" }
}

fn signature(
    credentials: &Credentials,
    region: &str,
    time: &str,
    scope: &str,
    request: &[u8; 32],
) -> [u8; 32] {
    let mut first = Zeroizing::new(String::with_capacity(4 + credentials.secret_access_key().len()));
    first.push_str("AWS4");
    first.push_str(credentials.secret_access_key());
    let mut key = mac(first.as_bytes(), &[&time.as_bytes()[..8]]);
    for part in [region, "dsql", "aws4_request"] {
        key = mac(&*key, &[part.as_bytes()]);
    }
    let mut hex = String::with_capacity(64);
    push_hex(&mut hex, request);
    let text = [ALGORITHM, "\n", time, "\n", scope, "\n", &hex].map(str::as_bytes);
    *mac(&*key, &text)
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn hash(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// Percent-encoding as SigV4 wants it: everything but letters, digits and `-._~`.
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)].to_ascii_uppercase()));
            out.push(char::from(HEX[usize::from(byte & 15)].to_ascii_uppercase()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T10:20:30Z.
    const NOW: Duration = Duration::from_secs(1_795_342_830);
    const HOST: &str = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";

    fn sign(user: &str, lifetime: Duration, session_token: Option<&str>) -> Token {
        let mut credentials =
            Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        if let Some(session) = session_token {
            credentials = credentials.with_session_token(session);
        }
        let request = Request { host: HOST, region: "eu-west-1", user, lifetime };
        token(&request, &credentials, SystemTime::UNIX_EPOCH + NOW)
    }

    #[test]
    fn tokens_are_those_of_amazons_python_signer() {
        let vectors = include_str!("../tests/vectors/tokens.txt");
        let mut count = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let [user, seconds, session_token, expect] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("four fields: {line}");
            };
            let lifetime = Duration::from_secs(seconds.parse().expect("a number of seconds"));
            let got = sign(user, lifetime, (session_token != "-").then_some(session_token));
            // This signer writes a session before the signature, the one for Rust behind it: the parameters are the same.
            let sorted = |token: &str| {
                let mut parameters: Vec<_> = token.split('&').map(str::to_owned).collect();
                parameters.sort();
                parameters
            };
            assert_eq!(sorted(got.as_str()), sorted(expect), "{user}");
            assert!(session_token != "-" || got.as_str() == expect, "{user}");
            count += 1;
        }
        assert_eq!(count, 5);
    }

    #[test]
    fn a_token_does_not_grow_while_it_is_written() {
        let token = sign("admin", DEFAULT_LIFETIME, Some(&"/".repeat(800)));
        let room = HOST.len() + 2 * "20261122/eu-west-1/dsql/aws4_request".len() + 3 * (20 + 800) + 512;
        assert!(token.as_str().len() <= room && token.0.capacity() == room, "{}", token.0.capacity());
        assert_eq!(format!("{token:?}"), "Token(** redacted **)");
    }
}
