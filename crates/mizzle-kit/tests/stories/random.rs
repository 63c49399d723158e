//! Pairs of schemas that nobody thought of, each brought from one to the other by the law.

use mizzle_kit::plan::plan;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::law::Ground;
use crate::notation;

/// How many pairs a plain `cargo test` tries; `STORY_PAIRS=300` tries more.
const PAIRS: usize = 24;

/// Where the sequence of pairs begins, so that a failure can be seen again.
const SEED: u64 = 11;

#[tokio::test]
async fn a_schema_nobody_thought_of_becomes_another_one() {
    let pairs = std::env::var("STORY_PAIRS").ok().and_then(|text| text.parse().ok()).unwrap_or(PAIRS);
    let seed = std::env::var("STORY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let ground = Ground::start().await;
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    let (mut passed, mut refused) = (0, 0);
    for number in 0..pairs {
        let old = schema().new_tree(&mut runner).expect("a schema").current();
        let new = schema().new_tree(&mut runner).expect("a schema").current();
        match obeys(&ground, &old, &new).await {
            Ok(true) => passed += 1,
            Ok(false) => refused += 1,
            Err(error) => panic!("pair {number} of seed {seed}\nold:\n{old}\nnew:\n{new}\n{error}"),
        }
    }
    println!("pairs: {passed} passed, {refused} refused, 0 failed");
    assert!(passed * 2 > pairs, "{refused} of {pairs} pairs are refused");
}

/// Whether there was a plan.
async fn obeys(ground: &Ground, old: &str, new: &str) -> Result<bool, String> {
    let (old, new) = (notation::snapshot(old), notation::snapshot(new));
    let made = ground.make(&old).await?;
    let planned = plan(&made, &new);
    if let Ok(planned) = &planned {
        ground.run(planned).await?;
        ground.is(&planned.snapshot).await?;
        if plan(&made, &new).as_ref() != Ok(planned) || !plan(&new, &new).is_ok_and(|plan| plan.is_empty()) {
            return Err("the plan is another one the second time".into());
        }
    }
    ground.clear(planned.as_ref().map_or(&made, |planned| &planned.snapshot)).await?;
    Ok(planned.is_ok())
}

/// Up to four tables of a few columns with what can stand on them, and perhaps a view.
fn schema() -> impl Strategy<Value = String> {
    let tables = prop::collection::vec(any::<[u8; 24]>(), 0..4);
    (tables, any::<u8>()).prop_map(|(tables, dice)| {
        let mut text = String::new();
        let mut done = Vec::new();
        let names: Vec<&str> = NAMES.iter().copied().take(tables.len()).collect();
        for (at, dice) in tables.iter().enumerate() {
            let before = done.clone();
            let made = table(names[at], &before, dice);
            if made.contains("  key id\n") {
                done.push((names[at], if made.contains("  id uuid") { "uuid" } else { "bigint" }));
            }
            text += &made;
        }
        if let (Some(name), true) = (names.first(), dice.is_multiple_of(3)) {
            text += &format!("view all_of_it: SELECT id FROM {name} WHERE id IS NOT NULL\n");
        }
        text
    })
}

const NAMES: [&str; 4] = ["owner", "pet", "visit", "order"];
const COLUMNS: [&str; 5] = ["a", "b", "c", "Big", "order"];
const TYPES: [(&str, &str, bool); 8] = [
    ("text", "'x'", true),
    ("integer", "4", true),
    ("bigint", "-7", true),
    ("varchar(30)", "'y'", true),
    ("numeric(10,2)", "1.5", true),
    ("timestamptz", "now()", true),
    ("jsonb", "'{}'", false),
    ("boolean", "true", true),
];

fn table(name: &str, before: &[(&str, &str)], dice: &[u8; 24]) -> String {
    let quoted = |column: &str| {
        if column == "Big" || column == "order" { format!("\"{column}\"") } else { column.to_owned() }
    };
    let key = if dice[0].is_multiple_of(4) { "uuid" } else { "bigint" };
    let identity = if key == "bigint" && dice[0].is_multiple_of(3) { " identity cache 1" } else { "" };
    let comment = if dice[1].is_multiple_of(4) { format!(" -- what {name} is about") } else { String::new() };
    let mut text = format!("table {name}{comment}\n  id {key}{identity}\n");
    let mut keyed = Vec::new();
    for (at, column) in COLUMNS.iter().enumerate() {
        let dice = &dice[2 + at * 3..];
        if dice[0].is_multiple_of(3) {
            continue;
        }
        let (sql, default, key) = TYPES[usize::from(dice[1]) % TYPES.len()];
        let nullable = if dice[2].is_multiple_of(2) { "?" } else { "" };
        let default = if dice[2].is_multiple_of(3) { format!(" = {default}") } else { String::new() };
        text += &format!("  {column} {sql}{nullable}{default}\n");
        if key {
            keyed.push(*column);
        }
    }
    let dice = &dice[17..];
    if dice[0].is_multiple_of(7) && keyed.first() == Some(&"a") {
        text += "  key a\n";
        // PostgreSQL makes no unique constraint beside a key on the same column.
        keyed.retain(|column| *column != "a");
        text = text.replacen("  a text?", "  a text", 1);
        for (sql, _, _) in TYPES {
            text = text.replacen(&format!("  a {sql}?"), &format!("  a {sql}"), 1);
        }
    } else {
        text += "  key id\n";
    }
    if let Some(column) = keyed.get(usize::from(dice[1]) % 4) {
        text += &format!("  index {column}\n");
    }
    if let Some(column) = keyed.get(usize::from(dice[2]) % 6) {
        text += &format!("  unique {column}\n");
    }
    if let Some(column) = keyed.get(usize::from(dice[3]) % 4) {
        let column_sql = quoted(column);
        text += &format!("  check {name}_check {column_sql} IS NOT NULL OR id IS NOT NULL\n");
    }
    if let [.., first, second] = keyed[..]
        && dice[4].is_multiple_of(3)
    {
        text += &format!(
            "  unique index {first}, {second} nulls first where {} IS NOT NULL as {name}_both\n",
            quoted(second)
        );
    }
    match dice[5] % 5 {
        0 if key == "bigint" => {
            text += &format!("  far bigint?\n  unique far\n  fk far -> {name}(far) on delete set null\n");
        }
        1 => {
            for (far, key) in before {
                text += &format!("  {far}_id {key}?\n  fk {far}_id -> {far}(id)\n  index {far}_id\n");
            }
        }
        _ => {}
    }
    text
}
