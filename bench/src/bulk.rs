//! 100,000 rows inserted, by the typed layer beside raw tokio-postgres and the peers.

use anyhow::Result;
use mizzle_local::LocalDsql;

use crate::case::{Case, READINGS, TABLES};
use crate::peer::{LIBRARIES, Server};
use crate::race::{Rounds, Tally, connect, race};
use crate::report::{Report, Unit};

const ROUNDS: Rounds = Rounds { warm: 0, counted: 3 };

/// The time of all rows.
pub(crate) async fn run() -> Result<Report> {
    let local = LocalDsql::start().await?;
    let server = Server::of(&local)?;
    let client = server.config.connect().await?;
    for table in TABLES {
        client.batch_execute(table).await?;
    }
    let mut notes = Vec::new();
    let runners = connect(&server, &mut notes).await;
    let mut from = 0;
    let next = move || {
        from += READINGS;
        Case::Readings { from }
    };
    let tally = Tally::new("bulk insert of 100,000 rows".to_owned());
    let (tally, _) = race(tally, runners, ROUNDS, next).await?;
    let (row, left_out) = tally.into_row();
    notes.extend(left_out);
    local.stop().await?;
    Ok(Report {
        name: "bulk",
        unit: Unit::Microseconds,
        columns: LIBRARIES.iter().map(|(name, _)| *name).collect(),
        rows: vec![row],
        extra: Vec::new(),
        notes,
    })
}
