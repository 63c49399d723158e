//! The libraries in turns at one kind of work, so that what disturbs the machine disturbs all of them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::case::Case;
use crate::peer::{LIBRARIES, Library, Server};
use crate::report::Row;

/// A library in the race, or out of it.
pub(crate) struct Runner {
    name: &'static str,
    library: Option<Box<dyn Library>>,
}

/// How long everybody took for one kind of work.
pub(crate) struct Tally {
    name: String,
    /// Of those who are still in it.
    times: Vec<Option<Vec<Duration>>>,
    notes: Vec<String>,
}

/// How often everybody does the work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    /// Rounds that do not count.
    pub(crate) warm: usize,
    pub(crate) counted: usize,
}

/// All libraries, connected; a note about each that does not connect.
pub(crate) async fn connect(server: &Server, notes: &mut Vec<String>) -> Vec<Runner> {
    let mut runners = Vec::new();
    for (name, connect) in LIBRARIES {
        let library = match connect(server.clone()).await {
            Ok(library) => Some(library),
            Err(error) => {
                let note = format!("{name} is left out, it does not connect: {error:#}");
                notes.extend((!notes.contains(&note)).then_some(note));
                None
            }
        };
        runners.push(Runner { name, library });
    }
    runners
}

impl Tally {
    /// Nobody has done this yet.
    pub(crate) fn new(name: String) -> Self {
        Self { name, times: vec![Some(Vec::new()); LIBRARIES.len()], notes: Vec::new() }
    }

    /// Medians in microseconds, and who is left out.
    pub(crate) fn into_row(self) -> (Row, Vec<String>) {
        let microseconds = |times: Option<Vec<Duration>>| {
            let times = times.filter(|times| !times.is_empty())?;
            Some(crate::median(times).as_secs_f64() * 1e6)
        };
        (Row { name: self.name, medians: self.times.into_iter().map(microseconds).collect() }, self.notes)
    }

    async fn turn(&mut self, at: usize, runner: &mut Runner, case: Case, expected: usize, counted: bool) {
        let (Some(library), Some(taken)) = (&mut runner.library, &mut self.times[at]) else { return };
        let started = Instant::now();
        let found = library.run(case).await;
        let time = started.elapsed();
        let why = match found {
            Ok(found) if found == expected => return taken.extend(counted.then_some(time)),
            Ok(found) => format!("{found} rows instead of {expected}"),
            Err(error) => format!("{error:#}"),
        };
        self.notes.push(format!("{} is left out of “{}”: {why}", runner.name, self.name));
        self.times[at] = None;
    }
}

/// Has everybody do the work, as often as `rounds` says, where an application answers its requests: on a worker of the
/// runtime. Who fails or finds other rows than raw is out of it.
pub(crate) async fn race(
    tally: Tally,
    runners: Vec<Runner>,
    rounds: Rounds,
    next: impl FnMut() -> Case + Send + 'static,
) -> Result<(Tally, Vec<Runner>)> {
    tokio::spawn(take_turns(tally, runners, rounds, next)).await?
}

/// In each round the order is another one, so that nobody always comes after the same other.
async fn take_turns(
    mut tally: Tally,
    mut runners: Vec<Runner>,
    rounds: Rounds,
    mut next: impl FnMut() -> Case,
) -> Result<(Tally, Vec<Runner>)> {
    let raw = runners[0].library.as_mut().context("raw does not connect")?;
    let expected = raw.run(next()).await?;
    let mut order: Vec<usize> = (0..runners.len()).collect();
    let mut chance = StdRng::seed_from_u64(0);
    for round in 0..rounds.warm + rounds.counted {
        order.shuffle(&mut chance);
        for &at in &order {
            tally.turn(at, &mut runners[at], next(), expected, round >= rounds.warm).await;
        }
    }
    Ok((tally, runners))
}
