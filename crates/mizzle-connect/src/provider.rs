//! Where credentials come from: the caller, a function of the caller's, or AWS's own chain.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use crate::{Credentials, Error};

type Answer = Pin<Box<dyn Future<Output = Result<Credentials, Box<dyn StdError + Send + Sync>>> + Send>>;

/// Who is asked for credentials.
pub(crate) enum Source {
    /// The same ones each time.
    Fixed(Credentials),
    /// A function of the caller's.
    Asking(Box<dyn Fn() -> Answer + Send + Sync>),
    /// AWS's default chain, which is built when first asked.
    DefaultChain(chain::DefaultChain),
}

impl Source {
    pub(crate) fn asking<F, Asked, E>(ask: F) -> Self
    where
        F: Fn() -> Asked + Send + Sync + 'static,
        Asked: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::Asking(Box::new(move || {
            let asked = ask();
            Box::pin(async move { asked.await.map_err(Into::into) })
        }))
    }

    /// # Errors
    /// When there are none.
    pub(crate) async fn ask(&self, region: &str) -> Result<Credentials, Error> {
        match self {
            Self::Fixed(credentials) => Ok(credentials.clone()),
            Self::Asking(ask) => {
                ask().await.map_err(|source| Error::credentials("no AWS credentials", source))
            }
            Self::DefaultChain(chain) => chain.ask(region).await,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed(** redacted **)",
            Self::Asking(_) => "Provider(** redacted **)",
            Self::DefaultChain(_) => "DefaultChain",
        })
    }
}

#[cfg(feature = "aws-credential-types")]
mod aws {
    use std::sync::Arc;

    use aws_credential_types::provider::{ProvideCredentials, error::CredentialsError};

    use super::Source;
    use crate::Credentials;

    impl Source {
        /// A provider as AWS's SDK has them.
        pub(crate) fn provider(provider: impl ProvideCredentials + 'static) -> Self {
            let provider = Arc::new(provider);
            Self::asking(move || {
                let provider = provider.clone();
                async move { Ok::<_, CredentialsError>(provider.provide_credentials().await?.into()) }
            })
        }
    }

    impl From<aws_credential_types::Credentials> for Credentials {
        fn from(theirs: aws_credential_types::Credentials) -> Self {
            let mut ours = Self::new(theirs.access_key_id(), theirs.secret_access_key());
            if let Some(token) = theirs.session_token() {
                ours = ours.with_session_token(token);
            }
            match theirs.expiry() {
                Some(expiry) => ours.expires_at(expiry),
                None => ours,
            }
        }
    }
}

#[cfg(feature = "aws-config")]
mod chain {
    use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

    use crate::{Credentials, Error};

    #[derive(Default)]
    pub(crate) struct DefaultChain {
        built: tokio::sync::OnceCell<SharedCredentialsProvider>,
        profile: Option<String>,
    }

    impl DefaultChain {
        pub(crate) fn of_profile(name: String) -> Self {
            Self { profile: Some(name), ..Self::default() }
        }

        pub(crate) async fn ask(&self, region: &str) -> Result<Credentials, Error> {
            let provider = self.built.get_or_try_init(|| load(region, self.profile.as_deref())).await?;
            let found = provider.provide_credentials().await;
            found.map(Into::into).map_err(|source| Error::credentials("no AWS credentials", source))
        }
    }

    async fn load(region: &str, profile: Option<&str>) -> Result<SharedCredentialsProvider, Error> {
        use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
            // Known already; without it the chain may ask a metadata service.
            .region(aws_config::Region::new(region.to_owned()))
            .http_client(http);
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let found = loader.load().await.credentials_provider();
        found.ok_or_else(|| Error::credentials("no AWS credentials", "the default chain is empty"))
    }
}

#[cfg(not(feature = "aws-config"))]
mod chain {
    use crate::{Credentials, Error};

    #[derive(Default)]
    pub(crate) struct DefaultChain {}

    impl DefaultChain {
        pub(crate) async fn ask(&self, _region: &str) -> Result<Credentials, Error> {
            Err(Error::setting(
                "no AWS credentials",
                "give them with `Config::static_credentials` or `Config::credentials_from`, or build mizzle-connect \
                 with its feature `aws-config`",
            ))
        }
    }
}

pub(crate) use chain::DefaultChain;
