//! One statement between two separators.

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::source::Way;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "migration-separator",
    title: "One statement between two separators.",
    why: "The runner gives each statement a transaction of its own, and refuses a file in which it would have \
           to cut at semicolons.",
    state: None,
    source: "this project",
    hint: "A line `--> statement-breakpoint` before it",
    bad: "\
CREATE TABLE visit (id uuid PRIMARY KEY);
--> statement-breakpoint
CREATE TABLE bill (id uuid PRIMARY KEY);
CREATE TABLE debt (id uuid PRIMARY KEY);",
    good: "\
CREATE TABLE visit (id uuid PRIMARY KEY);
--> statement-breakpoint
CREATE TABLE bill (id uuid PRIMARY KEY);
--> statement-breakpoint
CREATE TABLE debt (id uuid PRIMARY KEY);",
    severity: Severity::Error,
    says: "a second statement before the next `--> statement-breakpoint`",
    look: Look::Script(look),
};

fn look(script: &Script<'_>) -> Vec<Hit> {
    if script.way != Way::Migration {
        return Vec::new();
    }
    let pairs = script.statements.windows(2).filter(|pair| pair[0].piece == pair[1].piece);
    let hit = |pair: &[Statement<'_>]| {
        let hit = Hit::at(script.source, pair[1].head(), RULE.says);
        hit.fix([Edit::insert(pair[0].end, "\n--> statement-breakpoint")])
    };
    pairs.map(hit).collect()
}
