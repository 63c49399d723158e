//! Small changes of a client's text, and where an error's position in the changed text was in the client's.

use std::ops::Range;

/// Bytes of the client's text, and what stands in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// How positions in a changed text relate to those in the client's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shifts(Vec<Shift>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Shift {
    /// Characters of the changed text before the change.
    at: usize,
    /// Characters that stand there now, and that stood there.
    now: usize,
    before: usize,
}

impl Edit {
    pub(super) fn insert(at: usize, text: impl Into<String>) -> Edit {
        Edit { range: at..at, text: text.into() }
    }

    /// Blanks as long as what they replace.
    pub(super) fn blank(range: Range<usize>) -> Edit {
        Edit { text: " ".repeat(range.len()), range }
    }
}

/// The text with all changes made; they do not overlap.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> (String, Shifts) {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let (mut changed, mut shifts, mut done) = (String::new(), Vec::new(), 0);
    for Edit { range, text: new } in edits {
        changed.push_str(&text[done..range.start]);
        let before = text[range.clone()].chars().count();
        shifts.push(Shift { at: changed.chars().count(), now: new.chars().count(), before });
        changed.push_str(&new);
        done = range.end;
    }
    changed.push_str(&text[done..]);
    (changed, Shifts(shifts))
}

impl Shifts {
    /// The position in the client's text, both counted in characters from 1; what stands within a change is where
    /// the change began.
    pub(crate) fn back(&self, position: usize) -> usize {
        let mut moved = position;
        for shift in self.0.iter().rev().filter(|shift| position > shift.at) {
            let within = position <= shift.at + shift.now;
            moved = if within { shift.at + 1 } else { moved + shift.before - shift.now };
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_finds_back_to_where_it_was() {
        let text = "select é, b from t";
        let edits = vec![
            Edit { range: 11..12, text: "bbb".to_owned() },
            Edit::insert(12, ", hidden"),
            Edit { range: 7..9, text: "eeee".to_owned() },
        ];
        let (changed, shifts) = apply(text, edits);
        assert_eq!(changed, "select eeee, bbb, hidden from t");
        let back = |word: &str| shifts.back(changed.find(word).map_or(0, |at| at + 1));
        assert_eq!((back("select"), back("eeee"), back(", bbb")), (1, 8, 9));
        assert_eq!((back("bbb"), back("hidden"), back("from t")), (11, 12, 13));
    }
}
