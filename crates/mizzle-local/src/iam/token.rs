//! Authentication tokens: a presigned URL without its scheme, made here and verified here.

use std::borrow::Cow;
use std::time::Duration;

use hmac::Mac;

use super::signature::{ALGORITHM, SERVICE, Scope, canonical_query, percent_decode};
use super::{Principal, Timestamp};
use crate::refusal::Refusal;

/// The longest life of a token: seven days, in seconds.
const LONGEST: u64 = 604_800;

/// How much later no token of today is good any more.
pub(crate) const AFTER_EVERY_TOKEN: Duration = Duration::from_secs(LONGEST + 86_400);

/// How far a signer's clock may run ahead of ours.
const SKEW: Duration = Duration::from_secs(300);

/// What a token is checked against.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) principals: Vec<Principal>,
    /// Host names a token may be signed for.
    pub(crate) hosts: Vec<String>,
    pub(crate) region: String,
    /// The cluster's ARN, for hints.
    pub(crate) cluster_arn: String,
}

/// Signs a token for `user`.
pub(crate) fn sign(
    principal: &Principal,
    host: &str,
    region: &str,
    user: &str,
    time: Timestamp,
    life: Duration,
) -> String {
    let scope = Scope { host, region, time };
    let credential = format!("{}/{}", principal.access_key_id, scope.to_credential_scope());
    let (date, expires) = (time.to_string(), life.as_secs().to_string());
    let mut parameters = vec![
        ("Action", action(user)),
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", &date),
        ("X-Amz-Expires", &expires),
        ("X-Amz-SignedHeaders", "host"),
    ];
    parameters.extend(principal.session_token.as_deref().map(|session| ("X-Amz-Security-Token", session)));
    let query = canonical_query(parameters);
    let signature = scope.sign(&query, &principal.secret_access_key).finalize().into_bytes();
    format!("{host}/?{query}&X-Amz-Signature={}", hex::encode(signature))
}

impl Gate {
    /// Who signed `token`, if it lets `user` in at `now`.
    ///
    /// # Errors
    /// `28000` with the reason as its hint.
    pub(crate) fn admit(&self, token: &str, user: &str, now: Timestamp) -> Result<&Principal, Refusal> {
        self.verify(token, user, now).map_err(|reason| denied().with_hint(reason))
    }

    fn verify(&self, token: &str, user: &str, now: Timestamp) -> Result<&Principal, String> {
        let token = Token::read(token).ok_or("The password is not an authentication token.")?;
        let principal = self
            .principals
            .iter()
            .find(|principal| principal.access_key_id == token.access_key_id)
            .ok_or("The security token included in the request is invalid.")?;
        if token.service != SERVICE {
            return Err(format!("Credential should be scoped to correct service: '{SERVICE}'."));
        }
        if token.region != self.region {
            return Err(format!("Credential should be scoped to a valid region, not '{}'.", token.region));
        }
        if token.date != token.time.date() {
            return Err(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
                        HTTP."
                    .to_owned(),
            );
        }
        if !self.hosts.iter().any(|host| host.eq_ignore_ascii_case(&token.host)) {
            return Err(format!("The token is signed for host {}, which is not this cluster.", token.host));
        }
        token.check_signature(&principal.secret_access_key)?;
        if token.session_token != principal.session_token {
            return Err("The security token included in the request is invalid.".to_owned());
        }
        if token.expires > LONGEST {
            return Err(format!("X-Amz-Expires must be less than {LONGEST} seconds."));
        }
        if token.time > now.plus(SKEW) {
            return Err(format!("Signature not yet current: {} is still later than {now}", token.time));
        }
        let end = token.time.plus(Duration::from_secs(token.expires));
        if end < now {
            return Err(format!("Signature expired: {end} is now earlier than {now}"));
        }
        match token.action.as_str() {
            given if given == action(user) && principal.allows(given) => Ok(principal),
            given @ ("DbConnect" | "DbConnectAdmin") if given != action(user) => {
                Err(format!("Wrong user to action mapping. user: {user}, action: {given}"))
            }
            given => Err(format!(
                "User: {} is not authorized to perform: dsql:{given} on resource: {}",
                principal.arn, self.cluster_arn
            )),
        }
    }
}

/// A token with every `&` written `%26`: a word that shells and env files take as it is. Read like the token itself.
pub(crate) fn as_one_word(token: &str) -> String {
    token.replace('&', "%26")
}

/// What every failure to authenticate says; the reason is in the hint, or nowhere.
pub(crate) fn denied() -> Refusal {
    Refusal::new("28000", "unable to accept connection, access denied")
}

fn action(user: &str) -> &'static str {
    if user == "admin" { "DbConnectAdmin" } else { "DbConnect" }
}

/// A token taken apart.
struct Token {
    host: String,
    access_key_id: String,
    date: String,
    region: String,
    service: String,
    action: String,
    time: Timestamp,
    expires: u64,
    session_token: Option<String>,
    signature: Vec<u8>,
    canonical_query: String,
}

impl Token {
    fn read(text: &str) -> Option<Token> {
        let spelled =
            if text.contains('&') { Cow::Borrowed(text) } else { Cow::Owned(text.replace("%26", "&")) };
        let (host, query) = spelled.split_once("/?").or_else(|| spelled.split_once('?'))?;
        let parameters: Vec<(String, String)> = query
            .split('&')
            .map(|pair| {
                let (name, value) = pair.split_once('=')?;
                Some((percent_decode(name)?, percent_decode(value)?))
            })
            .collect::<Option<_>>()?;
        let find = |wanted: &str| {
            let mut found = parameters.iter().filter(|(name, _)| name == wanted);
            found.next().filter(|_| found.next().is_none()).map(|(_, value)| value.as_str())
        };
        let credential: Vec<&str> = find("X-Amz-Credential")?.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = credential[..] else { return None };
        let shape = find("X-Amz-Algorithm")? == ALGORITHM && find("X-Amz-SignedHeaders")? == "host";
        let signed = parameters.iter().filter(|(name, _)| name != "X-Amz-Signature");
        shape.then_some(())?;
        Some(Token {
            host: host.to_owned(),
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            action: find("Action")?.to_owned(),
            time: Timestamp::read(find("X-Amz-Date")?)?,
            expires: find("X-Amz-Expires")?.parse().ok()?,
            session_token: find("X-Amz-Security-Token").map(str::to_owned),
            signature: hex::decode(find("X-Amz-Signature")?).ok()?,
            canonical_query: canonical_query(signed.map(|(name, value)| (name.as_str(), value.as_str()))),
        })
    }

    fn check_signature(&self, secret: &str) -> Result<(), String> {
        let scope = Scope { host: &self.host, region: &self.region, time: self.time };
        scope.sign(&self.canonical_query, secret).verify_slice(&self.signature).map_err(|_| {
            "The request signature we calculated does not match the signature you provided. Check your AWS \
             Secret Access Key and signing method. Consult the service documentation for details."
                .to_owned()
        })
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
