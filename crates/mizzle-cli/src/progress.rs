//! What a run does, as it does it: lines, and a bar under them while something takes long.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mizzle_kit::Event;

use crate::migrations::{is_watched, say};

/// Shows a run to whoever looks on.
pub(crate) struct Progress {
    /// Nothing in between where nobody reads along.
    quiet: bool,
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::no_length();
        // Without a terminal, or with NO_COLOR or TERM=dumb, a bar would be noise.
        let watched = !quiet && is_watched() && std::env::var_os("NO_COLOR").is_none();
        bar.set_draw_target(if watched {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        Self { quiet, bar }
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
