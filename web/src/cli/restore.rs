//! `bursar restore`: a new data directory as of an earlier time, out of which nothing is paid twice. It
//! shows first what it will do, and never writes over anything.

mod drill;
mod show;
mod source;

pub use drill::{FILE as DRILL_FILE, LastDrill};
pub use source::Source;

use super::snapshot::ReachArgs;
use super::{Failure, Output};
use crate::cli::snapshot::Progress;
use crate::config::Config;
use clap::Args;
use domain::time::Timestamp;
use engine::clock::{Clock, SystemClock};
use engine::desk::Signature;
use engine::ledger::Ledger;
use engine::restore::{Orders, Plan, Point, RestoreError, carry_out, plan};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// From what, to when, into where.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// A snapshot's id, `latest`, `now`, the path of a portable file, or `archive` for the configured
    /// archive of logs (`archive:LOG` where it has several)
    #[arg(long, value_name = "ID|FILE", default_value = "latest")]
    snapshot: String,
    /// The new data directory; one that holds anything is refused
    #[arg(long, value_name = "DIR", required_unless_present = "drill")]
    into: Option<PathBuf>,
    /// Only what was written by then, such as 2026-11-20T09:30:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "to_seq")]
    to: Option<String>,
    /// Only up to this journal record
    #[arg(long, value_name = "N")]
    to_seq: Option<u64>,
    /// The ledger of intents, where the log itself is lost: `store.intent_ledger` of the lost gateway
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Try it beside the running gateway: nothing is kept, no provider is called
    #[arg(long)]
    drill: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Who restores, for the record
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "from the command line")]
    reason: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Does it.
pub fn run(config: &Config, args: &RestoreArgs, output: &Output) -> Result<(), Failure> {
    let (source, place) = source::find(config, &args.snapshot, &args.reach, args.drill)?;
    let point = point(args, place)?;
    if args.drill {
        return drill::run(config, args, &source, point, output);
    }
    let into = args.into.as_deref().ok_or_else(|| Failure::usage("--into names no directory"))?;
    must_be_free(into)?;
    let plan = make_plan(&source, point, args, output)?;
    show::plan(&plan, &source, Some(into), config, output);
    if !args.yes && !agreed()? {
        return Err(Failure::failed("nothing was restored"));
    }
    let orders = orders(config, args, &source, into)?;
    let carried = carry_out_of(&source, &plan, &orders, output)?;
    show::carried(&plan, &carried, into, config, output);
    Ok(())
}

/// Makes a data directory out of all that a portable file holds, as a restore to its end.
pub fn whole_file(
    config: &Config,
    file: &Path,
    into: &Path,
    output: &Output,
) -> Result<(), Failure> {
    let (source, _) = (Source::file(file)?, ());
    must_be_free(into)?;
    let plan = planned(&source, Point::End, None, output)?;
    let by = std::env::var("USER").unwrap_or_else(|_| "operator".to_owned());
    let orders = orders_of(config, &by, "imported", &source, into)?;
    let carried = carry_out_of(&source, &plan, &orders, output)?;
    show::carried(&plan, &carried, into, config, output);
    Ok(())
}

/// The point that is meant: the one that was named, or the place of the snapshot.
fn point(args: &RestoreArgs, place: Option<u64>) -> Result<Point, Failure> {
    if let Some(last) = args.to_seq {
        return Ok(Point::Sequence(last));
    }
    if let Some(text) = &args.to {
        let time: jiff::Timestamp = text.parse().map_err(|_| {
            Failure::usage(format!(
                "--to: \"{text}\" is no time as in RFC 3339, such as 2026-11-20T09:30:00Z"
            ))
        })?;
        return Ok(Point::Time(Timestamp(time.as_microsecond())));
    }
    Ok(place.map_or(Point::End, Point::Sequence))
}

fn must_be_free(into: &Path) -> Result<(), Failure> {
    let occupied = std::fs::read_dir(into).is_ok_and(|mut inside| inside.next().is_some());
    if occupied || into.is_file() {
        return Err(failure(RestoreError::Occupied(into.to_owned())));
    }
    Ok(())
}

fn make_plan(
    source: &Source,
    point: Point,
    args: &RestoreArgs,
    output: &Output,
) -> Result<Plan, Failure> {
    let ledger = args.ledger.as_deref().map(|dir| source.ledger(dir)).transpose()?;
    planned(source, point, ledger.as_ref(), output)
}

fn planned(
    source: &Source,
    point: Point,
    ledger: Option<&Ledger>,
    output: &Output,
) -> Result<Plan, Failure> {
    let progress = Progress::start("read", source.length(), output);
    let mut frames = source.frames()?;
    let mut reached = |sequence| progress.reached(sequence);
    let made = plan(frames.as_mut(), point, source.beyond(), ledger, &mut reached);
    progress.finish();
    made.map_err(failure)
}

fn orders(
    config: &Config,
    args: &RestoreArgs,
    source: &Source,
    into: &Path,
) -> Result<Orders, Failure> {
    orders_of(config, &args.by, &args.reason, source, into)
}

fn orders_of(
    config: &Config,
    by: &str,
    reason: &str,
    source: &Source,
    into: &Path,
) -> Result<Orders, Failure> {
    let signed = Signature { by: by.into(), reason: reason.into(), from: "command line".into() };
    Ok(Orders {
        into: into.to_owned(),
        signed,
        now: SystemClock.now(),
        ask_first_for: config.store.ask_first_after_restore,
        segment_bytes: config.store.segment_bytes,
        side_files: source.side_files()?,
    })
}

fn carry_out_of(
    source: &Source,
    plan: &Plan,
    orders: &Orders,
    output: &Output,
) -> Result<engine::restore::Carried, Failure> {
    let progress = Progress::start("write", Some(plan.through), output);
    let mut frames = source.frames()?;
    let mut reached = |sequence| progress.reached(sequence);
    let carried = carry_out(frames.as_mut(), plan, orders, &mut reached);
    progress.finish();
    carried.map_err(failure)
}

/// Asks a person. Where nobody can answer, `--yes` is the answer.
fn agreed() -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("nobody can be asked here: say --yes"));
    }
    eprint!("restore? [y/N] ");
    // A prompt that cannot be shown is answered with no.
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn failure(error: RestoreError) -> Failure {
    match error {
        RestoreError::Log(error) => crate::cli::snapshot::of_log(error),
        RestoreError::Record { .. } => Failure::damaged(error),
        RestoreError::TooShort { .. } | RestoreError::BeforeAll => Failure::usage(error),
        RestoreError::Occupied(_) | RestoreError::Changed | RestoreError::Io { .. } => {
            Failure::failed(error)
        }
    }
}
