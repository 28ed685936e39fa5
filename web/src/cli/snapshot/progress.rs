//! How far a long command is: a bar on a terminal, a line every few seconds elsewhere, nothing where a
//! program reads. On standard error; the answer stands alone on standard output.

use crate::cli::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// How it looks while nobody knows how much there is, and once it is known.
const UNMEASURED: &str = "{prefix:<10} {spinner}";
const MEASURED: &str = "{prefix:<10} {bar:40} {percent}%";

/// The progress of one command.
pub struct Progress {
    bar: ProgressBar,
    name: &'static str,
    lines: bool,
    told: Cell<Instant>,
}

impl Progress {
    /// At the beginning, of so many steps; without a number it only shows that it goes on.
    pub fn start(name: &'static str, of: Option<u64>, output: &Output) -> Progress {
        let watched = output.is_watched();
        let target = if watched {
            ProgressDrawTarget::stderr_with_hz(5)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(of, target).with_prefix(name);
        draw(&bar, if of.is_some() { MEASURED } else { UNMEASURED });
        let lines = output.is_read_as_text() && !watched;
        Progress { bar, name, lines, told: Cell::new(Instant::now()) }
    }

    /// This much is done.
    pub fn reached(&self, position: u64) {
        self.bar.set_position(position);
        self.bar.tick();
        if self.lines && self.told.get().elapsed() >= LINE_EVERY {
            self.told.set(Instant::now());
            match self.bar.length() {
                Some(length) => eprintln!("{}: {position} of {length}", self.name),
                None => eprintln!("{}: under way", self.name),
            }
        }
    }

    /// This much of so much is done.
    pub fn reached_of(&self, position: u64, of: u64) {
        if self.bar.length().is_none() {
            draw(&self.bar, MEASURED);
        }
        self.bar.set_length(of);
        self.reached(position);
    }

    /// Gives the line back to what follows.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn draw(bar: &ProgressBar, template: &str) {
    // A template that does not parse leaves the plain bar.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
