//! As much of HTTP/1.1 as the endpoint needs: one request, one answer, and the connection ends.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head and the longest body, in bytes.
const HEAD: usize = 8 << 10;
const BODY: usize = 64 << 10;

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// Without what follows a question mark.
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// One answer: a status and JSON.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
    /// The methods that a path takes, when the one asked for is not among them.
    pub(super) allow: Option<&'static str>,
}

/// What a head says about the rest.
struct Head {
    method: String,
    path: String,
    body: usize,
    waits: bool,
}

impl Request {
    /// Reads a request; none when the client sends nothing. `over_network` says that a browser may be the client.
    ///
    /// # Errors
    /// What is answered to a request that cannot be read or may not be made.
    pub(super) async fn read<S: AsyncRead + tokio::io::AsyncWrite + Unpin>(
        stream: &mut S,
        over_network: bool,
    ) -> Result<Option<Request>, Reply> {
        let mut bytes = Vec::with_capacity(1024);
        let (head, start) = loop {
            if let Some(read) = Head::read(&bytes, over_network)? {
                break read;
            }
            if bytes.len() > HEAD {
                return Err(Reply::error(431, "the head of the request is longer than 8 KiB", ""));
            }
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) if bytes.is_empty() => return Ok(None),
                Ok(0) | Err(_) => return Err(Reply::error(400, "the request ends early", "")),
                Ok(_) => {}
            }
        };
        if head.waits && bytes.len() == start {
            use tokio::io::AsyncWriteExt;
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        }
        let mut body = bytes.split_off(start);
        while body.len() < head.body {
            match stream.read_buf(&mut body).await {
                Ok(0) | Err(_) => return Err(Reply::error(400, "the body ends early", "")),
                Ok(_) => {}
            }
        }
        body.truncate(head.body);
        Ok(Some(Request { method: head.method, path: head.path, body }))
    }
}

impl Head {
    /// Reads a head and where it ends; none while it is not whole.
    fn read(bytes: &[u8], over_network: bool) -> Result<Option<(Head, usize)>, Reply> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let end = match request.parse(bytes) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => {
                return Err(Reply::error(400, &format!("this is no HTTP/1.1 request: {error}"), ""));
            }
        };
        let find = |wanted: &str| {
            let mut named = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(wanted));
            let first = named.next().map(|header| String::from_utf8_lossy(header.value).trim().to_owned());
            if named.next().is_some() { Err(twice(wanted)) } else { Ok(first) }
        };
        if over_network && find("origin")?.is_some() {
            return Err(Reply::error(403, "pages in a browser may not use the control endpoint", ""));
        }
        let host = find("host")?;
        if over_network && !host.as_deref().is_some_and(is_near) {
            return Err(Reply::error(
                403,
                "the Host of the request is no name of this machine",
                "ask for localhost or an address, such as http://127.0.0.1:8080",
            ));
        }
        if find("transfer-encoding")?.is_some() {
            return Err(Reply::error(411, "the length of the body is not known", "send a Content-Length"));
        }
        let length = match find("content-length")? {
            None => 0,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() => {
                text.parse::<usize>().unwrap_or(usize::MAX)
            }
            Some(_) => return Err(Reply::error(400, "the Content-Length is no number", "")),
        };
        if length > BODY {
            return Err(Reply::error(413, "the body is longer than 64 KiB", ""));
        }
        let kind = find("content-type")?.unwrap_or_default().to_ascii_lowercase();
        if length > 0 && kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(Reply::error(
                415,
                "the body is not declared as JSON",
                "send the header content-type: application/json",
            ));
        }
        let path = request.path.unwrap_or_default();
        let head = Head {
            method: request.method.unwrap_or_default().to_owned(),
            path: path.split(['?', '#']).next().unwrap_or_default().to_owned(),
            body: length,
            waits: find("expect")?.is_some_and(|text| text.eq_ignore_ascii_case("100-continue")),
        };
        Ok(Some((head, end)))
    }
}

/// Reads on for a moment: a client that still sends would not see the answer of a server that has gone.
pub(super) async fn drain<S: AsyncRead + Unpin>(stream: &mut S) {
    let mut rest = [0; 4096];
    let read = async {
        let mut left = 2 * BODY;
        while let Ok(count @ 1..) = stream.read(&mut rest).await {
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
}

/// An address, or a name without a dot: DNS, which somebody else may own, gives no such names.
fn is_near(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    name.parse::<IpAddr>().is_ok() || !name.is_empty() && name.chars().all(plain)
}

fn twice(header: &str) -> Reply {
    Reply::error(400, &format!("the request has {header} twice"), "")
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Reply {
        Reply { status, body, allow: None }
    }

    /// An error with what to do about it, unless that is empty.
    pub(super) fn error(status: u16, error: &str, hint: &str) -> Reply {
        let body = match hint {
            "" => json!({ "error": error }),
            hint => json!({ "error": error, "hint": hint }),
        };
        Reply::json(status, body)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let body = format!("{:#}\n", self.body);
        let allow = self.allow.map(|methods| format!("allow: {methods}\r\n")).unwrap_or_default();
        format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
             x-content-type-options: nosniff\r\n{allow}connection: close\r\n\r\n{body}",
            self.status,
            reason(self.status),
            body.len(),
        )
        .into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        _ => "Bad Request",
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn read(text: &[u8], over_network: bool) -> Result<Option<Request>, Reply> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (mut near, mut far) = tokio::io::duplex(1 << 20);
            near.write_all(text).await.expect("the pipe is wide enough");
            near.shutdown().await.expect("the pipe closes");
            Request::read(&mut far, over_network).await
        })
    }

    fn check(text: &str, expect: &str) {
        let seen = match read(text.as_bytes(), true) {
            Ok(Some(request)) => {
                format!("{} {} {}", request.method, request.path, String::from_utf8_lossy(&request.body))
            }
            Ok(None) => "nothing".to_owned(),
            Err(reply) => reply.status.to_string(),
        };
        assert_eq!(seen, expect, "{text}");
    }

    const JSON: &str = "Host: localhost:1\r\nContent-Type: application/json; charset=utf-8";

    #[test]
    fn requests_are_read() {
        check("GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", "GET /a ");
        check(&format!("POST / HTTP/1.1\r\n{JSON}\r\nContent-Length: 2\r\n\r\n{{}}more"), "POST / {}");
        check("", "nothing");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        check("hello\r\n\r\n", "400");
        check("GET / HTTP/1.1\r\nHost: localhost\r\n", "400");
        check(&format!("POST / HTTP/1.1\r\n{JSON}\r\nContent-Length: 9\r\n\r\n{{}}"), "400");
        check(&format!("POST / HTTP/1.1\r\n{JSON}\r\nContent-Length: -1\r\n\r\n"), "400");
        check(&format!("POST / HTTP/1.1\r\n{JSON}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "400");
        check(&format!("POST / HTTP/1.1\r\n{JSON}\r\nContent-Length: 99999999999999999999\r\n\r\n"), "413");
        check(&format!("POST / HTTP/1.1\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"), "411");
        check(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(9_000)), "GET / ");
        check(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(90_000)), "431");
    }

    #[test]
    fn pages_in_a_browser_are_refused() {
        check("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", "403");
        check("GET / HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", "403");
        check("GET / HTTP/1.1\r\n\r\n", "403");
        check("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / ");
        check("GET / HTTP/1.1\r\nHost: dsql:80\r\n\r\n", "GET / ");
        check(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
            "415",
        );
        assert!(read(b"GET / HTTP/1.1\r\n\r\n", false).is_ok_and(|request| request.is_some()));
    }

    #[test]
    fn any_bytes_have_an_answer() {
        use rand::{Rng, SeedableRng};
        for seed in 0..2_000 {
            let mut random = rand::rngs::SmallRng::seed_from_u64(seed);
            let mut bytes =
                format!("POST /faults HTTP/1.1\r\n{JSON}\r\nContent-Length: 4\r\n\r\n\"\"[]").into_bytes();
            for _ in 0..random.random_range(1..20) {
                let at = random.random_range(0..bytes.len());
                bytes[at] = random.random();
            }
            let noise: Vec<u8> = (0..random.random_range(0..300)).map(|_| random.random()).collect();
            let _ = (read(&bytes, true), read(&noise, true));
        }
    }
}
