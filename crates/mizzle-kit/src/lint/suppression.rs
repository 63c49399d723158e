//! Comments that let a finding pass: `-- mizzle-lint: allow(drop-table) nobody reads it since March`.
//!
//! One stands before its statement, in it, or behind it on its last line. It names rules and a reason;
//! without a reason it lets nothing pass, and one that nothing needs is a finding itself.

use std::ops::Range;

use super::finding::{Edit, Hit};
use super::rule::Rule;
use super::rules;
use super::script::Script;

/// One comment.
#[derive(Debug)]
pub(crate) struct Suppression {
    pub(crate) comment: Range<usize>,
    /// The statement that it speaks of.
    statement: Option<Range<usize>>,
    rules: Vec<String>,
    reason: bool,
    pub(crate) used: Vec<String>,
    /// What is wrong with how it is written.
    fault: Option<&'static str>,
}

const MARK: &str = "mizzle-lint:";

/// The suppressions of a text, in order.
pub(crate) fn read(script: &Script<'_>) -> Vec<Suppression> {
    let of = |comment: &Range<usize>| {
        let said = script.text[comment.clone()].trim_start_matches(['-', '/', '*', ' ']);
        let said = said.strip_prefix(MARK)?.trim_end_matches(['*', '/', ' ']).trim();
        Some(Suppression::of(script, comment.clone(), said))
    };
    script.comments.iter().filter_map(of).collect()
}

impl Suppression {
    fn of(script: &Script<'_>, comment: Range<usize>, said: &str) -> Suppression {
        let statement = statement(script, &comment);
        let list = said.strip_prefix("allow(").and_then(|rest| rest.split_once(')'));
        let (names, reason) = list.unwrap_or(("", ""));
        let rules: Vec<String> =
            names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        let fault =
            if rules.is_empty() { Some("a suppression names rules: `allow(rule) reason`") } else { None };
        Suppression { comment, statement, rules, reason: !reason.trim().is_empty(), used: Vec::new(), fault }
    }

    /// Whether it lets a finding of this rule pass there.
    pub(crate) fn allows(&mut self, rule: &str, at: &Range<usize>) -> bool {
        let there = self.statement.as_ref().is_some_and(|span| span.start <= at.start && at.end <= span.end);
        let allows = there && self.reason && self.rules.iter().any(|name| name == rule);
        if allows {
            self.used.push(rule.to_owned());
        }
        allows
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self, script: &Script<'_>) -> Vec<(&'static Rule, Hit)> {
        let hit = |message: String| Hit::at(script.source, self.comment.clone(), message);
        if let Some(fault) = self.fault {
            return vec![(&rules::SUPPRESSION, hit(fault.to_owned()))];
        }
        if !self.reason {
            let message = format!("`{}` is allowed without a reason", self.rules.join(", "));
            return vec![(&rules::SUPPRESSION, hit(message))];
        }
        let known = |name: &String| rules::find(name).is_some();
        if let Some(unknown) = self.rules.iter().find(|name| !known(name)) {
            return vec![(&rules::SUPPRESSION, hit(format!("there is no rule `{unknown}`")))];
        }
        let idle: Vec<&str> =
            self.rules.iter().filter(|name| !self.used.contains(name)).map(String::as_str).collect();
        if idle.is_empty() {
            return Vec::new();
        }
        let found = hit(format!("nothing here needs `{}` to be allowed", idle.join(", ")));
        let all = idle.len() == self.rules.len();
        let edit: Option<Edit> = all.then(|| script.remove(self.comment.clone()));
        vec![(&rules::UNUSED_SUPPRESSION, Hit { fix: edit.map(|edit| vec![edit]), ..found })]
    }
}

/// The statement that the comment is in, or behind on its last line, or else before.
fn statement(script: &Script<'_>, comment: &Range<usize>) -> Option<Range<usize>> {
    let whole = |statement: &super::statement::Statement<'_>| statement.span.start..statement.end;
    let mut before = script.statements.iter().filter(|statement| statement.span.start < comment.start);
    if let Some(last) = before.next_back() {
        let behind = last.end.max(last.span.end);
        // A separator ends a statement too; what stands behind it is another's.
        let inside = comment.end <= last.span.end;
        let same_line =
            comment.start >= last.span.end && !script.text[last.span.end..comment.start].contains('\n');
        if inside || same_line {
            return Some(last.span.start..behind);
        }
    }
    script.statements.iter().find(|statement| statement.span.start >= comment.end).map(whole)
}
