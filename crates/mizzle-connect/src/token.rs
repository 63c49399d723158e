//! The password of one connection: a presigned URL that proves who asks.
//!
//! ```text
//! <host>/?Action=DbConnect&X-Amz-Algorithm=…&X-Amz-Credential=<key>%2F<date>%2F<region>%2Fdsql%2Faws4_request
//!        &X-Amz-Date=…&X-Amz-Expires=900&X-Amz-SignedHeaders=host[&X-Amz-Security-Token=…]&X-Amz-Signature=<hex>
//! ```
//!
//! Making one takes a few microseconds and no network, so every physical connection gets its own. The server looks
//! at it only while connecting; an open connection outlives it. Source: AWS user guide, "Generating an
//! authentication token"; a presigned GET of `/` for service `dsql` with the `https://` removed.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use zeroize::Zeroizing;

use crate::Error;

/// What AWS itself uses.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(900);

/// The longest lifetime that SigV4 allows, one week.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(604_800);

/// Who the token is for, and where it is valid.
pub(crate) struct Request<'a> {
    pub(crate) host: &'a str,
    pub(crate) region: &'a str,
    pub(crate) user: &'a str,
    pub(crate) lifetime: Duration,
}

/// Signs a token, valid from `now` on.
pub(crate) fn token(
    request: &Request<'_>,
    credentials: &Credentials,
    now: SystemTime,
) -> Result<Zeroizing<String>, Error> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(request.lifetime);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name("dsql")
        .time(now)
        .settings(settings)
        .build()
        .map_err(Error::signing)?
        .into();

    let head = format!("{}/?Action={}", request.host, action(request.user));
    let url = format!("https://{head}");
    let get = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(Error::signing)?;
    let (instructions, _) = sign(get, &params).map_err(Error::signing)?.into_parts();

    // Room for everything at once: a String that grows leaves copies of the token behind that nobody wipes.
    let room =
        instructions.params().iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum::<usize>();
    let mut token = Zeroizing::new(String::with_capacity(head.len() + room));
    token.push_str(&head);
    // The signature stands last, as in every AWS signer.
    let (signature, signed): (Vec<_>, Vec<_>) =
        instructions.params().iter().partition(|(name, _)| *name == "X-Amz-Signature");
    for (name, value) in signed.into_iter().chain(signature) {
        token.push('&');
        token.push_str(name);
        token.push('=');
        push_encoded(&mut token, value);
    }
    Ok(token)
}

/// `admin` connects by an action of its own, every other role by the common one.
fn action(user: &str) -> &'static str {
    if user == "admin" { "DbConnectAdmin" } else { "DbConnect" }
}

/// Percent-encoding as SigV4 wants it: everything but letters, digits and `-._~`.
fn push_encoded(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T10:20:30Z.
    const NOW: Duration = Duration::from_secs(1_795_342_830);
    const HOST: &str = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";

    fn sign(user: &str, lifetime: Duration, session_token: Option<&str>) -> Zeroizing<String> {
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session_token.map(str::to_owned),
            None,
            "test",
        );
        let request = Request { host: HOST, region: "eu-west-1", user, lifetime };
        token(&request, &credentials, SystemTime::UNIX_EPOCH + NOW).expect("these credentials sign")
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
            assert_eq!(*got, expect, "{user}");
            count += 1;
        }
        assert_eq!(count, 5);
    }

    #[test]
    fn a_token_does_not_grow_while_it_is_written() {
        let token = sign("admin", DEFAULT_LIFETIME, Some(&"/".repeat(800)));
        assert!(token.capacity() >= token.len() && token.capacity() < token.len() * 2);
    }
}
