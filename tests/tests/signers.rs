//! Tokens beside those of AWS's SDK for Rust: the same bytes for the same time and credentials, and both are let in.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dsql::auth_token::{AuthTokenGenerator, Config as TokenConfig};
use aws_smithy_async::time::StaticTimeSource;
use mizzle::connect::Config;
use mizzle_local::LocalDsql;
use mizzle_tests::config;

struct Who {
    host: String,
    region: &'static str,
    user: &'static str,
    key: [String; 2],
    session: Option<String>,
    lifetime: u64,
}

/// The token of the SDK, as of this time.
async fn theirs(who: &Who, now: SystemTime) -> String {
    let [id, secret] = who.key.clone();
    let credentials = aws_credential_types::Credentials::new(id, secret, who.session.clone(), None, "test");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(who.region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .time_source(StaticTimeSource::new(now))
        .build();
    let settings = TokenConfig::builder().hostname(&who.host).expires_in(who.lifetime).build().unwrap();
    let generator = AuthTokenGenerator::new(settings);
    let token = match who.user {
        "admin" => generator.db_connect_admin_auth_token(&sdk).await,
        _ => generator.db_connect_auth_token(&sdk).await,
    };
    token.unwrap().to_string()
}

fn ours(who: &Who) -> Config {
    let [id, secret] = who.key.clone();
    let credentials = aws_credential_types::Credentials::new(id, secret, who.session.clone(), None, "test");
    Config::new(&who.host)
        .region(who.region)
        .user(who.user)
        .token_lifetime(Duration::from_secs(who.lifetime))
        .credentials(credentials)
}

#[tokio::test]
async fn tokens_are_those_of_the_sdk_byte_by_byte() {
    let key = || ["AKIAIOSFODNN7EXAMPLE".to_owned(), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()];
    for (seconds, region, user, session, lifetime) in [
        (1_795_342_830, "eu-west-1", "admin", None, 900),
        (1_795_342_830, "us-east-1", "app", None, 1),
        (951_782_399, "ap-northeast-2", "app", Some("IQoJb3JpZ2luX2VjEJ//+a/b==".to_owned()), 604_800),
        (4_107_542_400, "eu-west-1", "admin", Some("x".repeat(1_200)), 60),
    ] {
        let who = Who {
            host: format!("abcdefghijklmnopqrstuvwxyz.dsql.{region}.on.aws"),
            region,
            user,
            key: key(),
            session,
            lifetime,
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(ours(&who).token_at(now).await.unwrap().as_str(), theirs(&who, now).await);
    }
}

#[tokio::test]
async fn both_are_let_in() {
    let local = LocalDsql::start().await.unwrap();
    let who = Who {
        host: local.endpoint().to_owned(),
        region: "us-east-1",
        user: "admin",
        key: [local.access_key_id().to_owned(), local.secret_access_key().to_owned()],
        session: None,
        lifetime: 900,
    };
    assert_eq!(who.region, local.region());
    let now = SystemTime::now();
    let token = theirs(&who, now).await;
    assert_eq!(ours(&who).token_at(now).await.unwrap().as_str(), token);
    config(&local).connect().await.unwrap().batch_execute("SELECT 1").await.unwrap();
}
