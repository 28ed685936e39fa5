//! `bursar verify --online`: a running gateway verifies, and is looked at until it has. Apart from the
//! verification of a directory at rest, which waits for nobody.

use super::tell_rendered;
use crate::cli::snapshot::{Progress, ReachArgs, Reached};
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::render::{ProgressOut, ReportOut};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/v1/ops/verify";
/// Between two looks: soon at first, because a small directory is read in a moment.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LAST_LOOK: Duration = Duration::from_secs(1);

/// As much of the answer as is needed here.
#[derive(Deserialize)]
struct Seen {
    state: String,
    started_at: String,
    progress: Option<ProgressOut>,
    report: Option<ReportOut>,
}

/// Orders it, waits for its end, and tells what was found.
pub fn run(
    config: &Config,
    reach: &ReachArgs,
    reason: &str,
    output: &Output,
) -> Result<(), Failure> {
    let Reached::Running(client) = Reached::find(config, reach)? else {
        let what = format!(
            "no gateway serves from {}; verify it without --online",
            config.store.data_dir.display()
        );
        return Err(Failure::failed(what));
    };
    let begun = read(client.post(PATH, &json!({ "reason": reason }))?)?;
    let progress = Progress::start("verify", None, output);
    let mut pause = FIRST_LOOK;
    let report = loop {
        std::thread::sleep(pause);
        pause = (pause * 2).min(LAST_LOOK);
        let seen = read(client.get(PATH)?)?;
        if seen.started_at != begun.started_at {
            return Err(Failure::failed("another verification has taken its place; begin again"));
        }
        match seen.report {
            Some(report) => break report,
            None if seen.state != "running" => {
                return Err(Failure::failed("it was broken off; the gateway's log says why"));
            }
            None => show(&progress, seen.progress),
        }
    };
    progress.finish();
    tell_rendered(&report, None, output, 1)
}

/// How far it is; nothing but that it goes on, until the gateway knows how much there is.
fn show(progress: &Progress, seen: Option<ProgressOut>) {
    match seen {
        Some(ProgressOut { read, of, .. }) if of > 0 => progress.reached_of(read.min(of), of),
        _ => progress.reached(0),
    }
}

fn read(answer: Value) -> Result<Seen, Failure> {
    serde_json::from_value(answer).map_err(|error| {
        Failure::failed(format!("the gateway answers in an unknown form: {error}"))
    })
}
