//! What a command takes: on the clock, and of the processors.

use std::fmt;
use std::fs;
use std::process::Command;
use std::time::Instant;

/// Seconds.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// Of all processors, with everything the command started: what other programs do meanwhile hardly changes it. Where the
    /// system does not tell (there is no `/proc`), those on the clock.
    pub(super) processor: f64,
    pub(super) clock: f64,
}

impl Cost {
    /// Runs the command.
    pub(super) fn of(command: &mut Command) -> Result<Self, String> {
        let (started, before) = (Instant::now(), of_children());
        crate::run(command)?;
        let clock = started.elapsed().as_secs_f64();
        let processor = before.zip(of_children()).map_or(clock, |(before, after)| after - before);
        Ok(Self { processor, clock })
    }

    /// The median of each.
    pub(super) fn median(costs: &[Self]) -> Self {
        let median = |of: fn(&Self) -> f64| {
            let mut values: Vec<f64> = costs.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self { processor: median(|cost| cost.processor), clock: median(|cost| cost.clock) }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s of processors, {:.2} s on the clock", self.processor, self.clock)
    }
}

/// Processor time of the children that have ended, user and system: the 16th and 17th field of `/proc/self/stat`, in hundredths
/// of a second (proc_pid_stat(5)). The second field, the program's name in parentheses, may have blanks.
fn of_children() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let hundredths = |at: usize| fields.get(at - 3)?.parse::<f64>().ok();
    Some((hundredths(16)? + hundredths(17)?) / 100.0)
}
