//! What every scenario is given: how it was asked for, the configuration, the place for its files. Apart
//! because it is all that they have in common.

use super::args::BenchArgs;
use super::closed_loop::Closed;
use super::ground::Ground;
use super::progress::{Limit, Progress};
use crate::cli::Output;
use crate::config::Config;
use std::time::Duration;

/// The place of one bench.
pub struct Site<'a> {
    /// In effect for the engine and for every gateway that is started.
    pub config: &'a Config,
    /// Where their data lies.
    pub ground: Ground,
    /// What was asked for.
    pub args: &'a BenchArgs,
    /// Where answers and progress go.
    pub output: &'a Output,
}

impl Site<'_> {
    /// How long each run takes.
    pub fn time(&self) -> Duration {
        self.args.time()
    }

    /// As many connections as were asked for.
    pub fn connections(&self) -> usize {
        usize::try_from(self.args.connections).unwrap_or(1)
    }

    /// A closed loop over all connections.
    pub fn closed(&self, name: &'static str, limit: Limit) -> Closed {
        let progress = Progress::start(name, limit, self.output);
        Closed::new(self.connections(), limit, progress)
    }
}
