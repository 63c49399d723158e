//! The PostgreSQL behind: found, not found, downloaded, kept, gone.

use std::path::{Path, PathBuf};

use mizzle_local::LocalDsql;

use crate::cluster::{Cluster, ask, story};

/// A folder that PostgreSQL's account can reach also when these tests run as root.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("mizzle-test-").tempdir_in("/tmp").expect("a folder");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("a folder that may be entered");
    folder
}

/// The folder of this machine's PostgreSQL.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find_map(|folder| folder.join("postgres").canonicalize().ok());
    let newest = || {
        std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .flatten()
            .map(|entry| entry.path().join("bin/postgres"))
            .max()
    };
    found.or_else(newest).and_then(|file| file.parent().map(Path::to_owned)).expect("an installed PostgreSQL")
}

#[tokio::test]
async fn a_stopped_cluster_leaves_nothing() {
    let cluster = Cluster::start().await;
    let run = cluster.local.ca_file().parent().expect("a folder").to_owned();
    let server = std::fs::read_to_string(run.join("data/postmaster.pid")).expect("a pid file");
    let server = PathBuf::from("/proc").join(server.lines().next().expect("a pid"));
    assert!(run.exists() && (server.exists() || !Path::new("/proc/self").exists()));
    let client = cluster.admin().await;
    cluster.stop().await;
    assert!(!run.exists() && !server.exists());
    assert_ne!(ask(&client, "select 1").await, "1; #1");
}

#[tokio::test]
async fn a_data_folder_keeps_the_cluster() {
    let folder = folder();
    let start = || async {
        let builder = LocalDsql::builder().data_dir(folder.path().join("cluster"));
        Cluster { local: builder.start().await.expect("a cluster") }
    };
    let first = start().await;
    let (endpoint, key) = (first.local.endpoint().to_owned(), first.local.secret_access_key().to_owned());
    let certificate = std::fs::read(first.local.ca_file()).expect("a certificate");
    story(
        &first.admin().await,
        &[
            ("create table t (id int primary key)", "#0"),
            ("insert into t values (1)", "#1"),
            ("select current_setting('fsync')", "on; #1"),
        ],
    )
    .await;
    let taken =
        LocalDsql::builder().data_dir(folder.path().join("cluster")).start().await.expect_err("in use");
    let said = format!(
        "the data folder {} is in use by process {}",
        folder.path().join("cluster").display(),
        std::process::id()
    );
    assert_eq!((taken.to_string(), taken.hint().is_some()), (said, true));
    first.stop().await;
    let second = start().await;
    assert_eq!(
        (second.local.endpoint(), second.local.secret_access_key()),
        (endpoint.as_str(), key.as_str())
    );
    assert_eq!(std::fs::read(second.local.ca_file()).expect("a certificate"), certificate);
    assert_eq!(ask(&second.admin().await, "select * from t").await, "1; #1");
    second.stop().await;
}

/// The PostgreSQL behind, as its superuser.
async fn behind(cluster: &Cluster) -> tokio_postgres::Client {
    let folder = cluster.local.postgres_socket().parent().expect("a folder");
    let mut config = tokio_postgres::Config::new();
    config.host_path(folder).user("mizzle").dbname("postgres");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("PostgreSQL lets us in");
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn a_data_folder_of_an_older_version_is_brought_up() {
    let folder = folder();
    let builder = || LocalDsql::builder().data_dir(folder.path().join("cluster"));
    let cluster = Cluster { local: builder().start().await.expect("a cluster") };
    let client = cluster.admin().await;
    story(
        &client,
        &[("create table t (id int primary key, v text)", "#0"), ("insert into t values (1, 'a')", "#1")],
    )
    .await;
    story(&client, &[("create role app with login", "#0")]).await;
    let arn = "arn:aws:iam::123456789012:role/app";
    assert_eq!(ask(&client, &format!("aws iam grant app to '{arn}'")).await, "#0");
    // What an older version did not have, and what it had.
    behind(&cluster)
        .await
        .batch_execute(
            "drop table sys.local_version; drop table sys.local_pace; drop function sys.local_set_job_delay; \
             drop event trigger local_on_limits; drop trigger local_capture on t; \
             alter table sys.local_jobs drop column subject; \
             alter table sys.local_jobs alter column status drop default; \
             drop function sys.local_jobs_step; create function sys.local_jobs_step() returns text language sql as \
             $$select ''$$; create function sys.local_submit(kind text, object oid, about text, more text default null) \
             returns text language sql as $$select ''$$; create function sys.local_gone() returns event_trigger \
             language plpgsql as $$begin raise exception 'old'; end$$; \
             create event trigger local_gone on ddl_command_end execute function sys.local_gone()",
        )
        .await
        .expect("an older folder");
    cluster.stop().await;
    let cluster = Cluster { local: builder().start().await.expect("brought up") };
    let client = cluster.admin().await;
    let wide = format!("insert into t values (2, '{}')", "x".repeat((1 << 20) + 1));
    story(
        &client,
        &[
            ("select * from t", "1,a; #1"),
            (&wide, "54000 datatype limit greater than 1048576 bytes not supported for text"),
            ("select pg_role_name from sys.iam_pg_role_mappings", "app; #1"),
            ("create table u (id int)", "#0"),
        ],
    )
    .await;
    let job = ask(&client, "create index async on t (v)").await;
    let job = job.split(';').next().expect("a job");
    assert_eq!(ask(&client, &format!("call sys.wait_for_job('{job}')")).await, "t; #0");
    // Conflicts are still seen in the table that was there.
    let other = cluster.admin().await;
    story(&client, &[("begin", "#0"), ("update t set v = 'b'", "#1")]).await;
    story(&other, &[("update t set v = 'c'", "#1")]).await;
    story(&client, &[("commit", "40001 change conflicts with another transaction (OC000)")]).await;
    let jobs = ask(&client, "select count(*) from sys.jobs where job_type = 'DROP'").await;
    assert_eq!(jobs, "0; #1", "nothing of the upgrade is left");
    cluster.stop().await;
}

#[tokio::test]
async fn a_data_folder_of_a_newer_version_or_another_postgresql_stays_as_it_is() {
    let folder = folder();
    let path = folder.path().join("cluster");
    let start = || LocalDsql::builder().data_dir(&path).start();
    let cluster = Cluster { local: start().await.expect("a cluster") };
    behind(&cluster)
        .await
        .batch_execute("update sys.local_version set version = '99.0.1'")
        .await
        .expect("newer");
    cluster.stop().await;
    let error = start().await.expect_err("newer");
    assert!(
        error.to_string().starts_with("the data folder was made by version 99.0.1, and this is"),
        "{error}"
    );
    assert!(error.hint().is_some());
    std::fs::write(path.join("data/PG_VERSION"), "9\n").expect("another PostgreSQL");
    let error = start().await.expect_err("another PostgreSQL");
    let said = format!("{} was made by PostgreSQL 9, and PostgreSQL ", path.display());
    assert!(error.to_string().starts_with(&said) && error.hint().is_some(), "{error}");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let error = LocalDsql::builder().port(port).start().await.expect_err("the port is taken");
    assert_eq!(error.to_string(), format!("port {port} on 127.0.0.1 is already in use"));
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn a_postgresql_that_is_not_there_is_said_so() {
    let folder = folder();
    let error = LocalDsql::builder().pg_bin(folder.path()).start().await.expect_err("nothing there");
    let said = error.to_string();
    assert!(
        said.contains(&folder.path().display().to_string()) && said.contains("no postgres there"),
        "{said}"
    );
    assert!(
        error.hint().is_some_and(|hint| hint.contains("apt install postgresql") && hint.contains("--pg-bin"))
    );
    let builder = LocalDsql::builder().pg_search([folder.path()]).cache_dir(folder.path().join("cache"));
    #[cfg(feature = "download")]
    let builder = builder.pg_download(None);
    let error = builder.start().await.expect_err("nothing anywhere");
    assert!(error.to_string().contains("no PostgreSQL 15 or newer found"), "{error}");
}

#[cfg(feature = "download")]
#[tokio::test]
async fn postgresql_is_downloaded_once_and_kept() {
    let folder = folder();
    let archive = folder.path().join("postgresql.tar.gz");
    pack(&archive);
    let source = format!("file://{}", archive.display());
    let builder = || {
        LocalDsql::builder()
            .pg_search(Vec::<PathBuf>::new())
            .pg_download(Some(source.clone()))
            .cache_dir(folder.path().join("cache"))
    };
    let cluster = Cluster { local: builder().start().await.expect("a cluster") };
    assert_eq!(ask(&cluster.admin().await, "select 1").await, "1; #1");
    cluster.stop().await;
    std::fs::remove_file(&archive).expect("the archive goes");
    builder().start().await.expect("the second start needs no archive").stop().await.expect("a clean end");
    std::fs::write(&archive, b"not an archive").expect("written");
    let other = builder().cache_dir(folder.path().join("other")).start().await.expect_err("no archive");
    assert!(other.to_string().contains("the archive cannot be unpacked"), "{other}");
}

/// An archive of the usual layout whose programs call the installed ones.
#[cfg(feature = "download")]
fn pack(archive: &Path) {
    let file = std::fs::File::create(archive).expect("an archive");
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for folder in ["postgresql-16.10.0-any/", "postgresql-16.10.0-any/bin/"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_mode(0o755);
        tar.append_data(&mut header, folder, std::io::empty()).expect("packed");
    }
    for program in ["postgres", "initdb"] {
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", programs().join(program).display());
        let mut header = tar::Header::new_gnu();
        header.set_size(script.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        let name = format!("postgresql-16.10.0-any/bin/{program}");
        tar.append_data(&mut header, name, script.as_bytes()).expect("packed");
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("packed");
}
