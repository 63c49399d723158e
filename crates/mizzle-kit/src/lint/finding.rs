//! What the lint says: a finding, where it is, and the edits that would mend it.

use std::fmt;
use std::ops::Range;

/// One thing that a rule saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, such as `index-async`; its page is `docs/lint/<rule>.md`.
    pub rule: &'static str,
    /// Whether Aurora DSQL refuses it, or does it and harm may come of it.
    pub severity: Severity,
    /// What was seen: one sentence, lower case, no full stop.
    pub message: String,
    /// What to write instead.
    pub hint: String,
    /// Where in the texts; none for a table that is declared in Rust.
    pub place: Option<Place>,
    /// The edits of its text that mend it; none when a person has to decide.
    pub fix: Option<Vec<Edit>>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Accepted, and likely to hurt.
    Warning,
    /// Refused by Aurora DSQL, or by the runner of migrations.
    Error,
}

/// A span of one of the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which of the sources, from 0.
    pub source: usize,
    /// Bytes of its text.
    pub span: Range<usize>,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The character of that line, from 1.
    pub column: usize,
}

/// Bytes of a text, and what is to stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty to insert.
    pub span: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}: ", place.line, place.column)?;
        }
        write!(f, "{}[{}]: {}", self.severity, self.rule, self.message)
    }
}

/// What a rule hands back; the rest of a finding is the rule's own.
#[derive(Debug)]
pub(crate) struct Hit {
    /// Which source, and where in it.
    pub(crate) at: Option<(usize, Range<usize>)>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) fix: Option<Vec<Edit>>,
}

impl Hit {
    /// Something in the text that the rule was shown.
    pub(crate) fn at(source: usize, span: Range<usize>, message: impl Into<String>) -> Hit {
        Hit { at: Some((source, span)), message: message.into(), hint: None, fix: None }
    }

    /// Something of the tables, which a text may have made or not.
    pub(crate) fn about(at: Option<(usize, Range<usize>)>, message: String) -> Hit {
        Hit { at, message, hint: None, fix: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Hit {
        Hit { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn fix(self, edits: impl Into<Vec<Edit>>) -> Hit {
        Hit { fix: Some(edits.into()), ..self }
    }
}

impl Edit {
    pub(crate) fn insert(at: usize, text: impl Into<String>) -> Edit {
        Edit { span: at..at, text: text.into() }
    }

    pub(crate) fn replace(span: Range<usize>, text: impl Into<String>) -> Edit {
        Edit { span, text: text.into() }
    }
}
