//! `bursar snapshot export`: the log up to a snapshot as one portable file, or as lines of JSON. The log is
//! read without a lock, so a gateway may go on writing behind the end that was chosen.

use super::json_lines;
use super::points::{self, Point};
use super::progress::Progress;
use super::reach::Reached;
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::serve;
use engine::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use snapshots::export::{ExportAbout, ExportError, ExportWriter, SideFiles};
use snapshots::log::{LogError, LogFrames};
use std::path::{Path, PathBuf};

/// Up to where a log is read.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The last sequence.
    pub through: u64,
    /// The snapshot it was chosen for.
    pub snapshot: Option<Point>,
}

/// Writes what was asked for.
pub fn run(
    config: &Config,
    reached: &mut Reached<'_>,
    which: &str,
    to: Option<PathBuf>,
    jsonl: Option<PathBuf>,
    output: &Output,
) -> Result<(), Failure> {
    let list = if which == "now" { json!({ "data": [] }) } else { reached.list()? };
    let mut told = Vec::new();
    if let Some(path) = to {
        let (mut source, end) = open(config, &list, which)?;
        let written = write(config, &mut source, end, &path, output)?;
        told.push(written);
    }
    if let Some(path) = jsonl {
        let (mut source, end) = open(config, &list, which)?;
        let progress = Progress::start("jsonl", Some(end.through), output);
        let written = json_lines::write(&mut source, end.through, &path, &progress)?;
        progress.finish();
        told.push((written.text(&path), written.json(&path)));
    }
    for (text, json) in told {
        output.say(&text, &json);
    }
    Ok(())
}

/// The log of the data directory, and the end that is meant.
pub fn open(config: &Config, list: &Value, which: &str) -> Result<(LogFrames, End), Failure> {
    let log = config.store.data_dir.join("log");
    let source = LogFrames::open(&log).map_err(of_log)?;
    let end = match which {
        "now" => End { through: source.through(), snapshot: None },
        which => {
            let point = points::find(list, which)?;
            End { through: point.sealed_at, snapshot: Some(point) }
        }
    };
    Ok((source, end))
}

fn write(
    config: &Config,
    source: &mut LogFrames,
    end: End,
    path: &Path,
    output: &Output,
) -> Result<(String, Value), Failure> {
    let side_files = side_files(&config.store.data_dir)?;
    let created_at = u64::try_from(SystemClock.now().0).unwrap_or_default();
    let about = ExportAbout { created_at, snapshot: end.snapshot.map(Into::into) };
    let progress = Progress::start("export", Some(end.through), output);
    let mut reached = |sequence| progress.reached(sequence);
    let written = ExportWriter::write(source, end.through, about, &side_files, path, &mut reached);
    let summary = written.map_err(of_export)?;
    progress.finish();
    let text = format!(
        "{}: {} records through sequence {}, {} bytes, read back and verified; it holds secrets and \
         personal data, keep it as you keep the data directory",
        path.display(),
        summary.records,
        summary.last_sequence,
        summary.bytes,
    );
    let names: Vec<&str> = side_files.iter().map(|(name, _)| name.as_str()).collect();
    let told = json!({
        "file": path.display().to_string(),
        "snapshot": end.snapshot.map(|point| point.id),
        "records": summary.records,
        "last_sequence": summary.last_sequence,
        "bytes": summary.bytes,
        "hash": blake3::Hash::from_bytes(summary.hash).to_hex().to_string(),
        "side_files": names,
        "holds_secrets": true,
    });
    Ok((text, told))
}

/// The files that lie beside the log and cannot be made again from it.
pub fn side_files(data_dir: &Path) -> Result<SideFiles, Failure> {
    serve::side_files_and_trial_keys(data_dir)
        .map_err(|error| Failure::failed(format!("{}: {error}", data_dir.display())))
}

/// The log's trouble: damage, or a file system that refuses.
pub fn of_log(error: LogError) -> Failure {
    match error {
        LogError::Damaged(_) | LogError::Missing { .. } => Failure::damaged(error),
        error => Failure::failed(error),
    }
}

/// An export's trouble.
pub fn of_export(error: ExportError) -> Failure {
    if error.is_damage() { Failure::damaged(error) } else { Failure::failed(error) }
}
