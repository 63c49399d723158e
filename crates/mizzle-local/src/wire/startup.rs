//! What a connection begins with: a request for TLS, a request to cancel, or a start-up message.

use bytes::Bytes;

use crate::refusal::Refusal;
use crate::wire::Reader;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// The first packet of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Preamble {
    /// `SSLRequest`.
    Tls,
    /// `GSSENCRequest`.
    Gss,
    /// `CancelRequest`, whole, as it goes to the backend.
    Cancel(Bytes),
    /// `StartupMessage`.
    Startup(Startup),
}

/// What a client says about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Startup {
    pub(crate) user: String,
    pub(crate) database: Option<String>,
    /// Run-time parameters in the order they were given, those of `options` included.
    pub(crate) settings: Vec<(String, String)>,
    /// Protocol options nobody here knows, and whether the client asked for more than 3.0.
    pub(crate) unknown: Vec<String>,
    pub(crate) newer: bool,
}

impl Preamble {
    /// Reads a packet without its length.
    pub(crate) fn read(packet: &Bytes) -> Result<Preamble, Refusal> {
        let mut reader = Reader::new(packet);
        match reader.u32()? {
            SSL => Ok(Preamble::Tls),
            GSS => Ok(Preamble::Gss),
            CANCEL => Ok(Preamble::Cancel(packet.clone())),
            version if version >> 16 == 3 => Startup::read(reader, version & 0xffff).map(Preamble::Startup),
            version => Err(Refusal::new(
                "0A000",
                format!(
                    "unsupported frontend protocol {}.{}: server supports 3.0 to 3.0",
                    version >> 16,
                    version & 0xffff
                ),
            )),
        }
    }
}

impl Startup {
    fn read(mut reader: Reader, minor: u32) -> Result<Startup, Refusal> {
        let mut startup = Startup { newer: minor > 0, ..Startup::default() };
        loop {
            let name = reader.text()?;
            if name.is_empty() {
                break;
            }
            let value = reader.text()?;
            match name.as_str() {
                "user" => startup.user = value,
                "database" => startup.database = Some(value),
                "options" => startup.settings.extend(options(&value)?),
                option if option.starts_with("_pq_.") => startup.unknown.push(name),
                _ => startup.settings.push((name, value)),
            }
        }
        if startup.user.is_empty() {
            return Err(Refusal::new("28000", "no PostgreSQL user name specified in startup packet"));
        }
        Ok(startup)
    }
}

/// The `-c name=value` and `--name=value` of the `options` parameter; a backslash protects a space.
fn options(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut settings = Vec::new();
    let mut words = words(text).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("--").or_else(|| word.strip_prefix("-c")) {
            Some("") => words.next().unwrap_or_default(),
            Some(setting) => setting.to_owned(),
            None => {
                return Err(Refusal::new("0A000", format!("startup option \"{word}\" not supported")));
            }
        };
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| Refusal::new("42601", format!("-c {setting} requires a value")))?;
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let last = words.len() - 1;
        match letter {
            '\\' => words[last].extend(letters.next()),
            space if space.is_whitespace() => words.push(String::new()),
            other => words[last].push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(packet: &[u8], expect: &str) {
        let seen = match Preamble::read(&Bytes::copy_from_slice(packet)) {
            Ok(preamble) => format!("{preamble:?}"),
            Err(refusal) => format!("{} {}", refusal.state, refusal.message),
        };
        assert!(seen.contains(expect), "{seen}");
    }

    #[test]
    fn preambles_are_told_apart() {
        check(b"\x04\xd2\x16\x2f", "Tls");
        check(b"\x04\xd2\x16\x30", "Gss");
        check(b"\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02", "Cancel");
        check(b"\0\x02\0\0", "0A000 unsupported frontend protocol 2.0");
        check(
            b"\0\x03\0\0user\0admin\0database\0postgres\0\0",
            r#"user: "admin", database: Some("postgres")"#,
        );
        check(b"\0\x03\0\x02user\0a\0_pq_.x\0on\0\0", r#"unknown: ["_pq_.x"], newer: true"#);
        check(b"\0\x03\0\0\0", "28000");
        check(b"\0\x03\0\0user\0a", "08P01");
    }

    #[test]
    fn options_become_settings() {
        let read = |text| options(text).map_err(|refusal| refusal.message);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read(r"-c search_path=a\ b  --time-zone=UTC -cx=1"),
            Ok(vec![pair("search_path", "a b"), pair("time_zone", "UTC"), pair("x", "1")])
        );
        assert!(read("-d 5").is_err());
    }
}
