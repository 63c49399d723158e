//! What a run does, as it does it: lines, and a bar under them while something takes long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mizzle_kit::Event;

use crate::migrations::{is_watched, say};

/// Between two pictures of something that turns.
const TICK: Duration = Duration::from_millis(120);

/// Something that takes a while and says nothing meanwhile: shown until it is dropped.
pub(crate) struct Busy(ProgressBar);

impl Busy {
    pub(crate) fn new(doing: &str) -> Self {
        let bar = bar(true);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(doing.to_owned());
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar for whoever looks on: without a terminal, or with NO_COLOR or TERM=dumb, it would be noise.
fn bar(wanted: bool) -> ProgressBar {
    let bar = ProgressBar::no_length();
    let watched = wanted && is_watched() && std::env::var_os("NO_COLOR").is_none();
    bar.set_draw_target(if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
    bar
}

/// Shows a run to whoever looks on.
pub(crate) struct Progress {
    /// Nothing in between where nobody reads along.
    quiet: bool,
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, bar: bar(!quiet) }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Waiting { since, statement, .. } if since.as_secs() > 0 => {
                self.style("  {spinner} {msg} ({elapsed})");
                self.bar.set_message(format!("waiting for the job of {}", statement.title()));
                self.bar.tick();
            }
            Event::Backfilled { rows, of: Some(of), statement, .. } => {
                self.style("  {bar:30} {human_pos} of about {human_len} rows, {per_sec}, {eta} left  {msg}");
                self.bar.set_length((*of).max(*rows));
                self.bar.set_position(*rows);
                self.bar.set_message(statement.title().to_owned());
            }
            Event::Backfilled { rows, statement, .. } => {
                self.style("  {spinner} {human_pos} rows, {per_sec}  {msg}");
                self.bar.set_position(*rows);
                self.bar.set_message(statement.title().to_owned());
            }
            Event::Applied { .. } => self.clear(),
            _ => {}
        }
        if event.is_news() && !self.quiet {
            self.bar.suspend(|| say(event));
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
        self.bar.reset();
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }
}
