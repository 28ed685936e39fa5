//! How far a scenario is: a bar on a terminal, a line a second elsewhere, nothing where a program reads.
//! Always on standard error; the figures are the answer and stand alone on standard output.

use super::latency::grouped;
use crate::cli::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// When it is enough.
#[derive(Clone, Copy)]
pub enum Limit {
    /// After this time.
    Time(Duration),
    /// After this many.
    Count(u64),
}

/// The progress of one scenario.
pub struct Progress {
    bar: ProgressBar,
    name: &'static str,
    limit: Limit,
    began: Instant,
    lines: bool,
    told: Cell<u64>,
}

impl Progress {
    /// At the beginning.
    pub fn start(name: &'static str, limit: Limit, output: &Output) -> Progress {
        let length = match limit {
            Limit::Time(time) => u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            Limit::Count(count) => count,
        };
        let target = if output.is_watched() {
            ProgressDrawTarget::stderr_with_hz(5)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(length), target).with_prefix(name);
        // A template that does not parse leaves the plain bar.
        if let Ok(style) = ProgressStyle::with_template("{prefix:<12} {bar:40} {msg}") {
            bar.set_style(style);
        }
        let lines = output.is_read_as_text() && !output.is_watched();
        Progress { bar, name, limit, began: Instant::now(), lines, told: Cell::new(0) }
    }

    /// This many are done.
    pub fn reached(&self, count: u64) {
        let elapsed = self.began.elapsed();
        if self.lines && elapsed.as_secs() > self.told.replace(elapsed.as_secs()) {
            eprintln!("{:<12} {} s  {}", self.name, elapsed.as_secs(), grouped(count));
        }
        // The bar keeps its own time; asking it each time would be measured as well.
        if !self.bar.is_hidden() && count.is_multiple_of(256) {
            self.bar.set_message(grouped(count));
            self.bar.set_position(match self.limit {
                Limit::Time(_) => u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                Limit::Count(_) => count,
            });
        }
    }

    /// Gives the line back to what follows.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How often somebody who waits looks again.
pub const GLANCE: Duration = Duration::from_millis(1);
