//! The local DSQL is the judge: bad examples are refused with the SQLSTATE that their rule names, good and fixed ones accepted.

use mizzle_kit::lint::{GROUND, RULES};
use tokio_postgres::SimpleQueryMessage;

use crate::database::Database;

#[tokio::test]
async fn the_local_dsql_refuses_bad_examples_and_accepts_good_and_fixed_ones() {
    let database = Database::start().await;
    let mut wrong = Vec::new();
    for rule in RULES {
        let bad = run(&database, rule.bad).await;
        let state = bad.as_ref().err().map(|(state, _)| state.as_str());
        if state != rule.state {
            wrong.push(format!("{}: bad, expected {:?}: {bad:?}", rule.id, rule.state));
        }
        let texts = [("good", Some(rule.good.to_owned())), ("fixed", rule.fixed())];
        for (what, text) in texts {
            let Some(text) = text else { continue };
            if let Err(refusal) = run(&database, &text).await {
                wrong.push(format!("{}: {what}: {refusal:?}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a text in a schema of its own, statement by statement, and waits for its jobs as the runner does.
async fn run(database: &Database, text: &str) -> Result<(), (String, String)> {
    for statement in ["CREATE SCHEMA example", "SET search_path = example"] {
        database.execute(statement).await;
    }
    let ground = statements(GROUND);
    let mut outcome = Ok(());
    for statement in ground.iter().chain(&statements(text)) {
        outcome = step(database, statement).await;
        if outcome.is_err() {
            break;
        }
    }
    // After a refusal inside of a block the block is still there.
    database.execute("ROLLBACK").await;
    database.execute("RESET ALL").await;
    for gone in
        ["SCHEMA IF EXISTS example CASCADE", "SCHEMA IF EXISTS clinic CASCADE", "ROLE IF EXISTS reader"]
    {
        database.execute(&format!("DROP {gone}")).await;
    }
    outcome
}

async fn step(database: &Database, statement: &str) -> Result<(), (String, String)> {
    let refusal = |error: tokio_postgres::Error| {
        let error = error.as_db_error().expect("the server speaks");
        (error.code().code().to_owned(), format!("{statement}: {}", error.message()))
    };
    let answer = database.client.simple_query(statement).await.map_err(refusal)?;
    for message in answer {
        let SimpleQueryMessage::Row(row) = message else { continue };
        if let Ok(Some(job)) = row.try_get("job_id") {
            database.execute(&format!("CALL sys.wait_for_job('{job}')")).await;
        }
    }
    Ok(())
}

/// The statements of an example, in which every semicolon at the end of a line ends one.
fn statements(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("--> ")).collect();
    let pieces = lines.join("\n");
    pieces.split(";\n").map(str::trim).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}
