//! What was written between two steps of a plan is there behind the last, or the plan stops while nothing is lost.

use mizzle_kit::plan::{Plan, plan};

use crate::law::{Ground, rows};
use crate::notation;

/// Plans, runs the steps before the first that begins so, writes, runs the rest, and asks.
#[track_caller]
fn check(old: &str, new: &str, before: &[&str], step: &str, meanwhile: &[&str], query: &str, expect: &str) {
    let found = story(old, new, before, step, meanwhile, query);
    assert_eq!(found.as_deref(), Ok(expect));
}

#[tokio::main(flavor = "current_thread")]
async fn story(
    old: &str,
    new: &str,
    before: &[&str],
    step: &str,
    meanwhile: &[&str],
    query: &str,
) -> Result<String, String> {
    let ground = Ground::start().await;
    let (old, new) = (notation::snapshot(old), notation::snapshot(new));
    let made = ground.make(&old).await?;
    for statement in before {
        ground.sql(statement).await?;
    }
    let planned = plan(&made, &new).map_err(|refused| refused.to_string())?;
    let at = planned.steps.iter().position(|found| found.sql.starts_with(step)).expect("such a step");
    let part = |steps: &[_]| Plan { steps: steps.to_vec(), ..planned.clone() };
    ground.run(&part(&planned.steps[..at])).await?;
    for statement in meanwhile {
        ground.sql(statement).await.map_err(|error| format!("meanwhile: {error}"))?;
    }
    // What a dead run leaves is found by the next: the step before is done once more.
    let from = at.saturating_sub(usize::from(planned.steps[at.saturating_sub(1)].sql.starts_with("INSERT")));
    ground.run(&part(&planned.steps[from..])).await?;
    ground.is(&new).await?;
    Ok(rows(&ground.sql(query).await?).replace('\n', "; "))
}

const PETS: &str = "table pet\n id integer\n name text\n key id\n unique name";
const WIDER: &str = "table pet\n id bigint\n name text\n key id\n unique name";
const FILL: &str = "INSERT INTO pet VALUES (1, 'a'), (2, 'b'), (3, 'c')";
const AWAY: &str = "ALTER TABLE pet RENAME TO";

#[test]
fn rows_that_changed_their_unique_values_with_each_other_are_evened_out() {
    let swap = [
        "UPDATE pet SET name = '' WHERE id = 1",
        "UPDATE pet SET name = 'a' WHERE id = 2",
        "UPDATE pet SET name = 'b' WHERE id = 1",
    ];
    check(PETS, WIDER, &[FILL], AWAY, &swap, "SELECT * FROM pet ORDER BY id", "1 b; 2 a; 3 c");
}

#[test]
fn a_row_that_took_the_unique_value_of_one_that_went_does_not_stop_the_copy() {
    let moved = ["DELETE FROM pet WHERE id = 1", "INSERT INTO pet VALUES (4, 'a')"];
    check(PETS, WIDER, &[FILL], AWAY, &moved, "SELECT * FROM pet ORDER BY id", "2 b; 3 c; 4 a");
}

#[test]
fn a_value_that_only_looks_equal_is_carried_over() {
    let other = ["UPDATE pet SET span = '30 days', notes = '{\"a\": 1.00}', weight = '-0'"];
    let table = |id: &str, weight: &str| {
        format!("table pet\n id {id}\n span interval\n notes jsonb\n weight {weight}\n key id")
    };
    let fill = ["INSERT INTO pet VALUES (1, '1 mon', '{\"a\": 1.0}', '0')"];
    let (old, new) = (table("integer", "real"), table("bigint", "real"));
    let query = "SELECT span, notes->'a', weight FROM pet";
    check(&old, &new, &fill, AWAY, &other, query, "30 days 1.00 -0");
    let (old, new) = (table("integer", "text"), table("integer", "real"));
    let away = "ALTER TABLE pet ALTER COLUMN weight DROP NOT NULL";
    check(&old, &new, &fill, away, &["UPDATE pet SET weight = '-0'"], "SELECT weight FROM pet", "-0");
}

#[test]
fn a_row_of_the_old_table_alone_keeps_no_parent_from_going() {
    let schema = |id: &str, delete: &str| {
        let owner = "table owner\n id integer\n key id";
        format!("{owner}\ntable pet\n id {id}\n owner_id integer\n key id\n fk owner_id -> owner(id){delete}")
    };
    let fill = ["INSERT INTO owner VALUES (1), (2)", "INSERT INTO pet VALUES (1, 1), (2, 2)"];
    let query = "SELECT (SELECT count(*) FROM owner), (SELECT count(*) FROM pet)";
    let both = ["DELETE FROM pet WHERE id = 1", "DELETE FROM owner WHERE id = 1"];
    check(&schema("integer", ""), &schema("bigint", ""), &fill, AWAY, &both, query, "1 1");
    // The key acts all the time: while rows are copied, and while the table is away.
    let (old, new) = (schema("integer", " on delete cascade"), schema("bigint", " on delete cascade"));
    for step in [AWAY, "DELETE FROM pet__new", "ALTER TABLE pet__new RENAME TO"] {
        check(&old, &new, &fill, step, &["DELETE FROM owner WHERE id = 1"], query, "1 1");
    }
}

#[test]
fn a_row_that_others_of_its_table_refer_to_is_evened_out_without_them() {
    for delete in ["", " on delete cascade", " on delete set null"] {
        let schema = |id: &str| {
            let columns = format!("id {id}\n mother {id}?\n name text\n key id");
            format!("table pet\n {columns}\n fk mother -> pet(id){delete}")
        };
        let fill = ["INSERT INTO pet VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c')"];
        let query = "SELECT * FROM pet ORDER BY id";
        let changed = ["UPDATE pet SET name = 'A' WHERE id = 1"];
        check(&schema("integer"), &schema("bigint"), &fill, AWAY, &changed, query, "1 NULL A; 2 1 b; 3 2 c");
    }
}

#[test]
fn a_row_that_breaks_what_is_new_stops_the_plan_when_the_table_is_there_again() {
    let old =
        "table owner\n id integer\n key id\ntable pet\n id integer\n name text\n owner integer\n key id";
    let fill = ["INSERT INTO owner VALUES (1)", "INSERT INTO pet VALUES (1, 'a', 1)"];
    let written = ["INSERT INTO pet VALUES (2, 'a', 9)"];
    for (added, says) in [
        ("check pet_name name <> 'a'", "is violated by some row"),
        ("unique name", "Found duplicate key"),
        ("unique index name", "Found duplicate key"),
        ("fk owner -> owner(id)", "violates foreign key constraint"),
    ] {
        let new = format!("{}\n {added}", old.replace("pet\n id integer", "pet\n id bigint"));
        let (found, rows) =
            stopped(old, &new, &fill, AWAY, &written, "SELECT id, name, owner FROM pet ORDER BY id");
        assert!(found.contains(says), "{added}: {found}");
        assert_eq!(rows, "1 a 1; 2 a 9", "{added}");
    }
}

/// Why the plan stops with what is written before that step, and what is found then.
#[tokio::main(flavor = "current_thread")]
async fn stopped(
    old: &str,
    new: &str,
    before: &[&str],
    step: &str,
    meanwhile: &[&str],
    query: &str,
) -> (String, String) {
    let ground = Ground::start().await;
    let (old, new) = (notation::snapshot(old), notation::snapshot(new));
    let made = ground.make(&old).await.expect("the old schema");
    for statement in before {
        ground.sql(statement).await.expect("rows");
    }
    let planned = plan(&made, &new).expect("a plan");
    let at = planned.steps.iter().position(|found| found.sql.starts_with(step)).expect("such a step");
    let part = |steps: &[_]| Plan { steps: steps.to_vec(), ..planned.clone() };
    ground.run(&part(&planned.steps[..at])).await.expect("the steps before");
    for statement in meanwhile {
        ground.sql(statement).await.expect("what is written meanwhile");
    }
    let error = ground.run(&part(&planned.steps[at..])).await.expect_err("it stops");
    (error, rows(&ground.sql(query).await.expect("the table is there")).replace('\n', "; "))
}

#[test]
fn two_rows_that_would_become_one_stop_the_plan_before_anything_is_copied() {
    let lost = |old: &str, new: &str, fill: &[&str]| {
        let error = story(old, new, fill, "CREATE TABLE", &[], "SELECT 1").expect_err("it stops");
        assert!(error.contains("Found duplicate key while validating index"), "{error}");
    };
    let text = "table pet\n id text\n name text\n key id";
    let number = "table pet\n id integer\n name text\n key id";
    let (chunk, one_more) = (
        "INSERT INTO pet SELECT n::text, 'x' FROM generate_series(1, 3000) n",
        "INSERT INTO pet VALUES ('01', 'its number is in the chunk before')",
    );
    lost(text, number, &[chunk, one_more]);
    let shorter = "table pet\n id varchar(2)\n name text\n key id";
    lost(text, shorter, &["INSERT INTO pet VALUES ('abc', 'a'), ('abd', 'b')"]);
    let named = "table pet\n name text\n key name";
    lost(number, named, &["INSERT INTO pet VALUES (1, 'a'), (2, 'a')"]);
    let whole = [chunk, "INSERT INTO pet SELECT n::text, 'x' FROM generate_series(3001, 3010) n"];
    check(text, number, &whole, AWAY, &[], "SELECT count(*), sum(id) FROM pet", "3010 4531555");
}
