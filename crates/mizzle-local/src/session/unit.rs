//! Messages that go to the backend together, and what is expected back. A unit can be sent more than once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use crate::statement::Statement;
use crate::wire::Request;

/// Asks for the rows that the capturing trigger kept: name and text.
pub(super) const KEPT: (&str, &str) = (
    "mizzle_kept",
    "SELECT pg_catalog.convert_to(pg_catalog.current_setting('mizzle.captured', true), 'UTF8'), pg_catalog.set_config('mizzle.captured', '', true)",
);

/// At most one statement that runs, and what was said before it.
#[derive(Default)]
pub(super) struct Unit {
    parts: Vec<Part>,
    /// Portals that the unit binds.
    pub(super) binds: Vec<String>,
    /// Whether the capturing trigger keeps its rows, so that we have to ask for them.
    pub(super) kept: bool,
    /// A portal bound in an earlier unit.
    pub(super) earlier: Option<Earlier>,
    /// Whether the backend has had it before.
    sent: AtomicBool,
}

struct Part {
    message: Message,
    expect: Expect,
}

enum Message {
    /// Nothing for the backend.
    None,
    Query(String),
    Frame(u8, Bytes),
    /// `Parse` of a name that is new.
    New(String, Request),
    /// Any other `Parse`.
    Parse(Request),
}

/// What binds a portal, in case the backend lost it.
#[derive(Clone)]
pub(super) struct Earlier {
    pub(super) bind: Bytes,
    /// The backend's epoch when it was bound.
    pub(super) epoch: u64,
}

/// One expected answer.
#[derive(Clone)]
pub(super) enum Expect {
    /// `ParseComplete`, `BindComplete` or `CloseComplete`; of a statement, for the errors.
    Done(Option<Arc<Statement>>),
    /// `ParseComplete` of a name that is new: without it there is no such statement.
    Parsed(String, Option<Arc<Statement>>),
    /// The same of a message that the client did not send.
    Silence,
    /// `ParseComplete` of a statement of our own.
    Prepared,
    /// The rows that the trigger kept.
    Kept,
    /// `RowDescription` or `NoData`, after `ParameterDescription` for a statement.
    Description(Option<Arc<Statement>>),
    /// Rows of a portal, as many as were asked for unless that is 0, up to `CommandComplete` or
    /// `EmptyQueryResponse`.
    Rows(Option<Arc<Statement>>, String, u32),
    /// Everything that a `Query` answers.
    Answer(Arc<Statement>),
    /// A message of our own in its place.
    Ours(u8, &'static [u8]),
}

impl Unit {
    /// A statement that came in a `Query`.
    pub(super) fn query(statement: &Arc<Statement>) -> Unit {
        let mut unit = Unit::default();
        unit.push(Message::Query(statement.sql.clone()), Expect::Answer(Arc::clone(statement)));
        unit
    }

    pub(super) fn ours(&mut self, tag: u8, body: &'static [u8]) {
        self.push(Message::None, Expect::Ours(tag, body));
    }

    pub(super) fn frame(&mut self, tag: u8, body: &Bytes, expect: Expect) {
        self.push(Message::Frame(tag, body.clone()), expect);
    }

    /// Runs a portal to its end: who wants fewer rows gets them from us.
    pub(super) fn execute(&mut self, portal: &str, statement: Option<Arc<Statement>>, rows: u32) {
        let mut body = portal.as_bytes().to_vec();
        body.extend([0; 5]);
        let expect = Expect::Rows(statement, portal.to_owned(), rows);
        self.push(Message::Frame(b'E', body.into()), expect);
    }

    pub(super) fn parse(&mut self, name: &str, sql: &str, rest: &[u8], expect: Expect) {
        let mut request = Request::default();
        request.parse(name, sql, rest);
        let message = match &expect {
            Expect::Parsed(name, _) if !name.is_empty() => Message::New(name.clone(), request),
            _ => Message::Parse(request),
        };
        self.push(message, expect);
    }

    /// The messages and what they are answered with; `epoch` says which portals the backend has, `prepared` whether it
    /// knows [`KEPT`].
    pub(super) fn request(&self, epoch: u64, prepared: bool) -> (Request, Vec<Expect>) {
        let again = self.sent.swap(true, Ordering::Relaxed);
        let mut request = Request::default();
        let mut expected = Vec::new();
        if let Some(earlier) = self.earlier.as_ref().filter(|earlier| earlier.epoch != epoch) {
            request.frame(b'B', &earlier.bind);
            expected.push(Expect::Silence);
        }
        let mut simple = false;
        for part in &self.parts {
            match &part.message {
                Message::None => {}
                Message::Query(sql) => {
                    request.query(sql);
                    simple = true;
                }
                Message::Frame(tag, body) => request.frame(*tag, body),
                Message::New(name, parse) => {
                    if again {
                        // The first time made it, and names outlive transactions.
                        let mut body = vec![b'S'];
                        body.extend_from_slice(name.as_bytes());
                        body.push(0);
                        request.frame(b'C', &body);
                        expected.push(Expect::Silence);
                    }
                    request.0.extend_from_slice(&parse.0);
                }
                Message::Parse(parse) => request.0.extend_from_slice(&parse.0),
            }
            expected.push(part.expect.clone());
        }
        if self.kept {
            if !prepared {
                request.close(KEPT.0);
                expected.extend([Expect::Silence, Expect::Silence]);
                request.parse(KEPT.0, KEPT.1, &[0, 0]);
                expected.push(Expect::Prepared);
            }
            request.bind(KEPT.0, &[]);
            request.execute(KEPT.0);
            request.close_portal(KEPT.0);
            expected.extend([Expect::Silence, Expect::Kept, Expect::Silence]);
        }
        if !simple && !request.is_empty() {
            request.sync();
        }
        (request, expected)
    }

    fn push(&mut self, message: Message, expect: Expect) {
        self.parts.push(Part { message, expect });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(unit: &Unit, epoch: u64) -> String {
        let mut bytes = unit.request(epoch, true).0.0;
        let mut tags = String::new();
        while !bytes.is_empty() {
            let length = u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]) as usize;
            tags.push(char::from(bytes.split_to(length + 1)[0]));
        }
        tags
    }

    #[test]
    fn a_unit_that_runs_again_closes_the_names_it_made() {
        let mut unit = Unit::default();
        unit.parse("s", "select 1", &[0, 0], Expect::Parsed("s".to_owned(), None));
        unit.frame(b'B', &Bytes::from_static(b"\0s\0\0\0\0\0\0\0"), Expect::Done(None));
        unit.execute("", None, 0);
        assert_eq!((tags(&unit, 0).as_str(), tags(&unit, 0).as_str()), ("PBES", "CPBES"));
    }

    #[test]
    fn rows_that_were_kept_are_asked_for_in_the_same_flight() {
        let mut unit = Unit::default();
        unit.execute("", None, 0);
        unit.kept = true;
        assert_eq!(tags(&unit, 0), "EBECS");
        let (_, expected) = unit.request(0, false);
        assert_eq!(expected.len(), 7);
    }

    #[test]
    fn a_portal_that_was_lost_is_bound_again() {
        let mut unit = Unit::default();
        unit.execute("p", None, 5);
        unit.earlier = Some(Earlier { bind: Bytes::from_static(b"p\0s\0\0\0\0\0\0\0"), epoch: 3 });
        assert_eq!((tags(&unit, 3).as_str(), tags(&unit, 4).as_str()), ("ES", "BES"));
    }
}
