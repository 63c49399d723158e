//! Doors for the fuzzers of `fuzz/`: bytes go in, and what is wrong panics.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::AsyncReadExt;

use crate::statement::Statement;
use crate::wire::{Answer, Fields, Frame, Framed, Preamble, Reader, Severity};

/// The longest frame the fuzzers may send.
const LIMIT: usize = 1 << 12;

/// The first packet of a connection. What is refused can be said to the client.
pub fn startup(packet: &[u8]) {
    if let Err(refusal) = Preamble::read(&Bytes::copy_from_slice(packet)) {
        let mut answer = Answer::default();
        answer.refusal(Severity::Fatal, &refusal);
        assert_eq!(Fields::read(&answer.take()[5..]).state(), refusal.state);
    }
}

/// A stream that arrives in two pieces, cut where the first byte says: frames come out as they went in.
pub fn frames(stream: &[u8]) {
    let Some((cut, stream)) = stream.split_first() else { return };
    let mut written = Answer::default();
    for frame in read(stream, usize::from(*cut)) {
        written.frame(frame.tag, &frame.body);
    }
    assert!(stream.starts_with(&written.take()));
}

/// What a client sends after it came in: every message read as the session reads it.
pub fn messages(stream: &[u8]) {
    for frame in read(stream, 0) {
        let mut reader = Reader::new(&frame.body);
        match frame.tag {
            b'Q' => drop(reader.text().map(|text| statements(&text))),
            b'P' => drop(reader.text().and_then(|_| reader.text()).map(|text| statements(&text))),
            b'B' => drop(reader.text().and_then(|_| reader.text())),
            b'D' | b'C' => drop(reader.byte().and_then(|_| reader.text())),
            b'E' => drop(reader.text().and_then(|_| reader.u32())),
            _ => drop(Fields::read(&frame.body).to_body()),
        }
        assert!(frame.body.ends_with(reader.rest()));
    }
}

/// A text of statements: cut apart, named, judged.
pub fn statements(text: &str) {
    for statement in Statement::read_as(text, true) {
        assert!(statement.offset <= text.chars().count());
    }
}

/// The frames of a stream up to the first that is none.
fn read(stream: &[u8], cut: usize) -> Vec<Frame> {
    let (first, second) = stream.split_at(cut.min(stream.len()));
    let mut framed = Framed::new(tokio::io::join(first.chain(second), tokio::io::sink()), LIMIT);
    let mut frames = Vec::new();
    // Bytes that are there already never make anybody wait.
    while let Poll::Ready(Ok(Some(frame))) = pin!(framed.next()).poll(&mut Context::from_waker(Waker::noop()))
    {
        frames.push(frame);
    }
    frames
}
