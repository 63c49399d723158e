//! How a command that did not work ends: what, why, and what to try next.

use std::error::Error;
use std::fmt;

/// Prints as `error: …`, the causes behind it, and `hint: …`.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    is_usage: bool,
}

impl Failure {
    pub(crate) fn new(error: impl Into<Box<dyn Error + Send + Sync>>, hint: Option<String>) -> Failure {
        Failure { error: error.into(), hint, is_usage: false }
    }

    /// The command line itself is wrong.
    pub(crate) fn usage(self) -> Failure {
        Failure { is_usage: true, ..self }
    }

    /// 2 when the command line is wrong, as everywhere; else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.is_usage { 2 } else { 1 }
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
