//! Rules as text: `oc000%20:public.pet`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Event, Fault, FaultRule, When};
use crate::Error;
use crate::limits::read_duration;

/// What a rule looks like, for hints and help.
pub(crate) const GRAMMAR: &str = "write NAME[=TIME][@N | @N-M | %PERCENT][:TABLE], such as oc000, oc000@3, \
    expire-token@1-4, oc001%5, oc000%20:public.pet or delay-before-commit=250ms%100";

const NAMES: &[(&str, Fault)] = &[
    ("oc000", Fault::DataConflict),
    ("oc001", Fault::SchemaConflict),
    ("unavailable", Fault::Unavailable),
    ("drop-before-commit", Fault::DropBeforeCommit),
    ("drop-after-commit", Fault::DropAfterCommit),
    ("delay-before-commit", Fault::DelayBeforeCommit(Duration::ZERO)),
    ("delay-after-commit", Fault::DelayAfterCommit(Duration::ZERO)),
    ("refuse", Fault::RefuseConnection),
    ("refuse-full", Fault::RefuseFull),
    ("refuse-waking", Fault::RefuseWaking),
    ("delay-connect", Fault::DelayConnection(Duration::ZERO)),
    ("expire-token", Fault::ExpireToken),
    ("cut-session", Fault::CutSession),
];

impl Fault {
    /// The names of all faults, as rules in text have them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    fn name(self) -> &'static str {
        let same = |known: Fault| std::mem::discriminant(&known) == std::mem::discriminant(&self);
        NAMES.iter().find(|(_, known)| same(*known)).map_or("", |(name, _)| *name)
    }

    fn lasting(self, time: Duration) -> Fault {
        match self {
            Fault::DelayBeforeCommit(_) => Fault::DelayBeforeCommit(time),
            Fault::DelayAfterCommit(_) => Fault::DelayAfterCommit(time),
            Fault::DelayConnection(_) => Fault::DelayConnection(time),
            other => other,
        }
    }

    fn read(text: &str) -> Result<Fault, Error> {
        let (name, time) = match text.split_once('=') {
            Some((name, time)) => (name, Some(time)),
            None => (text, None),
        };
        let found = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((name, fault)) = found else {
            let names: Vec<&str> = Fault::names().collect();
            return Err(Error::new(format!("there is no fault {name:?}"))
                .with_hint(format!("the faults are {}", names.join(", "))));
        };
        match (time, fault.delay()) {
            (None, None) => Ok(*fault),
            (None, Some(_)) => Err(Error::new(format!("the fault {name} needs a time"))
                .with_hint(format!("such as {name}=250ms"))),
            (Some(_), None) => Err(Error::new(format!("the fault {name} takes no time")).with_hint(GRAMMAR)),
            (Some(time), Some(_)) => {
                let time = read_duration(time).ok_or_else(|| {
                    Error::new(format!("{time:?} is no time"))
                        .with_hint("write a number and ms, s, min or h: 250ms")
                })?;
                Ok(fault.lasting(time))
            }
        }
    }
}

impl FromStr for Fault {
    type Err = Error;

    /// Reads a name and, for a delay, its time: `oc000`, `delay-connect=250ms`.
    fn from_str(text: &str) -> Result<Fault, Error> {
        Fault::read(text.trim())
    }
}

impl FromStr for FaultRule {
    type Err = Error;

    /// Reads `NAME[=TIME][@N | @N-M | %PERCENT][:TABLE]`.
    fn from_str(text: &str) -> Result<FaultRule, Error> {
        let (rule, table) = match text.trim().split_once(':') {
            Some((rule, table)) => (rule, Some(table)),
            None => (text.trim(), None),
        };
        let (fault, when) = match rule.find(['@', '%']) {
            Some(at) => (&rule[..at], When::read(&rule[at..])?),
            None => (rule, When::Nth { from: 1, count: 1 }),
        };
        let fault = Fault::read(fault)?;
        match table {
            Some("") => {
                Err(Error::new(format!("the fault {text:?} names no table after the colon"))
                    .with_hint(GRAMMAR))
            }
            Some(_) if fault.event() != Event::Commit => {
                Err(Error::new(format!("the fault {} strikes no commit, so it has no table", fault.name()))
                    .with_hint("leave the colon and the table out"))
            }
            table => Ok(FaultRule { fault, when, table: table.map(str::to_owned) }),
        }
    }
}

impl When {
    /// `@3`, `@1-4` or `%20`.
    fn read(text: &str) -> Result<When, Error> {
        let when = match text.split_at(1) {
            ("%", percent) => match percent.parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Some(When::Chance(percent)),
                _ => None,
            },
            (_, range) => {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                match (from.parse::<u64>(), to.parse::<u64>()) {
                    (Ok(from @ 1..), Ok(to)) if from <= to => {
                        Some(When::Nth { from, count: (to - from).saturating_add(1) })
                    }
                    _ => None,
                }
            }
        };
        when.ok_or_else(|| {
            Error::new(format!("{text:?} does not say when a fault strikes")).with_hint(
                "write @3 for the third from now on, @1-4 for the next four, %20 for a fifth of all",
            )
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.delay() {
            Some(time) => write!(f, "={}ms", time.as_millis()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        match self.when {
            When::Nth { from: 1, count: 1 } => {}
            When::Nth { from, count: 1 } => write!(f, "@{from}")?,
            When::Nth { from, count } => write!(f, "@{from}-{}", from.saturating_add(count - 1))?,
            When::Chance(percent) => write!(f, "%{percent}")?,
        }
        match &self.table {
            Some(table) => write!(f, ":{table}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_they_are_read() {
        for text in [
            "oc000",
            "oc000@3",
            "oc000@2-5",
            "oc001%0.5",
            "oc000%20:public.pet",
            "unavailable@2:pet",
            "drop-after-commit",
            "delay-before-commit=250ms%100",
            "delay-connect=1000ms@1-4",
            "refuse-full%100",
            "expire-token@1-4",
            "cut-session@7",
        ] {
            assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), text);
        }
        for (name, fault) in NAMES {
            assert_eq!(fault.name(), *name);
        }
        assert_eq!("OC000@1-1".parse::<FaultRule>().unwrap(), FaultRule::from(Fault::DataConflict));
        assert_eq!("delay-connect=2s".parse::<Fault>().unwrap().to_string(), "delay-connect=2000ms");
    }

    #[test]
    fn what_is_no_rule_is_explained() {
        let check = |text: &str, said: &str| {
            let error = text.parse::<FaultRule>().unwrap_err();
            assert_eq!(error.to_string(), said, "{text}");
            assert!(error.hint().is_some(), "{text}");
        };
        check("rain", "there is no fault \"rain\"");
        check("", "there is no fault \"\"");
        check("oc000@0", "\"@0\" does not say when a fault strikes");
        check("oc000@", "\"@\" does not say when a fault strikes");
        check("oc000@5-2", "\"@5-2\" does not say when a fault strikes");
        check("oc000%101", "\"%101\" does not say when a fault strikes");
        check("oc000%NaN", "\"%NaN\" does not say when a fault strikes");
        check("oc000%5@3", "\"%5@3\" does not say when a fault strikes");
        check("oc000=5s", "the fault oc000 takes no time");
        check("delay-connect", "the fault delay-connect needs a time");
        check("delay-connect=soon", "\"soon\" is no time");
        check("refuse:pet", "the fault refuse strikes no commit, so it has no table");
        check("oc000:", "the fault \"oc000:\" names no table after the colon");
    }
}
