//! The time as AWS writes it, `20260102T030405Z`, and where it comes from.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the present comes from.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub(crate) fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_system_time((self.0)())
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// Whole seconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(u64);

impl Timestamp {
    pub(crate) fn from_system_time(time: SystemTime) -> Timestamp {
        Timestamp(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// Reads `20260102T030405Z`.
    pub(crate) fn read(text: &str) -> Option<Timestamp> {
        let shape = text.len() == 16
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        let number = |from: usize, to: usize| text[from..to].parse::<u64>().ok();
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
        let valid = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
        (valid && hour < 24 && minute < 60 && second < 61)
            .then(|| Timestamp(days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second))
    }

    pub(crate) fn plus(self, time: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(time.as_secs()))
    }

    /// The day alone: `20260102`.
    pub(crate) fn date(self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0 / 86_400);
        let second = self.0 % 86_400;
        write!(
            f,
            "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
            second / 3_600,
            second / 60 % 60,
            second % 60
        )
    }
}

/// Days from 1970-01-01 to a date, counting years from March so that leap days come last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + years + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        for text in ["19700101T000000Z", "20000229T235959Z", "20260102T030405Z", "21000301T000000Z"] {
            assert_eq!(Timestamp::read(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::read("20260102T030405Z"), Some(Timestamp(1_767_323_045)));
        for text in ["2026-01-02T03:04", "20261302T030405Z", "20260102T030405", ""] {
            assert_eq!(Timestamp::read(text), None, "{text}");
        }
    }
}
