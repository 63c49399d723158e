//! One connection to the PostgreSQL behind: raw frames for the session, and statements of our own.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use tokio::net::UnixStream;

use super::DATABASE;
use crate::wire::{Fields, Frame, Framed, PROTOCOL, Reader, Request};

/// The name of the statement and portal that our own commands use: the client's unnamed ones stay as they are.
const OURS: &str = "mizzle_local";

/// One backend process.
pub(crate) struct Backend {
    wire: Framed<UnixStream>,
    /// `BackendKeyData` as it came: whoever shows it may cancel.
    key: Bytes,
    /// `ParameterStatus` as it came at the start.
    parameters: Vec<(String, String)>,
    /// Statements of ours that stay prepared.
    prepared: Vec<&'static str>,
    /// What goes out with, and before, whatever is sent next.
    unsent: BytesMut,
    /// Answers that come before anything else that is asked.
    owed: VecDeque<Owed>,
}

/// The answer to statements that nobody waits for.
struct Owed {
    names: Vec<&'static str>,
    outcome: Outcome,
    /// Called with the outcome.
    heard: Box<dyn FnOnce(Outcome) + Send + Sync>,
}

/// Why there is no backend.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// PostgreSQL said no.
    Server(Fields),
    /// It could not be asked.
    Io,
}

/// Rows of text, or what the server said instead.
pub(crate) type Outcome = Result<Vec<Vec<Option<String>>>, Fields>;

impl Backend {
    /// Connects as `role` with run-time parameters.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub(crate) async fn connect(
        socket: &Path,
        role: &str,
        settings: &[(String, String)],
    ) -> Result<Backend, ConnectError> {
        let stream = UnixStream::connect(socket).await?;
        let mut backend = Backend {
            wire: Framed::new(stream, usize::MAX),
            key: Bytes::new(),
            parameters: Vec::new(),
            prepared: Vec::new(),
            unsent: BytesMut::new(),
            owed: VecDeque::new(),
        };
        let mut packet = PROTOCOL.to_be_bytes().to_vec();
        let own = [("user", role), ("database", DATABASE)];
        let given = settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.into_iter().chain(given) {
            packet.extend_from_slice(name.as_bytes());
            packet.push(0);
            packet.extend_from_slice(value.as_bytes());
            packet.push(0);
        }
        packet.push(0);
        let mut framed = (packet.len() as u32 + 4).to_be_bytes().to_vec();
        framed.extend(packet);
        backend.wire.send(&framed).await?;
        loop {
            let frame = backend.next().await?;
            match frame.tag {
                b'Z' => return Ok(backend),
                b'E' => return Err(ConnectError::Server(Fields::read(&frame.body))),
                b'K' => backend.key = frame.body,
                b'S' => {
                    let mut reader = Reader::new(&frame.body);
                    if let (Ok(name), Ok(value)) = (reader.text(), reader.text()) {
                        backend.parameters.push((name, value));
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn key(&self) -> &Bytes {
        &self.key
    }

    /// The process id.
    pub(crate) fn process(&self) -> u32 {
        self.key.first_chunk().map_or(0, |id| u32::from_be_bytes(*id))
    }

    pub(crate) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Sends messages.
    pub(crate) async fn send(&mut self, request: &mut Request) -> io::Result<()> {
        if self.unsent.is_empty() {
            return self.wire.send(&request.0.split()).await;
        }
        self.unsent.extend_from_slice(&request.0.split());
        self.push().await
    }

    /// Sends what waits for something to be sent with.
    pub(crate) async fn push(&mut self) -> io::Result<()> {
        if self.unsent.is_empty() { Ok(()) } else { self.wire.send(&self.unsent.split()).await }
    }

    /// Sends the first of `data`, as much as is taken at once; nothing is lost when the caller stops waiting.
    pub(crate) async fn send_some(&mut self, data: &mut Bytes) -> io::Result<()> {
        self.push().await?;
        self.wire.send_some(data).await
    }

    /// The next message of what is waited for; the end of the stream is an error here. Nothing is lost when the caller
    /// stops waiting.
    pub(crate) async fn next(&mut self) -> io::Result<Frame> {
        self.settle().await?;
        self.frame().await
    }

    /// Waits until the next message is here; nothing is lost when the caller stops waiting.
    pub(crate) async fn ready(&mut self) -> io::Result<()> {
        self.settle().await?;
        self.wire.ready().await
    }

    /// Whether the next message is here already.
    pub(crate) fn has_next(&self) -> bool {
        self.owed.is_empty() && self.wire.has_next()
    }

    async fn frame(&mut self) -> io::Result<Frame> {
        self.wire.next().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Has statements that are planned once and stay prepared go out before whatever is sent next, and leaves their
    /// answer to whoever listens next. What the server refuses is in the outcome that is `heard`.
    pub(crate) fn owe_prepared(
        &mut self,
        statements: &[(&'static str, &str)],
        heard: impl FnOnce(Outcome) + Send + Sync + 'static,
    ) {
        let request = self.request_prepared(statements);
        self.unsent.extend_from_slice(&request.0);
        let names: Vec<&'static str> = statements.iter().map(|(name, _)| *name).collect();
        names.iter().for_each(|name| self.note_prepared(name));
        self.owed.push_back(Owed { names, outcome: Ok(Vec::new()), heard: Box::new(heard) });
    }

    /// Hears the answers that nobody has waited for.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn settle(&mut self) -> io::Result<()> {
        if !self.owed.is_empty() {
            self.push().await?;
        }
        while !self.owed.is_empty() {
            let frame = self.frame().await?;
            if let Some(owed) = self.owed.front_mut()
                && gather(&mut owed.outcome, &frame)
                && let Some(owed) = self.owed.pop_front()
            {
                if owed.outcome.is_err() {
                    // those behind the one that failed were not prepared
                    self.prepared.retain(|name| !owed.names.contains(name));
                }
                (owed.heard)(owed.outcome);
            }
        }
        Ok(())
    }

    /// Whether PostgreSQL can read a text, whatever it would make of it.
    ///
    /// # Errors
    /// When the connection breaks; a syntax error is in the outcome.
    pub(crate) async fn syntax(&mut self, sql: &str) -> io::Result<Outcome> {
        let mut request = Request::default();
        request.close(OURS);
        request.parse(OURS, sql, &[0, 0]);
        request.sync();
        let outcome = self.round_trip(request).await?;
        Ok(outcome.or_else(|fields| if fields.state() == "42601" { Err(fields) } else { Ok(Vec::new()) }))
    }

    /// Runs one statement of our own in a round trip, without touching what the client prepared.
    ///
    /// # Errors
    /// When the connection breaks; what the server refuses is in the outcome.
    pub(crate) async fn command(&mut self, sql: &str, parameters: &[&str]) -> io::Result<Outcome> {
        self.script(&[(sql, parameters)]).await
    }

    /// Runs a statement of our own that is planned once and stays prepared under `name`.
    ///
    /// # Errors
    /// See [`command`](Backend::command).
    pub(crate) async fn prepared(&mut self, name: &'static str, sql: &str) -> io::Result<Outcome> {
        self.script_prepared(&[(name, sql)]).await
    }

    /// Runs such statements in one round trip; the first that fails ends them.
    ///
    /// # Errors
    /// See [`command`](Backend::command).
    pub(crate) async fn script_prepared(
        &mut self,
        statements: &[(&'static str, &str)],
    ) -> io::Result<Outcome> {
        let mut request = self.request_prepared(statements);
        self.send(&mut request).await?;
        let outcome = self.outcome().await?;
        if outcome.is_ok() {
            statements.iter().for_each(|(name, _)| self.note_prepared(name));
        }
        Ok(outcome)
    }

    /// Such statements as messages.
    pub(crate) fn request_prepared(&self, statements: &[(&'static str, &str)]) -> Request {
        let mut request = Request::default();
        for statement in statements {
            self.add_prepared(statement, &mut request);
        }
        request.sync();
        request
    }

    /// Adds such a statement to a request; the number of messages that answer it when all goes well.
    pub(crate) fn add_prepared(&self, (name, sql): &(&'static str, &str), request: &mut Request) -> usize {
        let known = self.is_prepared(name);
        if !known {
            request.close(name);
            request.parse(name, sql, &[0, 0]);
        }
        request.bind(name, &[]);
        request.execute(name);
        request.close_portal(name);
        if known { 3 } else { 6 }
    }

    pub(crate) fn is_prepared(&self, name: &str) -> bool {
        self.prepared.contains(&name)
    }

    pub(crate) fn note_prepared(&mut self, name: &'static str) {
        if !self.is_prepared(name) {
            self.prepared.push(name);
        }
    }

    /// `DEALLOCATE ALL` takes ours along.
    pub(crate) fn forget(&mut self) {
        self.prepared.clear();
    }

    /// Runs statements of our own in one round trip; the first that fails ends them.
    ///
    /// # Errors
    /// See [`command`](Backend::command).
    pub(crate) async fn script(&mut self, statements: &[(&str, &[&str])]) -> io::Result<Outcome> {
        let mut request = Backend::request(statements);
        self.send(&mut request).await?;
        self.outcome().await
    }

    /// Statements of our own as messages.
    pub(crate) fn request(statements: &[(&str, &[&str])]) -> Request {
        let mut request = Request::default();
        for (sql, parameters) in statements {
            request.close(OURS);
            request.parse(OURS, sql, &[0, 0]);
            request.bind(OURS, parameters);
            request.execute(OURS);
        }
        request.sync();
        request
    }

    async fn round_trip(&mut self, mut request: Request) -> io::Result<Outcome> {
        self.send(&mut request).await?;
        self.outcome().await
    }

    async fn outcome(&mut self) -> io::Result<Outcome> {
        let mut outcome = Ok(Vec::new());
        loop {
            let frame = self.next().await?;
            if gather(&mut outcome, &frame) {
                return Ok(outcome);
            }
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(_: io::Error) -> ConnectError {
        ConnectError::Io
    }
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backend")
    }
}

/// Takes a message into the outcome; whether it was the last.
pub(crate) fn gather(outcome: &mut Outcome, frame: &Frame) -> bool {
    match (frame.tag, &mut *outcome) {
        (b'E', _) => *outcome = Err(Fields::read(&frame.body)),
        (b'D', Ok(rows)) => rows.push(row(&frame.body).unwrap_or_default()),
        _ => {}
    }
    frame.tag == b'Z'
}

fn row(body: &Bytes) -> Option<Vec<Option<String>>> {
    let mut reader = Reader::new(body);
    let columns = reader.u16().ok()?;
    (0..columns)
        .map(|_| match reader.u32().ok()? {
            u32::MAX => Some(None),
            length => Some(Some(String::from_utf8_lossy(&reader.bytes(length as usize).ok()?).into_owned())),
        })
        .collect()
}
