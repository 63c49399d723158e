//! What writes or locks rows behind a name: volatile functions, and whatever calls them.
//!
//! A statement reaches such a thing by naming it, or something that names it in turn. Who merely says the name is
//! taken for a caller as well: that costs a little time and changes nothing else.

use super::mode::Modes;

/// Names in lower case, and what comes of calling them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hidden(Vec<Thing>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    name: String,
    /// What it is made of: a body, a definition, a constraint.
    text: String,
    writes: bool,
    locks: Option<Modes>,
}

impl Hidden {
    /// Takes in a fact: `does` holds the words `writes`, `update` and `share`.
    pub(super) fn take(&mut self, name: &str, text: &str, does: &str) {
        let update = does.contains("update").then_some(Modes::UPDATE);
        let share = does.contains("share").then_some(Modes::KEY_SHARE);
        self.0.push(Thing {
            name: name.to_lowercase(),
            text: text.to_lowercase(),
            writes: does.contains("writes"),
            locks: either(update, share),
        });
    }

    /// Follows callers of callers, and forgets what does nothing.
    pub(super) fn close(&mut self) {
        loop {
            let before = self.0.clone();
            for thing in &mut self.0 {
                for called in before.iter().filter(|called| called.is_named_in(&thing.text)) {
                    thing.writes |= called.writes;
                    thing.locks = either(thing.locks, called.locks);
                }
            }
            if self.0 == before {
                break;
            }
        }
        self.0.retain(|thing| thing.writes || thing.locks.is_some());
        for thing in &mut self.0 {
            thing.text = String::new();
        }
    }

    pub(super) fn writes(&self, sql: &str) -> bool {
        self.named(sql).any(|thing| thing.writes)
    }

    pub(super) fn locks(&self, sql: &str) -> Option<Modes> {
        self.named(sql).map(|thing| thing.locks).reduce(either).flatten()
    }

    fn named(&self, sql: &str) -> impl Iterator<Item = &Thing> {
        let sql = if self.0.is_empty() { String::new() } else { sql.to_lowercase() };
        // A name may be spelled in code points.
        let spelled = sql.contains("u&\"");
        self.0.iter().filter(move |thing| spelled || thing.is_named_in(&sql))
    }
}

impl Thing {
    fn is_named_in(&self, text: &str) -> bool {
        (self.writes || self.locks.is_some())
            && (is_word_of(&self.name, text) || is_word_of(&self.name.replace('"', "\"\""), text))
    }
}

/// Whether a name stands in a text and is not a part of a longer one; what PostgreSQL would cut off may follow it.
fn is_word_of(name: &str, text: &str) -> bool {
    let part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        let begins = before.is_none_or(|char| char.is_ascii_digit() || !part(char));
        begins && (name.len() > 60 || after.is_none_or(|char| !part(char)))
    })
}

fn either(one: Option<Modes>, other: Option<Modes>) -> Option<Modes> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one | other),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_of_callers_do_what_is_done_for_them() {
        let mut hidden = Hidden::default();
        hidden.take("outer", "select * from Inner_View", "");
        hidden.take("inner_view", "SELECT bump(1)", "");
        hidden.take("Bump", "update t set a = 1", "writes");
        hidden.take("held", "select * from t for update", "update");
        hidden.take("plain", "select 1", "");
        hidden.take("a\"b", "held", "");
        hidden.close();
        for (sql, writes, locks) in [
            ("select * from OUTER", true, None),
            ("select x::inner_view", true, None),
            ("select * from held", false, Some(Modes::UPDATE)),
            ("select * from \"a\"\"b\"", false, Some(Modes::UPDATE)),
            ("select U&\"\\0062ump\"(1)", true, Some(Modes::UPDATE)),
            ("select * from plain", false, None),
            ("select withheld, bumpy from unbump", false, None),
            ("select 1+bump(1)", true, None),
        ] {
            assert_eq!((hidden.writes(sql), hidden.locks(sql)), (writes, locks), "{sql}");
        }
    }
}
