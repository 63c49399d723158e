//! Roles other than admin: mapped to a principal, at home in a schema of their own.

use std::time::Duration;

use mizzle_local::{LocalDsql, Principal};
use tokio_postgres::config::SslNegotiation;

use crate::cluster::{Cluster, ask, story};

#[tokio::test]
async fn a_mapped_role_works_in_its_own_schema_until_it_is_unmapped() {
    let cluster = Cluster::start().await;
    let admin = cluster.admin().await;
    let arn = cluster.local.principal_arn().to_owned();
    let denied = "28000 unable to accept connection, access denied";
    assert_eq!(cluster.connect("app").await.err().as_deref(), Some(denied));
    story(
        &admin,
        &[
            ("create role app with login", "#0"),
            ("create schema home", "#0"),
            ("grant usage, create on schema home to app", "#0"),
        ],
    )
    .await;
    assert_eq!(cluster.connect("app").await.err().as_deref(), Some(denied));
    assert_eq!(ask(&admin, &format!("AWS IAM GRANT app TO '{arn}'")).await, "#0");
    let mapping = "select pg_role_name, arn, grantor_pg_role_name from sys.iam_pg_role_mappings";
    assert_eq!(ask(&admin, mapping).await, format!("app,{arn},admin; #1"));
    let app = cluster.connect("app").await.expect("app comes in");
    story(
        &app,
        &[
            ("select current_user", "app; #1"),
            ("create table home.t (id int primary key)", "#0"),
            ("insert into home.t values (1)", "#1"),
            ("create table public.t (id int)", "42501 permission denied for schema public"),
            (
                "AWS IAM GRANT app TO 'arn:aws:iam::123456789012:role/x'",
                "42501 permission denied to grant IAM trust with role app",
            ),
        ],
    )
    .await;
    assert!(ask(&app, "create index async on home.t (id)").await.ends_with("; #0"));
    assert!(ask(&admin, "drop role app").await.starts_with("2BP01 role \"app\" cannot be dropped"));
    assert_eq!(ask(&admin, &format!("AWS IAM REVOKE app FROM '{arn}'")).await, "#0");
    assert_eq!(cluster.connect("app").await.err().as_deref(), Some(denied));
    assert_eq!(ask(&app, "select count(*) from home.t").await, "1; #1");
    cluster.stop().await;
}

#[tokio::test]
async fn mappings_are_checked() {
    let cluster = Cluster::start().await;
    let admin = cluster.admin().await;
    let arn = "'arn:aws:iam::123456789012:role/x'";
    story(&admin, &[("create role app with login", "#0"), ("create role nobody", "#0")]).await;
    for (sql, expect) in [
        (format!("aws iam grant app to {arn}"), "#0"),
        (format!("aws iam grant missing to {arn}"), "42704 Role missing does not exist"),
        (format!("aws iam grant nobody to {arn}"), "22023 role nobody must have the LOGIN attribute"),
        (format!("aws iam grant mizzle to {arn}"), "42704 Role mizzle does not exist"),
        ("aws iam grant app to 'me'".to_owned(), "22023 IAM role must look like an IAM ARN"),
        (format!("aws iam revoke app from {arn}"), "#0"),
        (
            format!("aws iam revoke app from {arn}"),
            "42704 role app is not mapped to arn:aws:iam::123456789012:role/x",
        ),
        ("aws iam grant app".to_owned(), "42601 syntax error at or near \"aws\""),
        ("drop role app".to_owned(), "#0"),
    ] {
        assert_eq!(ask(&admin, &sql).await, expect, "{sql}");
    }
    cluster.stop().await;
}

#[tokio::test]
async fn every_principal_comes_in_as_what_it_is_mapped_to() {
    let arn = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    let local = LocalDsql::builder()
        .principal(
            Principal::new("app", "AKIAAPP", "one", arn("app")).session_token("s").actions(["DbConnect"]),
        )
        .principal(Principal::new("report", "AKIAREPORT", "other", arn("report")))
        .start()
        .await
        .expect("a cluster");
    let cluster = Cluster { local };
    let admin = cluster.admin().await;
    story(
        &admin,
        &[
            ("create role app with login", "#0"),
            ("create role report with login", "#0"),
            (&format!("aws iam grant app to '{}'", arn("app")), "#0"),
            (&format!("aws iam grant report to '{}'", arn("report")), "#0"),
        ],
    )
    .await;
    let enter = async |principal: &str, user: &str| {
        let token = cluster.local.token_of(principal, user, Duration::from_secs(60)).expect("a principal");
        match cluster.connect_with(user, &token, SslNegotiation::Postgres).await {
            Ok(client) => ask(&client, "select current_user").await,
            Err(error) => error,
        }
    };
    let denied = "28000 unable to accept connection, access denied";
    assert_eq!(enter("app", "app").await, "app; #1");
    assert_eq!(enter("report", "report").await, "report; #1");
    assert_eq!(enter("app", "report").await, denied);
    assert_eq!(enter("local", "app").await, denied);
    assert_eq!(enter("report", "admin").await, "admin; #1");
    let seen = enter("app", "admin").await;
    let hint =
        format!("User: {} is not authorized to perform: dsql:DbConnectAdmin on resource: ", arn("app"));
    assert!(seen.starts_with(&format!("{denied} | {hint}")), "{seen}");
    assert_eq!(cluster.local.token_of("nobody", "app", Duration::from_secs(60)), None);
    cluster.stop().await;
}

#[tokio::test]
async fn two_principals_do_not_share_an_access_key() {
    let twin = |name: &str| Principal::new(name, "AKIATWIN", "x", "arn:aws:iam::123456789012:user/x");
    let error =
        LocalDsql::builder().principal(twin("a")).principal(twin("b")).start().await.expect_err("refused");
    assert_eq!(error.to_string(), "two principals have the access key AKIATWIN");
}
