//! Who may come in: principals with credentials, tokens they signed, and the clock that tokens expire by.

mod clock;
mod signature;
mod token;

pub(crate) use clock::{Clock, Timestamp};
pub(crate) use token::{AFTER_EVERY_TOKEN, Gate, as_one_word, denied, sign};

use rand::Rng;

/// Somebody with credentials: a user or a role of AWS IAM, as this cluster knows it.
///
/// # Example
/// ```
/// use mizzle_local::Principal;
///
/// let app = Principal::new("app", "AKIAAPP", "secret", "arn:aws:iam::123456789012:role/app")
///     .session_token("a long text that AWS STS gave")
///     .actions(["DbConnect"]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
    /// None for every action.
    pub(crate) actions: Option<Vec<String>>,
}

impl Principal {
    /// A principal with a name to call it by here, its credentials, and the ARN that `AWS IAM GRANT` names.
    pub fn new(
        name: impl Into<String>,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        arn: impl Into<String>,
    ) -> Principal {
        Principal {
            name: name.into(),
            arn: arn.into(),
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            actions: None,
        }
    }

    /// Makes the credentials temporary ones: a token must carry this session token as well.
    #[must_use]
    pub fn session_token(mut self, token: impl Into<String>) -> Principal {
        self.session_token = Some(token.into());
        self
    }

    /// What the principal's IAM policy allows of `DbConnect` and `DbConnectAdmin`; both unless said.
    #[must_use]
    pub fn actions<A: Into<String>>(mut self, actions: impl IntoIterator<Item = A>) -> Principal {
        let plain = |action: String| action.strip_prefix("dsql:").map_or(action.clone(), str::to_owned);
        self.actions = Some(actions.into_iter().map(|action| plain(action.into())).collect());
        self
    }

    /// A new principal, with credentials of the usual shape.
    pub(crate) fn generate() -> Principal {
        Principal::new(
            "local",
            format!("AKIA{}", random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40),
            "arn:aws:iam::123456789012:user/local",
        )
    }

    fn allows(&self, action: &str) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.iter().any(|allowed| allowed == action))
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
