//! The binary as a person runs it, against the lines of the original sample.

use std::process::{Command, Output};

use mizzle_local::LocalDsql;

const LINES: &str = "\
Starting Mizzle DSQL Example...
Running migrations...
Applying migration: 20261122200633_init
Creating owners...
Created owner: John Doe (ID: …)
Created owner: Mary Major (ID: …)
Creating pets...
Created pet: Pet1 (Owner: John Doe)
Created pet: Pet2 (Owner: John Doe)
Creating veterinary specialties...
Created specialties: Exotic, Dogs, Cats
Creating veterinarians...
Created vet: Akua Mansa (Specialty: Exotic)
Created vet: Carlos Salazar (Specialties: Cats, Dogs)
Querying pet information...
Querying owner information...
Querying veterinarians with specialties...
Cleaning up...
Cleanup complete.
Example completed successfully!
";

/// `vetclinic` with an environment of its own: nothing of the caller's that could point to another cluster.
fn vetclinic(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vetclinic"));
    for (name, _) in std::env::vars() {
        if ["CLUSTER_", "AWS_", "PG", "VETCLINIC_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// `vetclinic` on this server, as this user.
fn on(local: &LocalDsql, user: &str, arguments: &[&str]) -> Output {
    let mut command = vetclinic(arguments);
    command.envs(local.environment()).env("CLUSTER_USER", user).env_remove("PGPASSWORD");
    command.output().unwrap()
}

/// Standard output, the ids left out.
fn lines(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let without_id = |line: &str| match line.split_once("(ID: ") {
        Some((start, _)) => format!("{start}(ID: …)\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(without_id).collect()
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn without_settings_the_sample_runs_on_a_local_dsql_and_says_so_in_one_line() {
    let output = vetclinic(&[]).output().unwrap();
    succeeded(&output);
    assert_eq!(lines(&output), LINES);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("CLUSTER_ENDPOINT is not set"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_runs_twice_on_one_cluster_and_migrates_once() {
    let local = LocalDsql::start().await.unwrap();
    let first = on(&local, "admin", &["sample"]);
    succeeded(&first);
    assert_eq!((lines(&first), first.stderr.len()), (LINES.to_owned(), 0));
    let second = on(&local, "admin", &["sample"]);
    succeeded(&second);
    assert_eq!(lines(&second), LINES.replace("Applying migration: 20261122200633_init\n", ""));
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_admin_has_its_clinic_in_myschema() {
    let local = LocalDsql::start().await.unwrap();
    let refused = on(&local, "clinic", &["sample"]);
    assert_eq!(refused.status.code(), Some(1));
    let admin =
        mizzle::connect::Config::from_vars(|name| local.variable(name)).unwrap().connect().await.unwrap();
    for statement in [
        "CREATE ROLE clinic WITH LOGIN",
        &format!("AWS IAM GRANT clinic TO '{}'", local.principal_arn()),
        "CREATE SCHEMA myschema",
        "GRANT USAGE, CREATE ON SCHEMA myschema TO clinic",
    ] {
        admin.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
    let output = on(&local, "clinic", &["sample"]);
    succeeded(&output);
    assert_eq!(lines(&output), LINES);
    let tables = admin
        .query(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE tableowner = 'clinic' ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let tables: Vec<String> = tables.iter().map(|row| row.get(0)).collect();
    assert_eq!(tables.len(), 6, "{tables:?}");
    assert!(tables.iter().all(|table| table.starts_with("myschema.")), "{tables:?}");
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clinics_own_commands_keep_what_they_are_told() {
    let local = LocalDsql::start().await.unwrap();
    let run = |arguments: &[&str]| {
        let output = on(&local, "admin", arguments);
        succeeded(&output);
        lines(&output)
    };
    let added = run(&["owner", "add", "Ann", "Bergen", "--telephone", "555"]);
    let id = added.lines().last().unwrap().split_whitespace().next().unwrap().to_owned();
    run(&["pet", "add", "Rex", "2021-07-23", "--owner", &id]);
    run(&["vet", "add", "Akua Mansa", "--specialty", "Cats", "--specialty", "Dogs"]);
    assert_eq!(run(&["owner", "list"]), format!("{id}  Ann, Bergen\n"));
    assert_eq!(run(&["owner", "list", "--city", "Oslo"]), "");
    assert_eq!(run(&["owner", "show", &id]), "Ann, Bergen\n  telephone 555\n  Rex, born 2021-07-23\n");
    assert!(run(&["pet", "list"]).ends_with("Rex, born 2021-07-23, of Ann\n"));
    assert!(run(&["vet", "list"]).ends_with("Akua Mansa (Cats, Dogs)\n"));
    let nobody = on(
        &local,
        "admin",
        &["pet", "add", "Tom", "2021-07-23", "--owner", "00000000-0000-0000-0000-000000000000"],
    );
    assert_eq!(nobody.status.code(), Some(1));
    let error = String::from_utf8_lossy(&nobody.stderr);
    assert_eq!(error, "error: no owner has the id 00000000-0000-0000-0000-000000000000\n");
    assert_eq!(run(&["clean"]).lines().count(), 6);
    assert_eq!(run(&["migrate"]), "Applying migration: 20261122200633_init\n");
    local.stop().await.unwrap();
}

#[test]
fn a_cluster_that_cannot_be_reached_is_an_error_with_a_cure() {
    let check = |variables: &[(&str, &str)], expect: &[&str]| {
        let output = vetclinic(&[]).envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(expect.iter().all(|part| error.contains(part)), "{expect:?} are not all in: {error}");
    };
    check(&[("CLUSTER_ENDPOINT", "")], &["error: ", "CLUSTER_ENDPOINT", "hint: "]);
    check(
        &[
            ("CLUSTER_ENDPOINT", "localhost"),
            ("PGHOSTADDR", "127.0.0.1"),
            ("PGPORT", "1"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "B"),
        ],
        &["error: no connection to the cluster: ", "127.0.0.1"],
    );
}
