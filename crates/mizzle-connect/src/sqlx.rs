//! Aurora DSQL for sqlx: connect options with a fresh token, and a pool whose token is renewed.
//!
//! sqlx has no hook before it connects: a pool takes the password out of its options whenever it opens a connection, be that
//! minutes or days after they were made. [`pool`] gives a pool whose options are replaced in time:
//!
//! ```text
//! signed ───────────── half of its life: signed anew ───────────── the end of its life: lets nobody in any more
//!    └─ a task looks ten times in a life of the token, and `Pool::fresh` whenever it is called
//! ```
//!
//! # A token that is older than its life
//! - Connections that are open do not notice. DSQL looks at the token while connecting only.
//! - A connection that is opened with it is refused: `sqlx::Error::Database`, SQLSTATE 28000, "access denied". sqlx does not
//!   try again; the error is the caller's. It comes when the pool grows, and when it replaces a connection that was idle, lost
//!   or too old, so a pool of plain [`options`] works for a while and then does not.
//! - A [`Pool`] of ours gets there in two cases. Credentials could not be had for half of a token's life: the warning is in the
//!   log, and it recovers as soon as they can. Or the whole process was frozen, as a Lambda function is between two calls, and
//!   a connection is opened before the task had its turn: [`Pool::fresh`] looks at the clock first, and is for that.
//! - Credentials that were rotated before their time are found at the next renewal, at the latest after half of the token's life;
//!   until then new connections may be refused. [`mizzle_connect::Pool`](crate::Pool) finds out at once.
//!
//! # What sqlx does otherwise than `mizzle-connect`
//! TLS is verified in full, but negotiated in a round trip of its own, and trusts the built-in roots besides a certificate of
//! yours. Connections are opened as fast as they are wanted. A [`standby`](Config::standby) is refused: sqlx's pool knows one
//! endpoint. `Debug` of `PgConnectOptions` is sqlx's own and shows the token: do not log it.

use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use ::sqlx::PgPool;
use ::sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};

use crate::config::Target;
use crate::tls::Roots;
use crate::{Config, Credentials, Error, PoolOptions, Token, startup};

/// How often in a token's life a task looks whether it is to be renewed.
const LOOKS: u32 = 10;

/// A pool of sqlx's whose token is renewed as long as this value, or a clone of it, is there; clones share it.
///
/// It dereferences to [`PgPool`]: `&*pool` is an executor. Clones of that `PgPool` alone do not renew anything.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    pool: PgPool,
    config: Config,
    signed: Mutex<Signed>,
    /// Whoever renews holds this.
    renewing: tokio::sync::Mutex<()>,
}

/// What the pool connects with at the moment.
struct Signed {
    at: SystemTime,
    by: Credentials,
}

/// Options for one connection, or for as many as are opened while the token lives.
///
/// # Errors
/// When the settings contradict each other or are not for sqlx, or there are no valid credentials.
///
/// # Example
/// ```no_run
/// use sqlx::{Connection, PgConnection};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = mizzle_connect::Config::from_env()?;
/// let mut connection = PgConnection::connect_with(&mizzle_connect::sqlx::options(&config).await?).await?;
/// sqlx::query("SELECT 1").execute(&mut connection).await?;
/// # Ok(())
/// # }
/// ```
pub async fn options(config: &Config) -> Result<PgConnectOptions, Error> {
    let target = config.target()?;
    let now = SystemTime::now();
    let credentials = config.credentials.get(&target.region, now).await?;
    settings(config, &target, &config.sign(&target, &credentials, now))
}

/// A pool that connects when it is first used, and whose token is renewed.
///
/// A connection lives for as long as `pool` says, yet for 55 minutes at most (DSQL ends it after 60), less up to an eleventh of
/// it, chosen at random for each pool, so that many processes that started together do not replace theirs together.
///
/// # Errors
/// As [`options`].
///
/// # Panics
/// Outside a Tokio runtime.
///
/// # Example
/// ```no_run
/// use mizzle_connect::{RetryPolicy, retry};
/// use sqlx::postgres::PgPoolOptions;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = mizzle_connect::Config::from_env()?;
/// let pool = mizzle_connect::sqlx::pool(config, PgPoolOptions::new().max_connections(10)).await?;
/// retry(&RetryPolicy::default(), async || {
///     let mut transaction = pool.begin().await?;
///     sqlx::query("UPDATE account SET balance = balance + 1").execute(&mut *transaction).await?;
///     transaction.commit().await
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
pub async fn pool(config: Config, pool: PgPoolOptions) -> Result<Pool, Error> {
    let target = config.target()?;
    let at = SystemTime::now();
    let by = config.credentials.get(&target.region, at).await?;
    let options = settings(&config, &target, &config.sign(&target, &by, at))?;
    let lifetime = lifetime(pool.get_max_lifetime(), rand::random());
    let pool = pool.max_lifetime(lifetime).connect_lazy_with(options);
    let (signed, renewing) = (Mutex::new(Signed { at, by }), tokio::sync::Mutex::default());
    let shared = Arc::new(Shared { pool, config, signed, renewing });
    tokio::spawn(look_after(Arc::downgrade(&shared), shared.config.token_lifetime / LOOKS));
    Ok(Pool(shared))
}

impl Pool {
    /// The pool, with a token that is good for at least half of its life by this machine's clock: for processes that may have been
    /// frozen. Costs nothing else while the token is young.
    ///
    /// # Errors
    /// When the token has come to its end and there are no valid credentials to sign another.
    ///
    /// # Example
    /// ```no_run
    /// # async fn example(pool: &mizzle_connect::sqlx::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// sqlx::query("SELECT 1").execute(pool.fresh().await?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fresh(&self) -> Result<&PgPool, Error> {
        self.0.renew_when_due().await?;
        Ok(&self.0.pool)
    }
}

impl Deref for Pool {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.0.pool
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("config", &self.0.config).field("pool", &self.0.pool).finish()
    }
}

impl Shared {
    /// # Errors
    /// When the token lives no more, and there is no other.
    async fn renew_when_due(&self) -> Result<(), Error> {
        if !self.is_due() {
            return Ok(());
        }
        let _turn = self.renewing.lock().await;
        // whoever was before us may have done it
        if !self.is_due() {
            return Ok(());
        }
        let now = SystemTime::now();
        match self.renew(now).await {
            Ok(()) => Ok(()),
            Err(error) if self.signed().is_alive(now, self.config.token_lifetime) => {
                tracing::warn!(%error, "the token is not renewed yet, the old one is still valid");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn renew(&self, at: SystemTime) -> Result<(), Error> {
        let target = self.config.target()?;
        let last = self.signed().by.clone();
        let credentials = &self.config.credentials;
        // No refusal tells us that they were rotated, so their provider is asked.
        let by = match credentials.instead_of(&last, &target.region, at).await {
            Some(others) => others,
            None => credentials.get(&target.region, at).await?,
        };
        self.pool.set_connect_options(settings(&self.config, &target, &self.config.sign(&target, &by, at))?);
        *self.signed() = Signed { at, by };
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.signed().is_due(SystemTime::now(), self.config.token_lifetime)
    }

    fn signed(&self) -> MutexGuard<'_, Signed> {
        // The lock guards one assignment, so a panic elsewhere cannot leave it half done.
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signed {
    /// At half of its life, when its credentials are about to end, or when the clock was set back behind it.
    fn is_due(&self, now: SystemTime, life: Duration) -> bool {
        let young = now.duration_since(self.at).is_ok_and(|age| age < life / 2);
        // the next look comes before that
        !young || !self.by.is_valid(now + life * 2 / LOOKS)
    }

    fn is_alive(&self, now: SystemTime, life: Duration) -> bool {
        now.duration_since(self.at).is_ok_and(|age| age < life) && self.by.is_valid(now)
    }
}

/// Renews the token until nobody has the pool any more. The clock on the wall decides, which goes on while a process is frozen.
async fn look_after(pool: Weak<Shared>, pause: Duration) {
    loop {
        tokio::time::sleep(pause).await;
        let Some(shared) = pool.upgrade().filter(|shared| !shared.pool.is_closed()) else { return };
        if let Err(error) = shared.renew_when_due().await {
            tracing::warn!(%error, "the token of sqlx's pool has come to its end");
        }
    }
}

/// As long as was asked for, within what DSQL allows, and shorter by up to an eleventh: 50 to 55 minutes.
fn lifetime(wanted: Option<Duration>, random: f64) -> Duration {
    let PoolOptions { lifetime, lifetime_jitter, .. } = PoolOptions::default();
    let wanted = wanted.unwrap_or(lifetime).min(lifetime);
    wanted - wanted.mul_f64(lifetime_jitter.div_duration_f64(lifetime) * random)
}

fn settings(config: &Config, target: &Target, token: &Token) -> Result<PgConnectOptions, Error> {
    if config.standby.is_some() {
        return Err(Error::setting(
            "sqlx's pool knows one endpoint, and there is a standby",
            "make a pool for each of the two, or use `mizzle_connect::Pool`",
        ));
    }
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(host(config, target)?)
        .port(config.port)
        .username(&config.user)
        .password(token.as_str())
        .database("postgres")
        .application_name(startup::application_name(&config.application_name))
        .ssl_mode(PgSslMode::VerifyFull);
    options = match config.tls.roots() {
        Roots::File(path) => options.ssl_root_cert(path),
        Roots::Pem(pem) => options.ssl_root_cert_from_pem(pem.clone()),
        // Whatever PGSSLROOTCERT names is sqlx's default, and not what was asked for here: no certificate besides the built-in.
        Roots::Native => options.ssl_root_cert_from_pem(Vec::new()),
    };
    if let Some(path) = &config.search_path {
        options = options.options([("search_path", startup::search_path(path)?)]);
    }
    if let Some(id) = &target.cluster_id {
        options = options.options([("amzn-cluster-id", id)]);
    }
    Ok(options)
}

/// The name to connect to. sqlx cannot be told an address besides it, and a local server answers to `localhost`.
fn host<'a>(config: &Config, target: &'a Target) -> Result<&'a str, Error> {
    match config.host_addr {
        None => Ok(&target.host),
        Some(addr) if addr.is_loopback() => Ok("localhost"),
        Some(addr) => Err(not_an_address(addr)),
    }
}

fn not_an_address(addr: IpAddr) -> Error {
    Error::setting(
        format!("sqlx cannot be told to find the endpoint at {addr}"),
        "leave the address out and let DNS name it, or use `mizzle_connect::Pool`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";

    #[test]
    fn a_token_is_renewed_at_half_of_its_life_and_before_its_credentials_end() {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let (at, life) = (SystemTime::UNIX_EPOCH + minutes(1_000), minutes(15));
        let signed = Signed { at, by: Credentials::new("AKIDEXAMPLE", "secret") };
        let due = |signed: &Signed, after| signed.is_due(at + after, life);
        assert!(!due(&signed, minutes(7)) && due(&signed, minutes(8)));
        assert!(signed.is_due(at - minutes(1), life), "the clock was set back");
        assert!(signed.is_alive(at + minutes(14), life) && !signed.is_alive(at + minutes(15), life));
        let short = Signed { at, by: signed.by.expires_at(at + minutes(6)) };
        assert!(!due(&short, minutes(2)) && due(&short, minutes(3)));
        assert!(!short.is_alive(at + minutes(6), life));
    }

    #[test]
    fn a_connection_does_not_live_to_minute_60() {
        let minutes = |count: f64| Duration::from_secs_f64(60.0 * count);
        for (wanted, shortest, longest) in
            [(None, 50.0, 55.0), (Some(minutes(600.0)), 50.0, 55.0), (Some(minutes(11.0)), 10.0, 11.0)]
        {
            assert_eq!((lifetime(wanted, 1.0), lifetime(wanted, 0.0)), (minutes(shortest), minutes(longest)));
        }
    }

    #[tokio::test]
    async fn what_sqlx_cannot_do_is_refused() {
        let config = Config::new(HOST).static_credentials("AKIDEXAMPLE", "secret");
        let refusal = async |config: Config| options(&config).await.expect_err("not for sqlx").to_string();
        assert_eq!(
            refusal(config.clone().host_addr([10, 0, 0, 1].into())).await,
            "sqlx cannot be told to find the endpoint at 10.0.0.1"
        );
        assert_eq!(
            refusal(config.clone().standby(config.clone())).await,
            "sqlx's pool knows one endpoint, and there is a standby"
        );
        let options = options(&config.search_path("clinic, \"my schema\"")).await.expect("it is complete");
        assert_eq!((options.get_host(), options.get_port(), options.get_username()), (HOST, 5432, "admin"));
        assert_eq!(options.get_options(), Some("-c search_path=clinic,\"my\\ schema\""));
        assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull));
    }
}
