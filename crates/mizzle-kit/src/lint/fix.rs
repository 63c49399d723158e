//! Edits made until none is offered any more.

use std::collections::BTreeMap;

use super::finding::Edit;
use super::{Finding, Linter, Source};

/// Rounds after which we stop, whatever is offered: each has made at least one finding go.
const ROUNDS: usize = 50;

/// The texts of the sources, mended.
pub(super) fn fixed(linter: &Linter<'_>, sources: &[Source]) -> Vec<String> {
    let mut sources = sources.to_vec();
    for _ in 0..ROUNDS {
        let findings = linter.lint(&sources);
        let mut changed = false;
        for (index, source) in sources.iter_mut().enumerate() {
            let edits = compatible(&findings, index);
            changed |= !edits.is_empty();
            source.text = apply(&source.text, &edits);
        }
        if !changed {
            break;
        }
    }
    sources.into_iter().map(|source| source.text).collect()
}

/// The edits of one text, finding by finding, leaving out a finding whose edits touch those of another; in
/// order.
fn compatible(findings: &[Finding], source: usize) -> Vec<Edit> {
    let mut chosen: Vec<Edit> = Vec::new();
    // Where each begins and ends: none of them touches another finding's.
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    let here = findings.iter().filter(|finding| finding.place.as_ref().is_some_and(|at| at.source == source));
    for edits in here.filter_map(|finding| finding.fix.as_ref()) {
        let touches = |edit: &Edit| {
            taken.range(..=edit.span.end).next_back().is_some_and(|(_, end)| edit.span.start <= *end)
        };
        if !edits.iter().any(touches) {
            for edit in edits {
                let end = taken.entry(edit.span.start).or_default();
                *end = edit.span.end.max(*end);
            }
            chosen.extend(edits.iter().cloned());
        }
    }
    chosen.sort_by_key(|edit| edit.span.start);
    chosen
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(&text[done..edit.span.start]);
        out.push_str(&edit.text);
        done = edit.span.end;
    }
    out + &text[done..]
}
