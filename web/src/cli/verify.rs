//! `bursar verify` and `bursar replay`: is everything still there, and does this build read it as it was
//! written? One walk behind both; they differ in what they look at and in how much they tell.

use super::{Failure, Output};
use crate::config::Config;
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

/// Verifies the data directory; it must not be in use.
pub fn run(config: &Config, args: &VerifyArgs, output: &Output) -> Result<(), Failure> {
    let options = VerifyOptions { scratch: args.scratch.clone(), ..VerifyOptions::default() };
    let report = verification::whole(&store_options(config), &options).map_err(refused)?;
    tell(&report, output, 1)
}

/// Folds payouts again with this build, and prints whatever differs from what is stored.
pub fn replay(config: &Config, args: &ReplayArgs, output: &Output) -> Result<(), Failure> {
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
pub fn tell(report: &Report, output: &Output, told_at_most: usize) -> Result<(), Failure> {
    for line in lines(report) {
        output.text_only(&line);
    }
    if !report.copied.names.is_empty() {
        let (names, bytes) = (report.copied.names.join(", "), report.copied.bytes);
        output
            .text_only(&format!("{names} were read as copies ({bytes} bytes), which are removed"));
    }
    output.json_only(&verification::document(report));
    if report.is_sound() {
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
            "{} is in use by another process; a gateway that runs reads everything again by itself, \
             every `scrub.every`",
            path.display()
        )),
        error => Failure::failed(error),
    }
}
