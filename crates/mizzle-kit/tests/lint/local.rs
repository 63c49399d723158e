//! The local DSQL is the judge: bad examples are refused with the SQLSTATE that their rule names, good and
//! fixed ones accepted.

use mizzle_kit::lint::{GROUND, RULES};
use tokio_postgres::SimpleQueryMessage;

use crate::database::Database;

#[tokio::test]
async fn the_local_dsql_refuses_bad_examples_and_accepts_good_and_fixed_ones() {
    let mut judge = Judge { database: Database::start().await, fresh: false };
    let mut wrong = Vec::new();
    for rule in RULES {
        let bad = judge.run(rule.bad).await;
        let state = bad.as_ref().err().map(|(state, _)| state.as_str());
        if state != rule.state {
            wrong.push(format!("{}: bad, expected {:?}: {bad:?}", rule.id, rule.state));
        }
        let fixed = rule.fixed().filter(|fixed| fixed != rule.good);
        for (what, text) in [("good", Some(rule.good.to_owned())), ("fixed", fixed)] {
            let Some(text) = text else { continue };
            if let Err(refusal) = judge.run(&text).await {
                wrong.push(format!("{}: {what}: {refusal:?}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Judge {
    database: Database,
    /// Whether the ground is as no example left it.
    fresh: bool,
}

impl Judge {
    /// Runs a text on the ground, statement by statement, and waits for its jobs as the runner does.
    async fn run(&mut self, text: &str) -> Result<(), (String, String)> {
        if !self.fresh {
            self.lay().await;
        }
        let mut outcome = Ok(());
        for statement in statements(text) {
            outcome = step(&self.database, &statement).await;
            if outcome.is_err() {
                break;
            }
            self.fresh = false;
        }
        // After a refusal inside of a block the block is still there.
        self.database.execute("ROLLBACK").await;
        outcome
    }

    async fn lay(&mut self) {
        self.database.execute("RESET ALL").await;
        for gone in
            ["SCHEMA IF EXISTS example CASCADE", "SCHEMA IF EXISTS clinic CASCADE", "ROLE IF EXISTS reader"]
        {
            self.database.execute(&format!("DROP {gone}")).await;
        }
        for statement in ["CREATE SCHEMA example", "SET search_path = example"] {
            self.database.execute(statement).await;
        }
        for statement in statements(GROUND) {
            step(&self.database, &statement).await.expect("the ground is good");
        }
        self.fresh = true;
    }
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
