//! An access key and what belongs to it: wiped when dropped, and shown to nobody.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

/// AWS credentials. Clones share one copy, which is wiped with the last of them; `Debug` shows no part of it.
#[derive(Clone)]
pub struct Credentials(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    access_key_id: Zeroizing<String>,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    expiry: Option<SystemTime>,
}

impl Credentials {
    /// An access key that does not expire, with its secret.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self(Arc::new(Parts {
            access_key_id: Zeroizing::new(access_key_id.into()),
            secret_access_key: Zeroizing::new(secret_access_key.into()),
            session_token: None,
            expiry: None,
        }))
    }

    /// The same with the session token that temporary credentials come with.
    #[must_use]
    pub fn with_session_token(self, token: impl Into<String>) -> Self {
        let token = Some(Zeroizing::new(token.into()));
        Self(Arc::new(Parts { session_token: token, ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The same with an end. Their provider is asked again five minutes before.
    #[must_use]
    pub fn expires_at(self, expiry: SystemTime) -> Self {
        Self(Arc::new(Parts { expiry: Some(expiry), ..Arc::unwrap_or_clone(self.0) }))
    }

    pub(crate) fn access_key_id(&self) -> &str {
        &self.0.access_key_id
    }

    pub(crate) fn secret_access_key(&self) -> &str {
        &self.0.secret_access_key
    }

    pub(crate) fn session_token(&self) -> Option<&str> {
        self.0.session_token.as_ref().map(|token| token.as_str())
    }

    pub(crate) fn is_valid(&self, at: SystemTime) -> bool {
        self.0.expiry.is_none_or(|expiry| expiry > at)
    }

    /// Whether whoever refuses the one refuses the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, other) = (&*self.0, &*other.0);
        one.access_key_id == other.access_key_id
            && one.secret_access_key == other.secret_access_key
            && one.session_token == other.session_token
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Credentials");
        out.field("expiry", &self.0.expiry).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_part_of_them() {
        let credentials = Credentials::new("AKIDEXAMPLE", "topsecret").with_session_token("sessiontoken");
        assert_eq!(format!("{credentials:?}"), "Credentials { expiry: None, .. }");
    }
}
