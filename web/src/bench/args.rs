//! What `bench` can be asked for. Apart from what it does, so that the list of flags is one page.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const QUICK: Duration = Duration::from_millis(200);
const QUICK_PAYOUTS: u64 = 200;
const QUICK_MERCHANTS: u64 = 10;
const PAYOUTS: u64 = 20_000;
const GROWTH_PAYOUTS: u64 = 100_000;

/// What `bench` takes.
#[derive(Clone, Debug, Args)]
#[command(subcommand_precedence_over_arg = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub command: Option<BenchCommand>,
    /// What to measure; if nothing is asked for: all but `crash`, `growth` and `overload`
    pub scenarios: Vec<Scenario>,
    /// How long each run takes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// Connections over which requests are made at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub connections: u64,
    /// `engine` and `queue`: requests or payouts under way at once
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub concurrency: u64,
    /// How many payouts are there in `get`, `list`, `recovery`, `snapshot`, `live` and `queue`, and how many
    /// may live at once in `overload`, without it 20,000; the last step of `growth`, without it 100,000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub payouts: Option<u64>,
    /// The last step of `growth` in merchants
    #[arg(long, value_name = "M", default_value_t = 1_000,
          value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub merchants: u64,
    /// Requests a second of open loops; without it half of what was reached before, twice that in `overload`, and
    /// 2,000 in `mixed`. Calls
    /// a second that the provider of `queue` allows; without it 100
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub rate: Option<u64>,
    /// The scenario `crash`, which no run plays unasked: kill -9, restart, look for every payout
    #[arg(long)]
    pub crash: bool,
    /// The scenario `live` with this many payouts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub live: Option<u64>,
    /// Only see whether everything works: runs of a fifth of a second with at most 200 payouts
    #[arg(long)]
    pub quick: bool,
    /// Write plots (SVG) into this directory
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
}

/// What can be done beside measuring.
#[derive(Clone, Debug, Subcommand)]
pub enum BenchCommand {
    /// Put the figures of two runs beside each other (files that `bench --json` wrote)
    Compare {
        /// The first
        a: PathBuf,
        /// The second; ratios are this one by the first
        b: PathBuf,
    },
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Durable creates over HTTP, against a bare echo: all it can, then at half of that
    Create,
    /// Whole lives over HTTP: created, sent, verified, paid; every one is looked up in the end
    Life,
    /// Creates and whole lives inside the engine, without HTTP
    Engine,
    /// Reading a payout by its id, live and archived
    Get,
    /// Pages of a hundred payouts
    List,
    /// From kill -9 to ready, from the log and from a snapshot
    Recovery,
    /// Creates while snapshots are taken
    Snapshot,
    /// Memory of payouts that wait, and the processor time of waiting
    Live,
    /// From nothing to ready
    Start,
    /// A realistic day: many small payouts to phones, some to banks, some that fail, some in doubt
    Mixed,
    /// A provider that may be called only so often, and many payouts of unequal merchants that wait for it
    Queue,
    /// kill -9 in the middle of `life`, then every payout is looked for
    Crash,
    /// Ten times as many finished payouts from step to step, and merchants: what each step costs
    Growth,
    /// Twice the load that it can do: what is taken is finished, what is refused was never begun
    Overload,
}

impl BenchArgs {
    /// What is to be measured, in this order.
    pub fn plan(&self) -> Vec<Scenario> {
        let mut plan = self.scenarios.clone();
        if plan.is_empty() && self.live.is_none() && !self.crash {
            let all = Scenario::value_variants().iter().copied();
            let unasked = |one: &Scenario| {
                matches!(one, Scenario::Crash | Scenario::Growth | Scenario::Overload)
            };
            plan.extend(all.filter(|one| !unasked(one)));
        }
        for (asked, scenario) in
            [(self.live.is_some(), Scenario::Live), (self.crash, Scenario::Crash)]
        {
            if asked && !plan.contains(&scenario) {
                plan.push(scenario);
            }
        }
        plan
    }

    /// How long each run takes.
    pub fn time(&self) -> Duration {
        if self.quick { QUICK } else { Duration::from_secs(self.seconds) }
    }

    /// How many payouts there are in scenarios that want some.
    pub fn payouts(&self) -> u64 {
        self.payouts_or(PAYOUTS)
    }

    /// How many payouts there are at the last step of `growth`.
    pub fn growth_payouts(&self) -> u64 {
        self.payouts_or(GROWTH_PAYOUTS)
    }

    /// How many merchants there are at the last step of `growth`.
    pub fn growth_merchants(&self) -> u64 {
        if self.quick { self.merchants.min(QUICK_MERCHANTS) } else { self.merchants }
    }

    fn payouts_or(&self, otherwise: u64) -> u64 {
        let payouts = self.payouts.unwrap_or(otherwise);
        if self.quick { payouts.min(QUICK_PAYOUTS) } else { payouts }
    }

    /// How many payouts `live` weighs.
    pub fn live_payouts(&self) -> u64 {
        self.live.unwrap_or(self.payouts())
    }
}
