//! A client that sends messages as they stand, and shows what it hears.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::cluster::Cluster;

pub(crate) struct Raw(TlsStream<TcpStream>);

impl Raw {
    /// Comes in as `admin`.
    pub(crate) async fn admin(cluster: &Cluster) -> Raw {
        let name = ServerName::try_from(cluster.local.endpoint().to_owned()).expect("a name");
        let stream = TcpStream::connect(cluster.local.address()).await.expect("a connection");
        let connector = tokio_rustls::TlsConnector::from(Arc::new(cluster.tls()));
        let mut raw = Raw(connector.connect(name, stream).await.expect("TLS"));
        let startup = b"\0\x03\0\0user\0admin\0database\0postgres\0\0";
        let length = (startup.len() as u32 + 4).to_be_bytes();
        raw.0.write_all(&length).await.expect("sent");
        raw.0.write_all(startup).await.expect("sent");
        let token = cluster.local.token("admin", Duration::from_secs(900));
        raw.send(b'p', format!("{token}\0").as_bytes()).await;
        raw.hear_up_to(b'Z').await;
        raw
    }

    pub(crate) async fn send(&mut self, tag: u8, body: &[u8]) {
        self.send_together(&[(tag, body)]).await;
    }

    /// Sends messages in one piece.
    pub(crate) async fn send_together(&mut self, messages: &[(u8, &[u8])]) {
        let mut bytes = Vec::new();
        for (tag, body) in messages {
            bytes.push(*tag);
            bytes.extend((body.len() as u32 + 4).to_be_bytes());
            bytes.extend(*body);
        }
        self.0.write_all(&bytes).await.expect("sent");
    }

    /// Sends several `Query` in one piece and shows the answer to each.
    pub(crate) async fn flight(&mut self, texts: &[&str]) -> Vec<String> {
        let bodies: Vec<String> = texts.iter().map(|sql| format!("{sql}\0")).collect();
        let messages: Vec<(u8, &[u8])> = bodies.iter().map(|body| (b'Q', body.as_bytes())).collect();
        self.send_together(&messages).await;
        let mut heard = Vec::new();
        for _ in texts {
            heard.push(self.hear_up_to(b'Z').await);
        }
        heard
    }

    /// Sends a `Query` and shows its answer.
    pub(crate) async fn query(&mut self, sql: &str) -> String {
        self.send(b'Q', format!("{sql}\0").as_bytes()).await;
        self.hear_up_to(b'Z').await
    }

    /// Messages up to the first with this tag: tags, and what is in some of them.
    pub(crate) async fn hear_up_to(&mut self, last: u8) -> String {
        let mut heard = Vec::new();
        loop {
            let tag = self.0.read_u8().await.expect("a message");
            let length = self.0.read_u32().await.expect("a length") as usize;
            let mut body = vec![0; length - 4];
            self.0.read_exact(&mut body).await.expect("a body");
            heard.push(show(tag, &body));
            if tag == last {
                return heard.join(" ");
            }
        }
    }
}

fn show(tag: u8, body: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches(['\0', '\n']).to_owned();
    let field = |code: u8| {
        body.split(|byte| *byte == 0).find(|part| part.first() == Some(&code)).map(|part| text(&part[1..]))
    };
    let more = match tag {
        b'C' | b'Z' | b'd' => text(body),
        // The first column.
        b'D' => text(&body[6..]),
        b'E' => format!("{} {}", field(b'C').unwrap_or_default(), field(b'M').unwrap_or_default()),
        _ => return char::from(tag).to_string(),
    };
    format!("{}({more})", char::from(tag))
}
