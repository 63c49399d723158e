//! How a command that did not work ends: what, why, and what to try next.

use std::error::Error;
use std::fmt;

/// Prints as `error: …`, the causes behind it, and `hint: …`.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    kind: Kind,
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
        Failure { error: error.into(), hint, kind: Kind::Obstacle }
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

    /// 1 for findings, 2 when the command line is wrong, 3 when something was in the way.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Shown | Kind::Finding => 1,
            Kind::Usage => 2,
            Kind::Obstacle => 3,
        }
    }

    /// Says it to whoever looks on.
    pub(crate) fn print(&self) {
        if self.kind != Kind::Shown {
            eprint!("{self}");
        }
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
        write!(f, "error: {}", self.error)?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        writeln!(f)?;
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
