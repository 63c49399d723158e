//! The lint: what Aurora DSQL refuses in hand-written SQL, and what it accepts and one regrets, each at its
//! place in the text.
//!
//! ```text
//! text ─cut→ statements ─parse→ trees ─rules→ Finding ─fix→ text
//!                                  └─apply→ tables ─rules→ Finding
//! ```
//!
//! It reads with `squawk-syntax`, as the tree keeps every byte: spans are exact, and a fix is an edit that
//! leaves comments and layout alone. AWS's own `dsql-lint` has neither spans nor comments after a fix; it is
//! the second opinion of our tests instead (`tests/lint/agreement.rs`). A rule is one file in `rules/`, with
//! its page in `docs/lint/`.

mod body;
mod depth;
mod finding;
mod fix;
mod model;
mod page;
mod planned;
mod rule;
mod rules;
mod script;
mod source;
mod statement;
mod suppression;
mod transactions;
mod tree;

pub use finding::{Edit, Finding, Place, Severity};
pub use page::{GROUND, contents};
pub use rule::Rule;
pub use rules::{RULES, find};
pub use source::{Source, Way};

use mizzle::TableDef;

use finding::Hit;
use model::Model;
use rule::Look;
use script::Script;

/// Reads SQL and says what is wrong with it.
///
/// ```
/// use mizzle_kit::lint::{Linter, Source};
///
/// let sources = [Source::new("pets.sql", "CREATE INDEX pet_name_idx ON pet (name); -- for the search")];
/// let findings = Linter::new().lint(&sources);
/// assert_eq!(findings[0].to_string(), "1:1: error[index-async]: CREATE INDEX stands without ASYNC");
/// let fixed = Linter::new().fix(&sources);
/// assert_eq!(fixed[0], "CREATE INDEX ASYNC pet_name_idx ON pet (name); -- for the search");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Linter<'a> {
    declared: Vec<&'a TableDef>,
}

impl<'a> Linter<'a> {
    /// A lint that knows of no table but those in the texts.
    #[must_use]
    pub fn new() -> Linter<'a> {
        Linter::default()
    }

    /// Tables that are there before the first text runs, as `#[table]` declares them.
    #[must_use]
    pub fn tables(mut self, declared: &[&'a TableDef]) -> Linter<'a> {
        self.declared.extend(declared);
        self
    }

    /// What is wrong with the texts, which run one after the other; in their order.
    #[must_use]
    pub fn lint(&self, sources: &[Source]) -> Vec<Finding> {
        depth::with_stack(|| self.findings(sources))
    }

    /// The texts, with every edit made that the findings offer; made until none is offered any more.
    #[must_use]
    pub fn fix(&self, sources: &[Source]) -> Vec<String> {
        fix::fixed(self, sources)
    }

    fn findings(&self, sources: &[Source]) -> Vec<Finding> {
        let scripts: Vec<Script<'_>> =
            sources.iter().enumerate().map(|(index, source)| Script::read(index, source)).collect();
        let mut model = Model::default();
        self.declared.iter().for_each(|def| model.declare(def));
        let mut hits: Vec<(&'static Rule, Hit)> = Vec::new();
        for script in &scripts {
            for statement in &script.statements {
                let inner = body::statements(script, statement);
                for statement in std::iter::once(statement).chain(&inner) {
                    let found = |rule: &'static Rule| {
                        rule.hits(script, statement, &model).into_iter().map(move |hit| (rule, hit))
                    };
                    hits.extend(rules::RULES.iter().copied().flat_map(found));
                }
                model.apply(statement);
            }
            for rule in rules::RULES {
                if let Look::Script(look) = rule.look {
                    hits.extend(look(script).into_iter().map(|hit| (*rule, hit)));
                }
            }
        }
        for rule in rules::RULES {
            if let Look::Model(look) = rule.look {
                hits.extend(look(&model).into_iter().map(|hit| (*rule, hit)));
            }
        }
        let mut hits = suppressed(hits, &scripts);
        hits.retain(|(rule, hit)| {
            !hit.at.as_ref().is_some_and(|(source, at)| planned::is_known(&scripts[*source], rule.id, at))
        });
        let lines: Vec<Vec<usize>> = sources.iter().map(|source| line_starts(&source.text)).collect();
        let mut findings: Vec<Finding> =
            hits.into_iter().map(|(rule, hit)| finding(rule, hit, sources, &lines)).collect();
        findings.sort_by_key(|finding| {
            let place = finding.place.as_ref();
            (place.is_none(), place.map(|at| (at.source, at.span.start, at.span.end)), finding.rule)
        });
        findings.dedup();
        findings
    }
}

/// The hits that nobody allows, and what is wrong with the allowances.
fn suppressed(hits: Vec<(&'static Rule, Hit)>, scripts: &[Script<'_>]) -> Vec<(&'static Rule, Hit)> {
    let mut suppressions: Vec<_> = scripts.iter().map(suppression::read).collect();
    let allowed = |rule: &Rule, hit: &Hit, suppressions: &mut Vec<Vec<suppression::Suppression>>| {
        let Some((source, span)) = &hit.at else { return false };
        let mut allowed = false;
        // Every one of them is asked, so that two that say the same are both in use.
        for suppression in &mut suppressions[*source] {
            allowed |= suppression.allows(rule.id, span);
        }
        allowed
    };
    let mut left: Vec<_> =
        hits.into_iter().filter(|(rule, hit)| !allowed(rule, hit, &mut suppressions)).collect();
    for (script, suppressions) in scripts.iter().zip(&suppressions) {
        left.extend(suppressions.iter().flat_map(|suppression| suppression.faults(script)));
    }
    left
}

/// Where the lines of a text begin.
fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn finding(rule: &'static Rule, hit: Hit, sources: &[Source], lines: &[Vec<usize>]) -> Finding {
    let place = hit.at.map(|(source, span)| {
        let line = lines[source].partition_point(|start| *start <= span.start);
        let before = &sources[source].text[lines[source][line - 1]..span.start];
        Place { source, span, line, column: before.chars().count() + 1 }
    });
    let hint = hit.hint.unwrap_or_else(|| rule.hint.to_owned());
    Finding { rule: rule.id, severity: rule.severity, message: hit.message, hint, place, fix: hit.fix }
}
