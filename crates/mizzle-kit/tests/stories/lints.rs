//! What the stories plan, which the local DSQL runs, before both lints: where one objects, `docs/dsql.md` says why.

use std::collections::{BTreeMap, BTreeSet};

use mizzle_kit::diff::diff;
use mizzle_kit::lint::{Linter, Severity, Source, Way};
use mizzle_kit::plan::plan;
use mizzle_kit::snapshot::Snapshot;

use crate::story;

const PAGE: &str = include_str!("../../../../docs/dsql.md");

/// The texts of a schema and of the migration behind it, for each story that has one.
fn planned() -> Vec<(String, [String; 2])> {
    let mut planned = Vec::new();
    for file in crate::files() {
        let text = std::fs::read_to_string(&file).expect("a file of stories");
        for story in story::read(&text).1.iter().filter(|story| !story.is_by_hand()) {
            let made = plan(&Snapshot::default(), &story.side('-')).expect("the old schema has a plan");
            let change = plan(&made.snapshot, &story.side('+'));
            if let Some(change) = change.ok().filter(|change| !change.is_empty()) {
                planned.push((story.name.clone(), [made.to_sql(), change.to_sql()]));
            }
        }
    }
    planned
}

#[test]
fn a_schema_that_is_written_down_does_not_differ_from_itself() {
    let mut count = 0;
    for file in crate::files() {
        let text = std::fs::read_to_string(&file).expect("a file of stories");
        for story in story::read(&text).1 {
            for side in [story.side('-'), story.side('+')] {
                let read = Snapshot::from_json(&side.to_json()).expect("a snapshot");
                let changes = [diff(&side, &side), diff(&side, &read), diff(&read, &side)].concat();
                assert!(changes.is_empty(), "{}: {changes:?}", story.name);
                count += 1;
            }
        }
    }
    assert!(count >= 300, "{count} schemas");
}

#[test]
fn where_a_lint_objects_to_what_is_planned_the_page_says_why() {
    let planned = planned();
    assert!(planned.len() >= 60, "{} changes", planned.len());
    let mut ours: Vec<String> = Vec::new();
    let mut warned: BTreeSet<&str> = BTreeSet::new();
    let mut theirs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, texts) in &planned {
        let source = |text: &String| Source { name: name.clone(), text: text.clone(), way: Way::Migration };
        for finding in Linter::new().lint(&texts.each_ref().map(source)) {
            match finding.severity {
                Severity::Error => ours.push(format!("{name}: {finding}\n{}", texts[1])),
                // What the old schema is warned of is nothing that the plan did.
                Severity::Warning if finding.place.is_some_and(|place| place.source == 1) => {
                    warned.insert(finding.rule);
                }
                Severity::Warning => {}
            }
        }
        for diagnostic in dsql_lint::lint_sql(&texts[1]) {
            let line = texts[1].lines().nth(diagnostic.line.saturating_sub(1)).unwrap_or_default();
            let seen = theirs.entry(format!("{:?}", diagnostic.rule)).or_default();
            seen.push(format!("{name}: {line}"));
        }
    }
    assert!(ours.is_empty(), "{}", ours.join("\n"));
    let lists = |heading: &str| -> BTreeSet<String> {
        let section = PAGE.split(heading).nth(1).expect("the heading").split("\n\n").nth(1).expect("a table");
        let rows = section.lines().skip(2).filter_map(|line| line.split('|').nth(1));
        rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
    };
    let warned: BTreeSet<String> = warned.into_iter().map(str::to_owned).collect();
    let objected: BTreeSet<String> = theirs.keys().cloned().collect();
    let said = ["**What `mizzle lint` warns of", "**What `dsql-lint` says"];
    let listed = said.map(|said| lists(&format!("{said} in planned migrations")));
    assert_eq!(listed, [warned, objected], "{theirs:#?}");
}
