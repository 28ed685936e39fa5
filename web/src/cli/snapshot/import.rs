//! `bursar snapshot import`: a new data directory out of a portable file. Nothing is believed before all of
//! the file was read once; nothing has its name before all of it is on the disk.

use super::export::{SIDE_FILES, of_export, of_log};
use super::progress::Progress;
use crate::cli::{Failure, Output};
use crate::identity::{make_private, write_private};
use serde_json::{Value, json};
use snapshots::export::{ExportFile, ExportSummary};
use snapshots::log::{FrameSource, LogCopy, LogSummary};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What came of it.
pub struct Imported {
    log: LogSummary,
    files: Vec<String>,
}

/// Verifies the export `file` and makes the directory `dir` of it: a log with an id of its own, its anchor,
/// and the files beside it. Everything else is made again by the first start.
///
/// # Errors
/// The file is damaged, the directory holds something already, or the file system refuses; `dir` is then as
/// it was.
pub fn import(
    file: &Path,
    dir: &Path,
    segment_bytes: u64,
    output: &Output,
) -> Result<Imported, Failure> {
    must_be_empty(dir)?;
    let export = ExportFile::open(file).map_err(of_export)?;
    if let Some((name, _)) =
        export.side_files().iter().find(|(name, _)| !SIDE_FILES.contains(&name.as_str()))
    {
        return Err(Failure::failed(format!(
            "{}: a file {name:?} is not known here",
            file.display()
        )));
    }
    let last = export.summary().last_sequence;
    let progress = Progress::start("verify", Some(last), output);
    export.verify(&mut |sequence| progress.reached(sequence)).map_err(of_export)?;
    progress.finish();
    let draft = draft_of(dir)?;
    let made = fill(&draft, &export, segment_bytes, &Progress::start("import", Some(last), output));
    let placed = made.and_then(|imported| place(&draft, dir).map(|()| imported));
    if placed.is_err() {
        // What is half done is nobody's; the trouble itself is told below.
        let _ = fs::remove_dir_all(&draft);
    }
    placed
}

fn must_be_empty(dir: &Path) -> Result<(), Failure> {
    let found = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(told(dir, &error)),
        Ok(entries) => entries.count(),
    };
    if found == 0 {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} holds something already; an import only makes a new directory",
        dir.display()
    )))
}

/// A directory beside the wanted one, on the same file system.
fn draft_of(dir: &Path) -> Result<PathBuf, Failure> {
    let name = dir.file_name().ok_or_else(|| {
        Failure::usage(format!("{} names no directory that can be made", dir.display()))
    })?;
    let mut draft = name.to_owned();
    draft.push(".importing");
    let draft = dir.with_file_name(draft);
    if draft.exists() {
        let what = "it is left from an import that was interrupted; remove it";
        return Err(Failure::failed(format!("{}: {what}", draft.display())));
    }
    make_private(&draft).map_err(|error| told(&draft, &error))?;
    Ok(draft)
}

fn fill(
    draft: &Path,
    export: &ExportFile,
    segment_bytes: u64,
    progress: &Progress,
) -> Result<Imported, Failure> {
    let failed = |error: io::Error| told(draft, &error);
    let log = draft.join("log");
    make_private(&log).map_err(failed)?;
    let mut copy = LogCopy::begin(&log, segment_bytes).map_err(failed)?;
    let mut frames = export.frames().map_err(of_export)?;
    while let Some(frame) = frames.next_frame().map_err(of_log)? {
        copy.take(&frame).map_err(failed)?;
        progress.reached(frame.last_sequence());
    }
    let log = copy.finish(&draft.join("anchor")).map_err(failed)?;
    let ExportSummary { last_sequence, .. } = export.summary();
    if log.last_sequence != last_sequence {
        return Err(Failure::damaged("the new log does not end where the export does"));
    }
    let mut files = Vec::new();
    for (name, bytes) in export.side_files() {
        write_private(&draft.join(name), bytes).map_err(failed)?;
        files.push(name.clone());
    }
    progress.finish();
    Ok(Imported { log, files })
}

fn place(draft: &Path, dir: &Path) -> Result<(), Failure> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    let placed = || {
        File::open(draft)?.sync_all()?;
        fs::rename(draft, dir)?;
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    };
    placed().map_err(|error: io::Error| told(dir, &error))
}

fn told(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}

impl Imported {
    /// For people.
    pub fn text(&self, dir: &Path) -> String {
        let LogSummary { last_sequence, .. } = self.log;
        format!(
            "{} holds the log through sequence {last_sequence}, and {}; what happened after that is not \
             known in it: do not serve from it while the old gateway lives",
            dir.display(),
            self.files.join(", ")
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "last_sequence": self.log.last_sequence, "side_files": self.files })
    }
}
