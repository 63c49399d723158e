//! Runs on a local DSQL, from the first statement to a second run that finds nothing to do.

mod database;

use database::Database;
use mizzle_kit::{Decision, Error, Event, Folder, Options, Report, apply, repair};

const INIT: (&str, &str) = (
    "0000_init",
    "CREATE TABLE owner (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL);\n\
     --> statement-breakpoint\n\
     INSERT INTO owner (name) VALUES ('John'), ('John');",
);

/// Applies migrations and returns the report beside the lines that a person sees.
async fn run(database: &Database, migrations: &[(&str, &str)]) -> (Result<Report, Error>, Vec<String>) {
    let folder = Folder::embedded(migrations).expect("a good folder");
    let mut lines = Vec::new();
    let options = Options::new("public");
    let result = apply(&database.client, &folder, &options, |event| lines.push(event.to_string())).await;
    (result, lines)
}

#[tokio::test]
async fn a_folder_is_applied_once() {
    let database = Database::start().await;
    let (report, lines) = run(&database, &[INIT]).await;
    assert_eq!(report.expect("it applies").to_string(), "Applied 2 statements of 1 migration");
    assert_eq!(lines[0], "Applying migration: 0000_init");
    assert!(lines[1].starts_with("  CREATE TABLE owner"), "{lines:?}");
    assert_eq!(database.count("owner").await, 2);

    let (report, lines) = run(&database, &[INIT]).await;
    let report = report.expect("there is nothing to do");
    assert!(report.is_empty() && lines.is_empty());
    assert_eq!(report.to_string(), "Nothing to apply");
    assert_eq!(database.count("owner").await, 2);
    assert_eq!(database.count("__mizzle_migrations WHERE state = 'applied'").await, 2);
}

#[tokio::test]
async fn two_branches_that_nobody_put_in_order_are_refused_before_anything_runs() {
    let database = Database::start().await;
    let chain = Folder::embedded(&[INIT]).expect("a good folder").migrations()[0].chain;
    let on_init = |sql: &str| format!("-- mizzle: parent=0000_init sha256={chain}\n{sql}");
    let (pets, cities) =
        (on_init("CREATE TABLE pet (id uuid PRIMARY KEY)"), "CREATE TABLE city (id uuid PRIMARY KEY)");
    let folder = [INIT, ("0001_pets", &pets), ("0002_cities", &on_init(cities))];
    let (result, lines) = run(&database, &folder).await;
    let error = result.expect_err("nobody put them in order");
    let text = "0002_cities/migration.sql: it was written on 0000_init, beside 0001_pets, so nothing was run";
    assert_eq!((error.to_string().as_str(), error.is_finding()), (text, true));
    assert!(error.hint().is_some_and(|hint| hint.contains("--rebase 0002_cities")), "{error}");
    assert_eq!(lines, [""; 0]);
    // The one that was first is, and the other runs once it says nothing of what it was written on.
    assert!(run(&database, &folder[..2]).await.0.is_ok());
    assert!(run(&database, &folder).await.0.is_err());
    let folder = [INIT, ("0001_pets", pets.as_str()), ("0002_cities", cities)];
    assert!(run(&database, &folder).await.0.is_ok());
}

#[tokio::test]
async fn what_has_no_name_is_refused_before_anything_runs() {
    let database = Database::start().await;
    for (statement, kind, cure) in [
        ("CREATE INDEX ASYNC ON owner (name)", "index", "CREATE INDEX ASYNC owner_…_idx ON owner …"),
        (
            "ALTER TABLE owner ADD CHECK (name <> '') NOT VALID",
            "constraint",
            "ALTER TABLE owner ADD CONSTRAINT owner_… …",
        ),
    ] {
        let (result, lines) = run(&database, &[INIT, ("0001_more", statement)]).await;
        let error = result.expect_err("it has no name");
        let text =
            format!("0001_more/migration.sql:1:1: the {kind} has no name, so that nobody could tell it");
        assert!(error.to_string().starts_with(&text) && error.is_finding(), "{error}");
        assert_eq!(error.hint(), Some(format!("name it: {cure}").as_str()));
        assert_eq!(lines, [""; 0]);
    }
}

#[tokio::test]
async fn a_run_stops_at_a_mistake_and_continues_when_it_is_corrected() {
    let database = Database::start().await;
    let text = "CREATE TABLE pet (id uuid PRIMARY KEY);\n--> statement-breakpoint\nINSERT INTO pet (id)\n  VALUES (oops);";
    let (result, _) = run(&database, &[INIT, ("0001_pets", text)]).await;
    let error = result.expect_err("there is no such column");
    assert_eq!(error.sql_state(), Some("42703"));
    assert_eq!(
        error.to_string(),
        "0001_pets/migration.sql:4:11: the server refused the statement: column \"oops\" does not exist (42703)"
    );
    assert_eq!(error.report().to_string(), "Applied 3 statements of 2 migrations");
    assert!(!error.report().migrations[1].complete);

    let (report, lines) =
        run(&database, &[INIT, ("0001_pets", &text.replace("oops", "gen_random_uuid()"))]).await;
    assert_eq!(report.expect("it is corrected").to_string(), "Applied 1 statement of 1 migration");
    assert_eq!(lines[0], "Applying migration: 0001_pets");
    assert_eq!(database.count("pet").await, 1);
}

#[tokio::test]
async fn an_index_is_waited_for() {
    let database = Database::start().await;
    let index = ("0001_index", "CREATE INDEX ASYNC owner_name ON owner (name)");
    let (report, lines) = run(&database, &[INIT, index]).await;
    report.expect("it is built");
    assert!(lines.iter().any(|line| line.starts_with("  waiting for job")), "{lines:?}");
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'owner_name'::regclass";
    assert!(database.client.query_one(valid, &[]).await.expect("it is there").get::<_, bool>(0));
}

#[tokio::test]
async fn a_failed_job_is_named_with_its_reason() {
    let database = Database::start().await;
    let index = ("0001_index", "-- names are unique\nCREATE UNIQUE INDEX ASYNC owner_name ON owner (name)");
    let (result, _) = run(&database, &[INIT, index]).await;
    let error = result.expect_err("John is there twice");
    let text = error.to_string();
    assert!(text.starts_with("0001_index/migration.sql:2:1: job ") && text.contains("uplicate"), "{text}");
    assert!(error.hint().expect("a cure").contains("dropped and built anew"));
    assert_eq!(error.report().statements(), 2);
}

#[tokio::test]
async fn an_index_whose_job_failed_is_dropped_and_built_anew() {
    let database = Database::start().await;
    let index = ("0001_index", "CREATE UNIQUE INDEX ASYNC owner_name_idx ON owner (name)");
    run(&database, &[INIT, index]).await.0.expect_err("John is there twice");
    database.execute("DELETE FROM owner").await;
    let (report, lines) = run(&database, &[INIT, index]).await;
    assert_eq!(report.expect("nobody is there twice").to_string(), "Applied 1 statement of 1 migration");
    assert!(lines.iter().any(|line| line.starts_with("  dropping owner_name_idx,")), "{lines:?}");
    let indexes = "pg_indexes WHERE tablename = 'owner'";
    assert_eq!(
        (database.count(indexes).await, database.count("pg_index WHERE NOT indisvalid").await),
        (2, 0)
    );
}

#[tokio::test]
async fn a_statement_that_somebody_ran_by_hand_is_recorded_by_a_person() {
    let database = Database::start().await;
    database.execute(INIT.1.split("-->").next().expect("the table")).await;
    let error = run(&database, &[INIT]).await.0.expect_err("the table is there");
    assert_eq!((error.sql_state(), error.is_finding()), (Some("42P07"), true));
    let hint = error.hint().expect("a cure");
    assert!(hint.contains("`mizzle repair --applied 0000_init:1`"), "{hint}");

    let folder = Folder::embedded(&[INIT]).expect("a good folder");
    let applied = Decision::Applied("0000_init:1".into());
    let options = Options::new("public");
    assert_eq!(repair(&database.client, &folder, &options, &applied).await.expect("it is written"), 1);
    assert_eq!(repair(&database.client, &folder, &options, &applied).await.expect("it is there already"), 0);
    let (report, _) = run(&database, &[INIT]).await;
    assert_eq!(report.expect("the rest applies").statements(), 1);
}

#[tokio::test]
async fn an_edit_that_is_right_is_accepted_by_a_person() {
    let database = Database::start().await;
    run(&database, &[INIT]).await.0.expect("it applies");
    let shorter = ("0000_init", INIT.1.split("-->").next().expect("the table"));
    run(&database, &[shorter]).await.0.expect_err("a statement is gone");
    let folder = Folder::embedded(&[shorter]).expect("a good folder");
    let accept = Decision::Accept("0000_init".into());
    repair(&database.client, &folder, &Options::new("public"), &accept).await.expect("it is written");
    assert!(run(&database, &[shorter]).await.0.expect("it fits").is_empty());
}

#[tokio::test]
async fn a_connection_that_is_lost_leaves_an_open_question_that_the_next_run_answers() {
    let database = Database::start().await;
    run(&database, &[INIT]).await.0.expect("it applies");
    let next = ("0001_next", "CREATE TABLE pet (id uuid PRIMARY KEY)");
    let folder = Folder::embedded(&[INIT, next]).expect("a good folder");
    let client = database.client().await;
    let options = Options::new("public");
    let lost = apply(&client, &folder, &options, |event| {
        if matches!(event, Event::Starting { .. }) {
            database.local.inject(mizzle_local::Fault::DropAfterCommit);
        }
    });
    let error = lost.await.expect_err("the connection is gone");
    assert!(error.is_outcome_unknown() && !error.is_finding(), "{error}");
    assert!(error.hint().expect("a cure").contains("the next run asks the catalog"));

    database.execute("UPDATE __mizzle_migrations SET expires_at = NULL WHERE ordinal = -1").await;
    let (report, lines) = run(&database, &[INIT, next]).await;
    assert_eq!(report.expect("it has happened").statements(), 1);
    let proved = "  CREATE TABLE pet (id uuid PRIMARY KEY) (an earlier run did it, as the catalog shows)";
    assert_eq!(lines.last().map(String::as_str), Some(proved));
}

#[tokio::test]
async fn a_statement_that_loses_to_another_schema_change_runs_again() {
    let database = Database::start().await;
    let folder = Folder::embedded(&[INIT]).expect("a good folder");
    let mut lines = Vec::new();
    apply(&database.client, &folder, &Options::new("public"), |event| {
        if matches!(event, Event::Starting { .. }) {
            database.local.inject("oc001@1-2".parse::<mizzle_local::FaultRule>().expect("a rule"));
        }
        lines.push(event.to_string());
    })
    .await
    .expect("it applies");
    assert!(lines.contains(&"  conflict in line 1, attempt 3".to_owned()), "{lines:?}");
    assert_eq!(database.count("owner").await, 2);
}

#[tokio::test]
async fn a_table_of_the_first_layout_goes_on() {
    let database = Database::start().await;
    let folder = Folder::embedded(&[INIT]).expect("a good folder");
    let statements = &folder.migrations()[0].statements;
    for statement in statements {
        database.execute(&statement.sql).await;
    }
    database
        .execute(
            "CREATE TABLE __mizzle_migrations (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), migration text NOT NULL, \
             ordinal integer NOT NULL, sha256 text NOT NULL, statements integer NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT now(), UNIQUE (migration, ordinal))",
        )
        .await;
    for (ordinal, statement) in statements.iter().enumerate() {
        let row = format!("('0000_init', {ordinal}, '{}', 2)", statement.sha256);
        database
            .execute(&format!(
                "INSERT INTO __mizzle_migrations (migration, ordinal, sha256, statements) VALUES {row}"
            ))
            .await;
    }
    assert!(run(&database, &[INIT]).await.0.expect("all of it is applied").is_empty());
    let next = ("0001_next", "CREATE TABLE pet (id uuid PRIMARY KEY)");
    assert_eq!(run(&database, &[INIT, next]).await.0.expect("it applies").statements(), 1);
    assert_eq!(database.count("__mizzle_migrations WHERE migration <> ''").await, 3);
}

#[tokio::test]
async fn data_and_its_record_are_one_transaction() {
    let database = Database::start().await;
    let rows = |count: usize| format!("INSERT INTO owner (name) SELECT 'x' FROM generate_series(1, {count})");
    let (most, more) = (rows(2_998), rows(3_000));
    run(&database, &[INIT, ("0001_most", &most)]).await.0.expect("a transaction takes it");
    let error = run(&database, &[INIT, ("0001_most", &most), ("0002_more", &more)]).await.0;
    let error = error.expect_err("with its record it is more than a transaction takes");
    assert_eq!(error.sql_state(), Some("54000"));
    assert!(error.hint().expect("a cure").contains("-- mizzle: backfill"));
    assert_eq!(database.count("owner").await, 3_000);
}

#[tokio::test]
async fn a_changed_file_is_refused_before_anything_runs() {
    let database = Database::start().await;
    run(&database, &[INIT]).await.0.expect("it applies");
    let changed = INIT.1.replace("name text", "name varchar(30)");
    let (result, lines) =
        run(&database, &[("0000_init", &changed), ("0001_new", "CREATE TABLE t (id uuid)")]).await;
    let error = result.expect_err("an applied statement differs");
    assert_eq!(
        error.to_string(),
        "0000_init/migration.sql:1:1: the statement was changed after it was applied"
    );
    assert!(lines.is_empty() && error.report().is_empty());
}

#[tokio::test]
async fn a_missing_schema_is_named_with_the_table() {
    let database = Database::start().await;
    let folder = Folder::embedded(&[INIT]).expect("a good folder");
    let options = Options::new("no \"such\" schema");
    let error = apply(&database.client, &folder, &options, |_| {}).await.expect_err("nobody made it");
    assert_eq!(error.sql_state(), Some("3F000"));
    let table = "tracking table \"no \"\"such\"\" schema\".\"__mizzle_migrations\"";
    assert!(error.to_string().starts_with(table), "{error}");
    assert!(error.hint().expect("a cure").contains("create the schema"));
}
