//! What the backend says, as the client may hear it.

use bytes::Bytes;

use crate::refusal::Refusal;
use crate::statement::{Shifts, Statement};
use crate::wire::{Fields, Reader};

/// The version we show: the PostgreSQL that Aurora DSQL is compatible with.
pub(super) const SERVER_VERSION: &str = "16.13";

/// An error of the backend as an error of ours.
///
/// Positions count in the client's own text, and our own machinery is not shown.
pub(super) fn error(fields: &Fields, statement: Option<&Statement>) -> Fields {
    // Serialization failure, deadlock, lock not available: all of them mean that somebody else was first.
    if matches!(fields.state(), "40001" | "40P01" | "55P03") {
        return said(Refusal::conflict());
    }
    // PostgreSQL's own limit on keys, which is wider.
    if fields.state() == "54000" && fields.message().starts_with("index row") {
        return said(Refusal::new("54000", "key size too large"));
    }
    let ours = Shifts::default();
    let shifts = statement.map_or(Some(&ours), |statement| statement.shifts.as_ref());
    let offset = statement.map_or(0, |statement| statement.offset);
    let kept = fields.0.iter().filter_map(|(code, value)| match code {
        b'P' | b'p' | b'q' | b'W' if shifts.is_none() => None,
        b'W' if value.contains("sys.local_") => None,
        b'P' => {
            let position = shifts?.back(value.parse().ok()?) + offset;
            Some((*code, position.to_string()))
        }
        _ => Some((*code, value.clone())),
    });
    Fields(kept.collect())
}

/// A `ParameterStatus` body with the version that we show.
pub(super) fn parameter(body: &Bytes) -> Vec<u8> {
    let mut reader = Reader::new(body);
    match reader.text().as_deref() {
        Ok("server_version") => format!("server_version\0{SERVER_VERSION}\0").into_bytes(),
        _ => body.to_vec(),
    }
}

fn said(refusal: Refusal) -> Fields {
    let Refusal { state, message, .. } = refusal;
    Fields(vec![(b'S', "ERROR".to_owned()), (b'V', "ERROR".to_owned()), (b'C', state), (b'M', message)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(state: &str) -> Fields {
        Fields(vec![(b'C', state.to_owned()), (b'M', "text".to_owned()), (b'P', "3".to_owned())])
    }

    #[test]
    fn every_way_to_lose_a_race_is_a_conflict() {
        for state in ["40001", "40P01", "55P03"] {
            let seen = error(&fields(state), None);
            assert_eq!((seen.state(), seen.message()), ("40001", Refusal::conflict().message.as_str()));
        }
        assert_eq!(error(&fields("23505"), None).state(), "23505");
    }

    #[test]
    fn positions_count_in_the_clients_text() {
        let read = Statement::read("select 1; select x");
        assert_eq!(error(&fields("42703"), Some(&read[1])).get(b'P'), Some("13"));
        let read = Statement::read("show server_version; select 1 from t where x for update");
        assert_eq!(error(&fields("42703"), Some(&read[0])).get(b'P'), None);
        let far = Fields(vec![(b'C', "42703".to_owned()), (b'P', "43".to_owned())]);
        assert_eq!(error(&far, Some(&read[1])).get(b'P'), Some("44"));
    }
}
