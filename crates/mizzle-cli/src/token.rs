//! `mizzle token`: the password of one connection, on standard output.

use std::time::Duration;

use clap::Args;
use mizzle_connect::Config;

use crate::failure::Failure;

/// Print an authentication token: the password of one connection.
///
/// The cluster and the credentials come from the environment: CLUSTER_ENDPOINT, and AWS_ACCESS_KEY_ID with
/// AWS_SECRET_ACCESS_KEY or whatever AWS's own tools are set up with. The token is made on this machine; nobody is
/// asked, so one for a cluster that refuses it looks like any other.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  PGPASSWORD=$(mizzle token) psql \"host=$CLUSTER_ENDPOINT user=admin dbname=postgres sslmode=verify-full\"
  mizzle token --user app --expires-in 1h

The role `admin` gets a token for the action dsql:DbConnectAdmin, every other role one for dsql:DbConnect.
Besides, `AWS IAM GRANT app TO 'arn:aws:iam::…'` must have given the role to who signs.")]
pub(crate) struct Options {
    /// Database role the token is for; CLUSTER_USER or admin by default
    #[arg(short, long, value_name = "U")]
    user: Option<String>,

    /// How long it may be used to connect: seconds, or a time such as 15min, 1h; at most 7 days
    #[arg(short, long, value_name = "S", default_value = "900", value_parser = crate::size::duration)]
    expires_in: Duration,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let mut config = Config::from_env()?.token_lifetime(options.expires_in);
    if let Some(user) = options.user {
        config = config.user(user);
    }
    println!("{}", config.token().await?.as_str());
    Ok(())
}
