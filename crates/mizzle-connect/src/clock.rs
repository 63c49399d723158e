//! Whose clock is wrong: what a refused token tells of the server's time.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::stamp;

/// A connection takes no longer than this from the signature to the check of the token.
const NO_SKEW: Duration = Duration::from_secs(60);

/// How far this machine's clock is from the server's, by which tokens are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    /// How far, in whole seconds.
    pub by: Duration,
    /// Whether this machine's clock is behind the server's, or ahead of it.
    pub behind: bool,
}

impl ClockSkew {
    /// What the hint of a refusal says about a token that was signed at this time. The hint names the token's time and the
    /// server's, and where it makes an allowance the server's again, without it:
    ///
    /// ```text
    /// Signature expired: 20261122T103530Z is now earlier than 20261122T110000Z (20261122T110500Z - 5 min.)
    /// Signature not yet current: 20261122T102030Z is still later than 20261122T100500Z (20261122T100000Z + 5 min.)
    /// ```
    pub(crate) fn of(hint: &str, signed: SystemTime) -> Option<Self> {
        if !hint.contains("Signature expired") && !hint.contains("not yet current") {
            return None;
        }
        let times = stamp::find(hint);
        let server = *times.get(2).or_else(|| times.get(1))?;
        let (by, behind) = match server.duration_since(signed) {
            Ok(by) => (by, true),
            Err(error) => (error.duration(), false),
        };
        (by > NO_SKEW).then(|| Self { by: Duration::from_secs(by.as_secs()), behind })
    }
}

impl fmt::Display for ClockSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.behind { "behind" } else { "ahead of" };
        write!(f, "this machine's clock is {:?} {side} the server's", self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hint: &str, expect: Option<&str>) {
        // 2026-11-22T10:20:30Z
        let signed = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_342_830_400);
        assert_eq!(ClockSkew::of(hint, signed).map(|skew| skew.to_string()).as_deref(), expect);
    }

    #[test]
    fn the_servers_time_is_in_its_hint() {
        let behind = Some("this machine's clock is 2669s behind the server's");
        check("Signature expired: 20261122T103530Z is now earlier than 20261122T110500Z", behind);
        check(
            "Signature expired: 20261122T103530Z is now earlier than 20261122T110000Z (20261122T110500Z - 5 min.)",
            behind,
        );
        check(
            "Signature not yet current: 20261122T102030Z is still later than 20261122T100500Z (20261122T100000Z + 5 min.)",
            Some("this machine's clock is 1230s ahead of the server's"),
        );
    }

    #[test]
    fn a_token_that_came_late_is_no_skew() {
        check("Signature expired: 20261122T102031Z is now earlier than 20261122T102032Z", None);
        check("The security token included in the request is expired", None);
        check("Signature expired", None);
    }
}
