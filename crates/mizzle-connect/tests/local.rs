//! Connections and pools on a local DSQL: real tokens over verified TLS.

mod port;

use std::time::Duration;

use mizzle_connect::{Config, Error, Pool, PoolOptions};
use mizzle_local::LocalDsql;
use port::Port;
use tokio_postgres::Client;

async fn start() -> LocalDsql {
    LocalDsql::start().await.expect("a local DSQL starts")
}

fn config(local: &LocalDsql) -> Config {
    Config::from_vars(|name| local.variable(name)).expect("the server says how to connect")
}

async fn connect(config: &Config) -> Client {
    config.connect().await.expect("the server lets us in")
}

async fn refusal(config: &Config) -> Error {
    config.connect().await.expect_err("the server refuses")
}

async fn text(client: &Client, query: &str) -> String {
    client.query_one(query, &[]).await.expect("a good query").get(0)
}

#[tokio::test]
async fn admin_comes_in_and_the_connection_says_who_it_is() {
    let local = start().await;
    let client = connect(&config(&local)).await;
    assert_eq!(text(&client, "SELECT current_user::text").await, "admin");
    assert_eq!(text(&client, "SHOW application_name").await, concat!("mizzle/", env!("CARGO_PKG_VERSION")));

    let client =
        connect(&config(&local).application_name("clinic").search_path(r#"clinic, "my schema""#)).await;
    assert_eq!(text(&client, "SHOW application_name").await, "clinic");
    assert_eq!(text(&client, "SHOW search_path").await, r#"clinic,"my schema""#);
}

#[tokio::test]
async fn the_servers_variables_are_all_it_takes() {
    let local = start().await;
    let environment = local.environment();
    let config = Config::from_vars(|name| {
        environment.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.clone())
    });
    connect(&config.expect("the server names them all")).await;
}

#[tokio::test]
async fn another_role_comes_in_when_it_is_mapped() {
    let local = start().await;
    let admin = connect(&config(&local)).await;
    admin.batch_execute("CREATE ROLE app WITH LOGIN").await.expect("admin makes roles");

    let error = refusal(&config(&local).user("app")).await;
    assert!(error.is_access_denied() && error.sql_state() == Some("28000"), "{error:?}");
    assert!(error.hint().expect("a cure").contains("AWS IAM GRANT"), "{error:?}");

    let grant = format!("AWS IAM GRANT app TO '{}'", local.principal_arn());
    admin.batch_execute(&grant).await.expect("admin maps roles");
    let app = connect(&config(&local).user("app")).await;
    assert_eq!(text(&app, "SELECT current_user::text").await, "app");
}

#[tokio::test]
async fn a_refused_token_comes_with_the_servers_words() {
    let local = start().await;
    let error = refusal(&config(&local).static_credentials(local.access_key_id(), "another secret")).await;
    let address = format!("{}:{} (at 127.0.0.1)", local.endpoint(), local.address().port());
    assert_eq!(
        error.to_string(),
        format!("{address} refused the connection: unable to accept connection, access denied")
    );
    assert!(error.is_access_denied() && !error.is_retryable());
    assert!(error.hint().is_some_and(|hint| hint.contains("ignature")), "{error:?}");
}

#[tokio::test]
async fn a_server_that_another_authority_vouches_for_is_refused() {
    let local = start().await;
    let error = refusal(&config(&local).root_certificate_pem(include_str!("vectors/ca.pem"))).await;
    assert!(error.to_string().starts_with("no verified TLS connection to "), "{error}");
    assert!(error.hint().expect("a cure").contains("PGSSLROOTCERT"));
}

#[tokio::test]
async fn a_session_returns_to_the_pool_and_is_handed_out_again() {
    let local = start().await;
    let pool: Pool<Client> = Pool::new(config(&local), PoolOptions::default());
    let session = pool.get().await.expect("a session");
    session.batch_execute("SET application_name = 'first'").await.expect("it can be set");
    drop(session);

    let session = pool.get().await.expect("the same session");
    assert_eq!(text(&session, "SHOW application_name").await, "first");
    session.discard();
    let session = pool.get().await.expect("a new session");
    assert_ne!(text(&session, "SHOW application_name").await, "first");
    assert_eq!(pool.size(), 1);
}

#[tokio::test]
async fn a_full_pool_makes_callers_wait_and_then_says_why() {
    let local = start().await;
    let options =
        PoolOptions { max_size: 2, acquire_timeout: Duration::from_secs(6), ..PoolOptions::default() };
    let pool: Pool<Client> = Pool::new(config(&local), options);
    let (first, second) = (pool.get().await.expect("one"), pool.get().await.expect("two"));
    let error = pool.get().await.expect_err("both are in use");
    assert_eq!(error.to_string(), "no session from the pool within 6s: 2 of 2 in use");
    assert!(error.is_retryable());

    let (third, ()) = tokio::join!(pool.get(), async { drop(first) });
    third.expect("the one that came back");
    second.discard();
    assert_eq!(pool.size(), 1);
}

#[tokio::test]
async fn many_callers_share_few_connections() {
    let local = start().await;
    let pool: Pool<Client> = Pool::new(config(&local), PoolOptions { max_size: 3, ..PoolOptions::default() });
    let callers = (0..40).map(|n: i64| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let session = pool.get().await.expect("a session in its turn");
            session.query_one("SELECT $1::int8", &[&n]).await.expect("a good query").get::<_, i64>(0)
        })
    });
    let mut sum = 0;
    for caller in callers.collect::<Vec<_>>() {
        sum += caller.await.expect("a caller ends well");
    }
    assert_eq!((sum, pool.size()), (780, 3));
}

#[tokio::test]
async fn a_session_past_its_time_is_replaced() {
    let local = start().await;
    for options in [
        PoolOptions { lifetime: Duration::ZERO, ..PoolOptions::default() },
        PoolOptions { idle: Duration::ZERO, ..PoolOptions::default() },
    ] {
        let pool: Pool<Client> = Pool::new(config(&local), options);
        let session = pool.get().await.expect("a session");
        session.batch_execute("SET application_name = 'first'").await.expect("it can be set");
        drop(session);
        let session = pool.get().await.expect("a new session");
        assert_ne!(text(&session, "SHOW application_name").await, "first");
        assert_eq!(pool.size(), 1);
    }
}

#[tokio::test]
async fn a_session_whose_server_went_away_is_not_handed_out() {
    let port = Port::take();
    let local = LocalDsql::builder().port(port.number).start().await.expect("a local DSQL starts");
    // A pool that was connected once tries for half of this.
    let options = PoolOptions { acquire_timeout: Duration::from_secs(6), ..PoolOptions::default() };
    let pool: Pool<Client> = Pool::new(config(&local), options);
    let session = pool.get().await.expect("a session");
    local.stop().await.expect("the server stops");
    session.simple_query("SELECT 1").await.expect_err("the server is gone");
    drop(session);
    assert_eq!(pool.size(), 0);
    let error = pool.get().await.expect_err("nobody listens");
    assert!(error.to_string().starts_with("no connection to "), "{error}");
    let stats = pool.stats();
    assert!(stats.connect_retries > 0, "{stats:?}");
    assert_eq!((stats.connected, stats.connect_failures, stats.not_acquired, stats.open), (1, 1, 1, 0));
}

#[tokio::test]
async fn a_pool_is_warmed_up_and_stays_warm() {
    let local = start().await;
    let options = PoolOptions { min_idle: 3, max_size: 4, ..PoolOptions::default() };
    let pool: Pool<Client> = Pool::new(config(&local), options);
    pool.warm_up().await.expect("the server lets us in");
    assert_eq!((pool.stats().open, pool.stats().idle), (3, 3));
    let session = pool.get().await.expect("an idle one");
    // One more is opened behind it.
    while pool.stats().open < 4 || pool.stats().idle < 3 {
        tokio::task::yield_now().await;
    }
    drop(session);
    assert_eq!((pool.stats().connected, pool.stats().idle), (4, 4));
}

#[tokio::test]
async fn a_pool_closes_when_its_last_session_comes_back() {
    let local = start().await;
    let pool: Pool<Client> = Pool::new(config(&local), PoolOptions::default());
    let session = pool.get().await.expect("a session");
    assert_eq!(pool.clone().close_gracefully(Duration::ZERO).await, 1, "one is in use");
    session.simple_query("SELECT 1").await.expect("it is not cut");
    let (left, ()) = tokio::join!(pool.close_gracefully(Duration::from_secs(60)), async { drop(session) });
    assert_eq!((left, pool.size()), (0, 0));
}

#[tokio::test]
async fn a_url_comes_in_and_a_cluster_may_be_named_besides() {
    let local = start().await;
    let url = format!(
        "postgres://admin@{}:{}/postgres?hostaddr=127.0.0.1&sslrootcert={}&application_name=by%20url",
        local.endpoint(),
        local.address().port(),
        local.ca_file().display()
    );
    let config = Config::from_url_and_vars(&url, |name| local.variable(name)).expect("a good URL");
    assert_eq!(text(&connect(&config).await, "SHOW application_name").await, "by url");

    // An endpoint that does not say which cluster it is for: the id goes with the options.
    let id = local.endpoint().split('.').next().expect("it begins with the id").to_owned();
    let config = Config::new("localhost")
        .region(local.region())
        .cluster_id(id)
        .search_path("sys")
        .host_addr([127, 0, 0, 1].into())
        .port(local.address().port())
        .root_certificate_file(local.ca_file())
        .static_credentials(local.access_key_id(), local.secret_access_key());
    assert_eq!(text(&connect(&config).await, "SHOW search_path").await, "sys");
}

#[tokio::test]
async fn connections_go_to_the_other_region_until_the_preferred_one_is_back() {
    let folder = std::env::temp_dir().join(format!("mizzle-standby-{}", std::process::id()));
    let (port, spare) = (Port::take(), start().await);
    let preferred = async || {
        LocalDsql::builder().data_dir(&folder).port(port.number).start().await.expect("a local DSQL starts")
    };
    let near = preferred().await;
    let sticky = config(&near).standby_probed(config(&spare), Duration::from_secs(3_600));
    let eager = config(&near).standby_probed(config(&spare), Duration::ZERO);
    let pool: Pool<Client> = Pool::new(sticky.clone(), PoolOptions::default());
    drop(pool.get().await.expect("the preferred one lets us in"));
    connect(&eager).await;
    assert_eq!(spare.sessions(), 0);

    near.stop().await.expect("it stops");
    let clients = [connect(&sticky).await, connect(&sticky).await, connect(&eager).await];
    assert_eq!(spare.sessions(), 3, "all of them are at the other one");
    let session = pool.get().await.expect("the pool goes there too");
    session.batch_execute("SELECT 1").await.expect("a good query");

    let near = preferred().await;
    let also_there = connect(&sticky).await;
    assert_eq!((near.sessions(), spare.sessions()), (0, 5), "sticky");
    let back = connect(&eager).await;
    assert_eq!(near.sessions(), 1, "tried, and found well");
    // A refusal of the one preferred is an answer: nobody asks elsewhere.
    near.inject(mizzle_local::Fault::RefuseConnection);
    assert_eq!(refusal(&eager).await.sql_state(), Some("53400"));
    drop((clients, session, also_there, back));
    near.stop().await.expect("it stops");
    std::fs::remove_dir_all(&folder).expect("it was there");
}
