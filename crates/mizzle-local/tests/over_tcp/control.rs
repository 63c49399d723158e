//! The control endpoint: faults, sessions and jobs over HTTP.

use mizzle_local::{ControlAddress, LocalDsql};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::cluster::{Cluster, ask, story};

/// Sends a request as it stands; the status and the JSON of its answer in one line.
async fn send(cluster: &Cluster, text: &str) -> String {
    let mut heard = String::new();
    match cluster.local.control().expect("a control endpoint") {
        ControlAddress::Tcp(address) => {
            let mut stream = TcpStream::connect(address).await.expect("a connection");
            stream.write_all(text.as_bytes()).await.expect("sent");
            stream.read_to_string(&mut heard).await.expect("an answer");
        }
        ControlAddress::Unix(path) => {
            let mut stream = UnixStream::connect(path).await.expect("a connection");
            stream.write_all(text.as_bytes()).await.expect("sent");
            stream.read_to_string(&mut heard).await.expect("an answer");
        }
        other => panic!("{other}"),
    }
    let (head, body) = heard.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status");
    format!("{status} {}", body.split_whitespace().collect::<String>())
}

async fn request(cluster: &Cluster, line: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}"
    );
    send(cluster, &format!("{head}\r\n\r\n{body}")).await
}

async fn start(control: impl Into<ControlAddress>) -> Cluster {
    let local = LocalDsql::builder().control(control).fault_seed(7).start().await.expect("a cluster");
    Cluster { local }
}

#[tokio::test]
async fn faults_are_asked_for_seen_and_lifted() {
    let cluster = start(0).await;
    let client = cluster.admin().await;
    story(&client, &[("create table pet (id int primary key)", "#0")]).await;
    let added =
        request(&cluster, "POST /faults", r#"{"faults": ["oc000@2:pet", "delay-connect=1ms%100"]}"#).await;
    assert!(
        added.starts_with("201 ") && added.contains(r#""fault":"oc000@2:pet","fired":0,"id":1"#),
        "{added}"
    );
    let conflict = "40001 change conflicts with another transaction (OC000)";
    story(
        &client,
        &[
            ("insert into pet values (1)", "#1"),
            ("insert into pet values (2)", conflict),
            ("insert into pet values (2)", "#1"),
        ],
    )
    .await;
    let seen = request(&cluster, "GET /faults", "").await;
    assert!(seen.contains(r#"{"active":false,"fault":"oc000@2:pet","fired":1,"id":1,"seen":2}"#), "{seen}");
    assert!(seen.contains(r#""seed":7"#), "{seen}");
    assert_eq!(request(&cluster, "DELETE /faults/1", "").await, r#"200 {"lifted":1}"#);
    assert!(request(&cluster, "DELETE /faults/1", "").await.starts_with("404 "));
    assert_eq!(request(&cluster, "POST /faults", r#""oc001%100""#).await[..4], *"201 ");
    let changed = "40001 schema has been updated by another transaction (OC001)";
    story(&client, &[("insert into pet values (3)", changed)]).await;
    assert_eq!(request(&cluster, "DELETE /faults", "").await, r#"200 {"lifted":2}"#);
    story(&client, &[("insert into pet values (3)", "#1"), ("select count(*) from pet", "3; #1")]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn sessions_are_cut_and_the_status_tells() {
    let cluster = start(0).await;
    let clients = [cluster.admin().await, cluster.admin().await];
    story(&clients[0], &[("create table t (id int primary key)", "#0"), ("begin", "#0")]).await;
    story(&clients[0], &[("insert into t values (1)", "#1")]).await;
    let status = request(&cluster, "GET /status", "").await;
    for part in [
        format!("\"endpoint\":\"{}\"", cluster.local.endpoint()),
        format!("\"address\":\"{}\"", cluster.local.address()),
        "\"sessions\":2".to_owned(),
        "\"job_delay\":\"20ms\"".to_owned(),
        "\"fault_seed\":7".to_owned(),
        "\"commits\":1".to_owned(),
    ] {
        assert!(status.contains(&part), "{part} is not in {status}");
    }
    assert_eq!(request(&cluster, "POST /sessions/cut", "").await, r#"200 {"cut":2}"#);
    for client in &clients {
        let error = client.simple_query("select 1").await.expect_err("the connection is cut");
        assert!(error.as_db_error().is_none(), "{error}");
    }
    assert_eq!(ask(&cluster.admin().await, "select count(*) from t").await, "0; #1");
    cluster.stop().await;
}

#[tokio::test]
async fn the_pace_of_jobs_changes_while_they_run() {
    let control = tempfile::tempdir().expect("a folder");
    let cluster = start(control.path().join("control.sock")).await;
    let client = cluster.admin().await;
    story(&client, &[("create table t (id int primary key, n int)", "#0")]).await;
    let slow = request(&cluster, "PUT /job-delay", r#"{"delay": "1h"}"#).await;
    assert_eq!(slow, r#"200 {"job_delay":"3600000ms"}"#);
    let job = ask(&client, "create index async on t (n)").await;
    let job = job.split(';').next().expect("a job");
    let status = format!("select status from sys.jobs where job_id = '{job}'");
    assert_eq!(ask(&client, &status).await, "submitted; #1");
    // What waits for an hour is done at once.
    cluster.local.set_job_delay(std::time::Duration::ZERO).await.expect("set");
    assert_eq!(ask(&client, &format!("call sys.wait_for_job('{job}')")).await, "t; #0");
    assert_eq!(ask(&client, &status).await, "completed; #1");
    let path = control.path().join("control.sock");
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("a socket").permissions());
    assert_eq!(mode & 0o777, 0o600);
    cluster.stop().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let cluster = start(0).await;
    let index = request(&cluster, "GET /", "").await;
    for path in ["/status", "/faults", "/sessions/cut", "/job-delay"] {
        assert!(index.starts_with("200 ") && index.contains(path), "{index}");
    }
    for (line, body, expect) in [
        ("GET /nothing", "", "404 "),
        ("PUT /faults", "", "405 "),
        ("GET /sessions/cut", "", "405 "),
        ("POST /faults", "", "400 "),
        ("POST /faults", "oc000", "400 "),
        ("POST /faults", r#"{"fault": 3}"#, "400 "),
        ("POST /faults", r#"{"fault": "oc000", "nth": 3}"#, "400 "),
        ("POST /faults", "[]", "400 "),
        ("POST /faults", r#"["oc000", "rain"]"#, "400 "),
        ("PUT /job-delay", r#"{"delay": 5}"#, "400 "),
        ("DELETE /faults/x", "", "404 "),
    ] {
        let said = request(&cluster, line, body).await;
        assert!(said.starts_with(expect) && said.contains("\"error\""), "{line} {body}: {said}");
    }
    let said = request(&cluster, "POST /faults", r#""rain""#).await;
    assert!(said.contains("thefaultsareoc000,"), "{said}");
    // None of several is taken when one cannot be read.
    assert!(request(&cluster, "GET /faults", "").await.contains("\"faults\":[]"));
    for text in [
        "GET /status HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n",
        "GET /status HTTP/1.1\r\nHost: rebound.example\r\n\r\n",
        "POST /sessions/cut HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert!(send(&cluster, text).await.starts_with("403 "), "{text}");
    }
    assert!(send(&cluster, "\x16\x03\x01 no HTTP\r\n\r\n").await.starts_with("400 "));
    cluster.stop().await;
}
