//! From a TCP connection to a session: TLS, start-up message, token, backend.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Client, Session, relay};
use crate::admission::Place;
use crate::cluster::Cluster;
use crate::engine::{Backend, ConnectError, DATABASE};
use crate::fault::Fault;
use crate::iam;
use crate::presence::Present;
use crate::refusal::Refusal;
use crate::rules;
use crate::wire::{Answer, Framed, Preamble, Reader, Severity, Startup};

/// How long a client may take to come in.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first byte of a TLS handshake, where PostgreSQL's own packets have a zero.
const HANDSHAKE: u8 = 0x16;

/// Longest packet before the token is known to be good.
const PACKET: usize = 64 << 10;

/// Serves one connection until it ends.
pub(crate) async fn serve(cluster: Arc<Cluster>, stream: TcpStream, peer: SocketAddr) {
    match tokio::time::timeout(PATIENCE, connect(cluster, stream)).await {
        Ok(Ok(Some((session, _inside)))) => {
            if let Err(error) = session.run().await {
                tracing::debug!(%peer, %error, "connection lost");
            }
        }
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "no connection"),
        Err(_) => tracing::debug!(%peer, "the client took too long to come in"),
    }
}

/// What a session holds for as long as it is open.
type Inside = (Place, Present);

async fn connect(cluster: Arc<Cluster>, stream: TcpStream) -> io::Result<Option<(Session, Inside)>> {
    stream.set_nodelay(true)?;
    let socket = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
    let Some(stream) = secure(&cluster, stream).await? else { return Ok(None) };
    let direct = stream.0;
    let handshake = TlsAcceptor::from(Arc::clone(&cluster.tls)).accept(stream.1).await?;
    // Without the preamble only the protocol's name tells that PostgreSQL is spoken here.
    if direct && handshake.get_ref().1.alpn_protocol().is_none() {
        return Ok(None);
    }
    let named = handshake.get_ref().1.server_name().is_some();
    let mut client = Framed::new(handshake, cluster.limits.message);
    match admit(&cluster, &mut client, named, socket).await {
        Ok(Some((backend, inside))) => {
            let mut session = Session::new(cluster, client, backend);
            session.finish().await?;
            Ok(Some((session, inside)))
        }
        Ok(None) => Ok(None),
        Err(Entry::Io(error)) => Err(error),
        Err(Entry::Refused(refusal)) => {
            tracing::debug!(message = refusal.message, hint = refusal.hint, "refused");
            let mut answer = Answer::default();
            answer.refusal(Severity::Fatal, &refusal);
            client.send(&answer.take()).await?;
            client.close().await?;
            Ok(None)
        }
    }
}

/// The stream at the point where TLS begins, and whether it began without a preamble.
async fn secure(cluster: &Cluster, stream: TcpStream) -> io::Result<Option<(bool, TcpStream)>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first[0] == HANDSHAKE {
        return Ok(Some((true, stream)));
    }
    let mut framed = Framed::new(stream, PACKET);
    loop {
        let Some(packet) = framed.packet().await? else { return Ok(None) };
        let refusal = match Preamble::read(&packet) {
            Ok(Preamble::Tls) => {
                framed.send(b"S").await?;
                return Ok(Some((false, framed.into_stream()?)));
            }
            Ok(Preamble::Gss) => {
                framed.send(b"N").await?;
                continue;
            }
            Ok(Preamble::Cancel(packet)) => {
                cluster.adjudicator.cancel(packet.get(4..).unwrap_or_default()).await?;
                return Ok(None);
            }
            Ok(Preamble::Startup(_)) => Refusal::new("28000", "unable to accept connection, TLS is required")
                .with_hint("Set sslmode to require or stronger."),
            Err(refusal) => refusal,
        };
        let mut answer = Answer::default();
        answer.refusal(Severity::Fatal, &refusal);
        framed.send(&answer.take()).await?;
        framed.close().await?;
        return Ok(None);
    }
}

enum Entry {
    Io(io::Error),
    Refused(Refusal),
}

/// Reads the start-up message, checks the token and connects the backend. `named` says whether the client named the
/// server in its TLS handshake, which is how the service knows the cluster.
async fn admit(
    cluster: &Cluster,
    client: &mut Client,
    named: bool,
    socket: std::net::TcpStream,
) -> Result<Option<(Backend, Inside)>, Entry> {
    let Some(packet) = client.packet().await? else { return Ok(None) };
    let startup = match Preamble::read(&packet)? {
        Preamble::Startup(startup) => startup,
        Preamble::Cancel(packet) => {
            cluster.adjudicator.cancel(packet.get(4..).unwrap_or_default()).await?;
            return Ok(None);
        }
        Preamble::Tls | Preamble::Gss => {
            return Err(Refusal::protocol("encryption was negotiated already").into());
        }
    };
    if cluster.require_sni && !named {
        return Err(Refusal::new("28000", "unable to accept connection, sni was not received")
            .with_hint(
                "Connect by a name, the cluster's endpoint or localhost: an address is never sent as SNI.",
            )
            .into());
    }
    let strike = cluster.faults.at_connect();
    tokio::time::sleep(strike.before).await;
    if let Some(fault) = strike.fault {
        return Err(refusal_of(fault).into());
    }
    let place = cluster.admission.enter(Instant::now())?;
    let settings = settings(&startup)?;
    let mut answer = Answer::default();
    if startup.newer || !startup.unknown.is_empty() {
        answer.negotiate(&startup.unknown);
    }
    answer.authentication(3);
    client.send(&answer.take()).await?;
    let token = match client.next().await? {
        Some(frame) if frame.tag == b'p' => Reader::new(&frame.body).text()?,
        Some(_) => return Err(Refusal::protocol("expected a password").into()),
        None => return Ok(None),
    };
    let user = startup.user.as_str();
    let early = if cluster.faults.at_token() { iam::AFTER_EVERY_TOKEN } else { Duration::ZERO };
    let principal = cluster.gate.admit(&token, user, cluster.clock.now().plus(early))?;
    if user != "admin" && !mapped(cluster, user, &principal.arn).await? {
        return Err(iam::denied().into());
    }
    if startup.database.as_deref().is_some_and(|name| name != DATABASE) {
        let name = startup.database.unwrap_or_default();
        return Err(Refusal::new("3D000", format!("database \"{name}\" does not exist")).into());
    }
    let present = cluster.presence.enter(socket);
    let backend = Backend::connect(&cluster.socket, user, &settings).await.map_err(backend_refusal)?;
    answer.authentication(0);
    for (name, value) in backend.parameters() {
        let value = if name == "server_version" { relay::SERVER_VERSION } else { value };
        answer.parameter(name, value);
    }
    answer.frame(b'K', backend.key());
    client.send(&answer.take()).await?;
    Ok(Some((backend, (place, present))))
}

/// What a connection hears that is refused on request.
fn refusal_of(fault: Fault) -> Refusal {
    match fault {
        Fault::RefuseFull => Refusal::new("53300", "Unable to accept connection, too many open connections."),
        Fault::RefuseWaking => {
            Refusal::new("57P03", "unable to accept connection, waking up cluster, please retry later")
        }
        _ => Refusal::new("53400", "Unable to accept connection, rate exceeded."),
    }
}

/// The parameters that go to the backend.
fn settings(startup: &Startup) -> Result<Vec<(String, String)>, Refusal> {
    // How a client names its cluster when the host name does not.
    let given = startup.settings.iter().filter(|(name, _)| name.replace('-', "_") != "amzn_cluster_id");
    given
        .map(|(name, value)| match rules::settable(name) {
            true => Ok((name.clone(), value.clone())),
            false => Err(rules::unsettable(name)),
        })
        .collect()
}

/// Whether `AWS IAM GRANT` gave the role to the caller.
async fn mapped(cluster: &Cluster, role: &str, arn: &str) -> io::Result<bool> {
    let sql = "SELECT FROM sys.iam_pg_role_mappings JOIN pg_catalog.pg_roles ON oid = pg_role_oid \
               WHERE pg_role_name = $1 AND arn = $2 AND rolcanlogin";
    let outcome = cluster.control.lock().await.command(sql, &[role, arn]).await?;
    Ok(outcome.is_ok_and(|rows| !rows.is_empty()))
}

fn backend_refusal(error: ConnectError) -> Entry {
    let ConnectError::Server(fields) = error else {
        return Refusal::new("08006", "unable to accept connection, server unavailable").into();
    };
    let refusal = match fields.state() {
        "53300" => Refusal::new("53300", "Unable to accept connection, too many open connections."),
        "28000" => iam::denied(),
        state => Refusal::new(state, fields.message()),
    };
    refusal.into()
}

impl From<io::Error> for Entry {
    fn from(error: io::Error) -> Entry {
        Entry::Io(error)
    }
}

impl From<Refusal> for Entry {
    fn from(refusal: Refusal) -> Entry {
        Entry::Refused(refusal)
    }
}
