//! How a command that did not work ends: what, why, and what to try next.

use std::error::Error;
use std::fmt;

use serde_json::json;

use crate::migrations::say;

/// Prints as `error: …`, the causes behind it, and `hint: …`.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    kind: Kind,
    /// Whether the answer in JSON has it already.
    is_in_answer: bool,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What was asked about is not as it should be, and has been shown.
    Shown,
    /// What was asked for is wrong: a migration, its history.
    Finding,
    Usage,
    /// Something was in the way.
    Obstacle,
}

impl Failure {
    pub(crate) fn new(error: impl Into<Box<dyn Error + Send + Sync>>, hint: Option<String>) -> Failure {
        Failure { error: error.into(), hint, kind: Kind::Obstacle, is_in_answer: false }
    }

    /// The command line itself is wrong.
    pub(crate) fn usage(self) -> Failure {
        Failure { kind: Kind::Usage, ..self }
    }

    /// What was asked for is wrong, and no second run will help.
    pub(crate) fn finding(self) -> Failure {
        Failure { kind: Kind::Finding, ..self }
    }

    /// Something is to be done, and the answer has said what.
    pub(crate) fn shown() -> Failure {
        Failure { kind: Kind::Shown, ..Failure::new("something is to be done", None) }
    }

    /// The answer in JSON, which is printed already, has it.
    pub(crate) fn in_answer(self) -> Failure {
        Failure { is_in_answer: true, ..self }
    }

    /// 1 for findings, 2 when the command line is wrong, 3 when something was in the way.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Shown | Kind::Finding => 1,
            Kind::Usage => 2,
            Kind::Obstacle => 3,
        }
    }

    /// Says it to whoever looks on, and to a program that reads JSON.
    pub(crate) fn print(&self, json: bool) {
        if self.kind == Kind::Shown {
            return;
        }
        if json && !self.is_in_answer {
            say(json!({ "error": { "message": self.message(), "hint": self.hint } }));
        }
        eprint!("{self}");
    }

    /// The error and its causes.
    fn message(&self) -> String {
        let mut said = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            said += &format!(": {error}");
            cause = error.source();
        }
        said
    }
}

impl From<mizzle_connect::Error> for Failure {
    fn from(error: mizzle_connect::Error) -> Failure {
        let hint = error.hint().map(str::to_owned);
        // A server's refusal is quoted in the error's own text; its sources would say it again.
        let is_usage = error.is_setting();
        let failure = match error.sql_state() {
            Some(_) => Failure::new(error.to_string(), hint),
            None => Failure::new(error, hint),
        };
        if is_usage { failure.usage() } else { failure }
    }
}

impl From<mizzle_kit::Error> for Failure {
    fn from(error: mizzle_kit::Error) -> Failure {
        let hint = error.hint().map(str::to_owned);
        let is_finding = error.is_finding();
        let failure = match error.sql_state() {
            Some(_) => Failure::new(error.to_string(), hint),
            None => Failure::new(error, hint),
        };
        if is_finding { failure.finding() } else { failure }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message())?;
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_thing_its_causes_and_the_cure() {
        let cause = std::io::Error::other("no space left");
        let failure = Failure::new(cause, Some("make room".to_owned()));
        assert_eq!(failure.to_string(), "error: no space left\nhint: make room\n");
    }
}
