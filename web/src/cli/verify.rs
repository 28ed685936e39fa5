//! `bursar verify` and `bursar replay`: is everything still there, and does this build read it as it was
//! written? One walk behind both; they differ in what they look at and in how much they tell.

mod online;

use super::snapshot::{ReachArgs, WhyArgs};
use super::{Failure, Output, data_dir};
use crate::config::Config;
use crate::render::{self, ReportOut};
use crate::serve::store_options;
use crate::verification::{self, line, lines};
use clap::Args;
use domain::id::PayoutId;
use engine::verify::{Report, VerifyOptions, verify};
use snapshots::OpenError;
use std::path::PathBuf;

/// What `verify` takes.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Copy the databases into this directory to read them, not beside the originals
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Have a running gateway do it, beside whatever goes on
    #[arg(long, conflicts_with = "scratch")]
    online: bool,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    why: WhyArgs,
}

/// What `replay` takes.
#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct ReplayArgs {
    /// This payout: po_…
    #[arg(group = "which", value_name = "ID")]
    id: Option<PayoutId>,
    /// Every payout
    #[arg(long, group = "which")]
    all: bool,
    /// Copy the databases into this directory to read them, not beside the originals
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

/// Verifies the data directory: one that is not in use, or that of a running gateway.
pub fn run(config: &Config, args: &VerifyArgs, output: &Output) -> Result<(), Failure> {
    if args.online {
        return online::run(config, &args.reach, &args.why.reason, output);
    }
    if args.reach.is_an_address_given() {
        return Err(Failure::usage("--url belongs to --online"));
    }
    data_dir::must_be_one(&config.store.data_dir)?;
    let options = VerifyOptions { scratch: args.scratch.clone(), ..VerifyOptions::default() };
    let report = verification::whole(&store_options(config), &options).map_err(refused)?;
    tell(&report, output, 1)
}

/// Folds payouts again with this build, and prints whatever differs from what is stored.
pub fn replay(config: &Config, args: &ReplayArgs, output: &Output) -> Result<(), Failure> {
    data_dir::must_be_one(&config.store.data_dir)?;
    let scratch = args.scratch.clone();
    let options = VerifyOptions { scratch, only: args.id, ..VerifyOptions::default() };
    let report = verify(&store_options(config), &options).map_err(refused)?;
    if let Some(id) = args.id
        && report.is_sound()
        && report.payouts == 0
    {
        return Err(Failure::failed(format!("the journal knows no payout {id}")));
    }
    tell(&report, output, report.told.len())
}

/// The report, with so many divergences; any at all is damage.
fn tell(report: &Report, output: &Output, told_at_most: usize) -> Result<(), Failure> {
    let copied = (!report.copied.names.is_empty()).then(|| {
        let (names, bytes) = (report.copied.names.join(", "), report.copied.bytes);
        format!("{names} were read as copies ({bytes} bytes), which are removed")
    });
    tell_rendered(&render::report(report), copied, output, told_at_most)
}

fn tell_rendered(
    report: &ReportOut,
    besides: Option<String>,
    output: &Output,
    told_at_most: usize,
) -> Result<(), Failure> {
    for line in lines(report).into_iter().chain(besides) {
        output.text_only(&line);
    }
    output.json_only(&serde_json::to_value(report).map_err(Failure::failed)?);
    if report.sound {
        output.text_only("everything is there");
        return Ok(());
    }
    if !output.is_read_as_text() {
        return Err(Failure::diverges(Vec::new()));
    }
    let mut said: Vec<String> = report.told.iter().take(told_at_most).map(line).collect();
    let more = report.divergences.saturating_sub(said.len() as u64);
    if more > 0 {
        said.push(format!("and {more} more divergence(s); --json tells up to a thousand"));
    }
    Err(Failure::diverges(said))
}

fn refused(error: OpenError) -> Failure {
    match error {
        OpenError::InUse(path) => Failure::failed(format!(
            "{} is in use by another process; a gateway that runs does it by `verify --online`, and by \
             itself every `scrub.every`",
            path.display()
        )),
        error => Failure::failed(error),
    }
}
