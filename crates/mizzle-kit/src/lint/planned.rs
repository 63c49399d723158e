//! What a generated migration does and says so: a finding about it would tell nothing new.
//!
//! A plan names what a step may hurt (`-- mizzle: hazard drops-column`), and nobody runs it until the file allows that
//! by its name; the lint takes the same word. And what only a plan's own steps knew, `price__new` and `price__old`, is
//! missed by nobody.

use std::ops::Range;

use super::script::Script;
use super::statement::Statement;
use crate::directive::kinds;
use crate::lexer::DIRECTIVE;
use crate::plan::{ARRIVING, HazardKind, LEAVING};

/// The hazards of a text: what it allows, and where a statement with one begins.
#[derive(Debug, Default)]
pub(crate) struct Hazards {
    allowed: Vec<HazardKind>,
    named: Vec<(usize, HazardKind)>,
}

impl Hazards {
    pub(crate) fn read(text: &str, comments: &[Range<usize>], statements: &[Statement<'_>]) -> Self {
        let mut read = Self::default();
        for comment in comments {
            let Some(said) = text[comment.clone()].strip_prefix(DIRECTIVE) else { continue };
            let (word, names) = said.trim().split_once(' ').unwrap_or_default();
            let kinds = kinds(names).unwrap_or_default();
            match word {
                "allow" => read.allowed.extend(kinds),
                "hazard" => {
                    let next = statements.partition_point(|statement| statement.span.start < comment.start);
                    let next = statements.get(next).map(|statement| statement.span.start);
                    read.named
                        .extend(next.into_iter().flat_map(|at| kinds.iter().map(move |kind| (at, *kind))));
                }
                _ => {}
            }
        }
        read
    }
}

/// Whether a finding of this rule says what the file says itself, and allows, or what a plan has seen to.
pub(crate) fn is_known(script: &Script<'_>, rule: &str, at: &Range<usize>) -> bool {
    let hurts: &[HazardKind] = match rule {
        "drop-table" => &[HazardKind::DropsTable],
        "drop-column" => &[HazardKind::DropsColumn],
        "rename" => &[HazardKind::Renames, HazardKind::Unavailable],
        _ => return false,
    };
    let behind = script.statements.partition_point(|statement| statement.span.start <= at.start);
    let Some(statement) = behind.checked_sub(1).map(|index| &script.statements[index]) else { return false };
    let hazards = &script.hazards;
    let named = hazards.named.iter().filter(|(start, _)| *start == statement.span.start);
    let named: Vec<_> = named.map(|(_, kind)| kind).filter(|kind| hurts.contains(kind)).collect();
    let is_allowed = !named.is_empty() && named.iter().all(|kind| hazards.allowed.contains(kind));
    is_allowed || is_between(statement, rule)
}

/// Whether the statement is about a name that only a plan's own steps know.
fn is_between(statement: &Statement<'_>, rule: &str) -> bool {
    let words: Vec<&str> = statement.words.iter().map(|word| word.text.trim_matches('"')).collect();
    let behind = |word: &str| words.iter().rposition(|found| *found == word).map(|at| at + 1);
    match rule {
        "drop-table" | "drop-column" => words.last().is_some_and(|name| name.ends_with(LEAVING)),
        // `… RENAME COLUMN x__new TO x`, `ALTER TABLE x__new RENAME TO x`
        _ => {
            let from = behind("column").or_else(|| behind("rename")?.checked_sub(2));
            from.and_then(|at| words.get(at)).is_some_and(|name| name.ends_with(ARRIVING))
        }
    }
}
