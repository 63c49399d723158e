//! The messages we write ourselves, and the few bodies we read.

use bytes::{BufMut, Bytes, BytesMut};

use crate::refusal::Refusal;

/// How bad an error message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Fatal,
    Error,
    Warning,
}

/// Bytes on their way to the client.
#[derive(Debug, Default)]
pub(crate) struct Answer(BytesMut);

impl Answer {
    pub(crate) fn frame(&mut self, tag: u8, body: &[u8]) {
        self.message(tag, |out| out.put_slice(body));
    }

    pub(crate) fn refusal(&mut self, severity: Severity, refusal: &Refusal) {
        let (tag, word) = match severity {
            Severity::Fatal => (b'E', "FATAL"),
            Severity::Error => (b'E', "ERROR"),
            Severity::Warning => (b'N', "WARNING"),
        };
        let position = refusal.position.map(|position| position.to_string());
        let fields = [
            (b'S', Some(word)),
            (b'V', Some(word)),
            (b'C', Some(refusal.state.as_str())),
            (b'M', Some(refusal.message.as_str())),
            (b'D', refusal.detail.as_deref()),
            (b'H', refusal.hint.as_deref()),
            (b'P', position.as_deref()),
        ];
        self.message(tag, |out| {
            for (code, value) in fields {
                if let Some(value) = value {
                    out.put_u8(code);
                    put_text(out, value);
                }
            }
            out.put_u8(0);
        });
    }

    pub(crate) fn complete(&mut self, tag: &str) {
        self.message(b'C', |out| put_text(out, tag));
    }

    pub(crate) fn ready(&mut self, status: u8) {
        self.frame(b'Z', &[status]);
    }

    pub(crate) fn parameter(&mut self, name: &str, value: &str) {
        self.message(b'S', |out| {
            put_text(out, name);
            put_text(out, value);
        });
    }

    /// `AuthenticationOk` is 0, `AuthenticationCleartextPassword` is 3.
    pub(crate) fn authentication(&mut self, kind: u32) {
        self.frame(b'R', &kind.to_be_bytes());
    }

    /// Says that we know protocol 3.0 and none of the options the client named.
    pub(crate) fn negotiate(&mut self, unknown: &[String]) {
        self.message(b'v', |out| {
            out.put_u32(0);
            out.put_u32(unknown.len() as u32);
            for option in unknown {
                put_text(out, option);
            }
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes back everything after the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Takes back rows and completions after the first `length` bytes: what a commit that failed leaves is what was
    /// said about names and types.
    pub(crate) fn retract(&mut self, length: usize) {
        let mut said = self.0.split_off(length.min(self.0.len()));
        while said.len() >= 5 {
            let frame = 1 + u32::from_be_bytes([said[1], said[2], said[3], said[4]]) as usize;
            let frame = said.split_to(frame.min(said.len()));
            if !matches!(frame[0], b'D' | b'C' | b's' | b'I') {
                self.0.extend_from_slice(&frame);
            }
        }
    }

    /// What has been written, taken out.
    pub(crate) fn take(&mut self) -> Bytes {
        self.0.split().freeze()
    }

    fn message(&mut self, tag: u8, body: impl FnOnce(&mut BytesMut)) {
        message(&mut self.0, tag, body);
    }
}

/// Bytes on their way to the backend.
#[derive(Debug, Default)]
pub(crate) struct Request(pub(crate) BytesMut);

impl Request {
    pub(crate) fn frame(&mut self, tag: u8, body: &[u8]) {
        message(&mut self.0, tag, |out| out.put_slice(body));
    }

    pub(crate) fn query(&mut self, sql: &str) {
        message(&mut self.0, b'Q', |out| put_text(out, sql));
    }

    pub(crate) fn parse(&mut self, name: &str, sql: &str, rest: &[u8]) {
        message(&mut self.0, b'P', |out| {
            put_text(out, name);
            put_text(out, sql);
            out.put_slice(rest);
        });
    }

    /// Binds `statement` to the portal of the same name, parameters and results as text.
    pub(crate) fn bind(&mut self, statement: &str, parameters: &[&str]) {
        message(&mut self.0, b'B', |out| {
            put_text(out, statement);
            put_text(out, statement);
            out.put_u16(0);
            out.put_u16(parameters.len() as u16);
            for parameter in parameters {
                out.put_u32(parameter.len() as u32);
                out.put_slice(parameter.as_bytes());
            }
            out.put_u16(0);
        });
    }

    pub(crate) fn execute(&mut self, portal: &str) {
        message(&mut self.0, b'E', |out| {
            put_text(out, portal);
            out.put_u32(0);
        });
    }

    /// Closes the portal and the statement of one name; closing what is not there is no error.
    pub(crate) fn close(&mut self, name: &str) {
        for kind in [b'P', b'S'] {
            message(&mut self.0, b'C', |out| {
                out.put_u8(kind);
                put_text(out, name);
            });
        }
    }

    pub(crate) fn close_portal(&mut self, name: &str) {
        message(&mut self.0, b'C', |out| {
            out.put_u8(b'P');
            put_text(out, name);
        });
    }

    pub(crate) fn sync(&mut self) {
        self.frame(b'S', b"");
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads a message body from its front.
#[derive(Debug, Clone)]
pub(crate) struct Reader(Bytes);

impl Reader {
    pub(crate) fn new(body: &Bytes) -> Reader {
        Reader(body.clone())
    }

    /// A string that ends with a zero byte; bytes that are not UTF-8 are an error of the client's.
    pub(crate) fn text(&mut self) -> Result<String, Refusal> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
        let text = self.0.split_to(end);
        let _zero = self.0.split_to(1);
        String::from_utf8(text.to_vec())
            .map_err(|_| Refusal::new("22021", "invalid byte sequence for encoding \"UTF8\""))
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Refusal> {
        if self.0.is_empty() { Err(malformed()) } else { Ok(self.0.split_to(1)[0]) }
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Refusal> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Refusal> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<Bytes, Refusal> {
        if self.0.len() < length { Err(malformed()) } else { Ok(self.0.split_to(length)) }
    }

    pub(crate) fn rest(&self) -> &[u8] {
        &self.0
    }
}

/// The fields of an `ErrorResponse` or a `NoticeResponse`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(pub(crate) Vec<(u8, String)>);

impl Fields {
    pub(crate) fn read(body: &[u8]) -> Fields {
        let fields = body
            .split(|byte| *byte == 0)
            .filter(|field| !field.is_empty())
            .map(|field| (field[0], String::from_utf8_lossy(&field[1..]).into_owned()));
        Fields(fields.collect())
    }

    pub(crate) fn get(&self, code: u8) -> Option<&str> {
        self.0.iter().find(|field| field.0 == code).map(|field| field.1.as_str())
    }

    pub(crate) fn state(&self) -> &str {
        self.get(b'C').unwrap_or("XX000")
    }

    pub(crate) fn message(&self) -> &str {
        self.get(b'M').unwrap_or_default()
    }

    pub(crate) fn to_body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (code, value) in &self.0 {
            body.push(*code);
            body.extend_from_slice(value.as_bytes());
            body.push(0);
        }
        body.push(0);
        body
    }
}

fn malformed() -> Refusal {
    Refusal::protocol("invalid message format")
}

fn message(out: &mut BytesMut, tag: u8, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    let at = out.len();
    out.put_u32(0);
    body(out);
    let length = (out.len() - at) as u32;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

fn put_text(out: &mut BytesMut, text: &str) {
    out.put_slice(text.as_bytes());
    out.put_u8(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_written_is_the_error_read() {
        let refusal = Refusal::new("0A000", "no").with_hint("do this");
        let mut answer = Answer::default();
        answer.refusal(Severity::Fatal, &refusal);
        let bytes = answer.take();
        assert_eq!(bytes[0], b'E');
        assert_eq!(u32::from_be_bytes(bytes[1..5].try_into().unwrap()) as usize, bytes.len() - 1);
        let fields = Fields::read(&bytes[5..]);
        assert_eq!(fields.get(b'S'), Some("FATAL"));
        assert_eq!((fields.state(), fields.message()), ("0A000", "no"));
        assert_eq!(fields.get(b'H'), Some("do this"));
        assert_eq!(fields.to_body(), &bytes[5..]);
    }

    #[test]
    fn a_body_that_ends_early_is_a_protocol_error() {
        let mut reader = Reader::new(&Bytes::from_static(b"no end"));
        assert_eq!(reader.text().unwrap_err().state, "08P01");
        let mut reader = Reader::new(&Bytes::from_static(b"a\0b"));
        assert_eq!(reader.text().unwrap(), "a");
        assert_eq!(reader.u32().unwrap_err().state, "08P01");
    }
}
