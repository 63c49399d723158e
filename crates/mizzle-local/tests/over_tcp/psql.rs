//! `psql`, with `sslmode=verify-full` and nothing but the environment we give it.

use std::process::Command;

use crate::cluster::Cluster;

#[tokio::test]
async fn psql_comes_in_and_works() {
    let cluster = Cluster::start().await;
    let environment = cluster.local.environment();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("psql")
            .args(["--no-psqlrc", "-A", "-v", "ON_ERROR_STOP=1"])
            .args(["-c", "select version()"])
            .args(["-c", "create table pet (id bigint primary key, name text unique)"])
            .args(["-c", "insert into pet values (1, 'Leo') returning name"])
            .args(["-c", "create index async on pet (name)"])
            .args(["-c", "\\d pet"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment)
            .output()
            .expect("psql runs")
    })
    .await
    .expect("psql ends");
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{error}");
    for part in ["PostgreSQL 16\n", "Leo\n", "\"pet_name_idx\" btree (name)"] {
        assert!(out.contains(part), "{part} is not in\n{out}{error}");
    }
    assert!(!out.contains("rigger"), "{out}");
    cluster.stop().await;
}
