//! A job is waited for before its work is used.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::source::Way;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "missing-wait",
    title: "A job is waited for before its work is used.",
    why: "CREATE INDEX ASYNC answers a job and returns at once. Until the job has ended, the index is invalid: \
           a constraint cannot take it over. The runner of migrations waits by itself; in a file that psql \
           runs, somebody has to.",
    state: None,
    source: "create-index, skill",
    hint: "CALL sys.wait_for_job with the job that CREATE INDEX ASYNC answers, or run the file as a migration",
    bad: "\
CREATE UNIQUE INDEX ASYNC owner_name_key ON owner (name);
ALTER TABLE owner ADD CONSTRAINT owner_name_key UNIQUE USING INDEX owner_name_key;",
    good: "\
CREATE UNIQUE INDEX ASYNC owner_name_key ON owner (name);
--> statement-breakpoint
ALTER TABLE owner ADD CONSTRAINT owner_name_key UNIQUE USING INDEX owner_name_key;",
    severity: Severity::Warning,
    says: "`{}` is used before its job has ended",
    look: Look::Script(look),
};

fn look(script: &Script<'_>) -> Vec<Hit> {
    if script.way == Way::Migration {
        return Vec::new();
    }
    let (mut built, mut hits) = (Vec::new(), Vec::new());
    for statement in &script.statements {
        if statement.phrase(&["wait_for_job"]).is_some() {
            built.clear();
        }
        for used in statement.all(&[K::USING_INDEX_NAME]) {
            let name = tree::path(&used).1;
            if built.contains(&name) {
                hits.push(Hit::at(script.source, statement.span_of(&used), RULE.message(&name)));
            }
        }
        let named = statement.all(&[K::CREATE_INDEX]).filter_map(|node| tree::child(&node, K::INDEX));
        built.extend(named.map(|name| tree::path(&name).1).filter(|_| statement.is_async()));
    }
    hits
}
