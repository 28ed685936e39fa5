//! What a restore is made from: the log of a data directory, or a portable file. Apart because only
//! here is it judged whether anything can have followed that the source does not have.

use super::ReachArgs;
use crate::cli::snapshot::{Reached, find_point, of_export, of_log, side_files};
use crate::cli::{Failure, data_dir};
use crate::config::Config;
use crate::identity::{DataDir, DataDirError};
use engine::ledger::{Intended, Ledger};
use engine::restore::Beyond;
use snapshots::export::{ExportFile, SideFiles};
use snapshots::intent_ledger::Kept;
use snapshots::log::{FrameSource, LogError, LogFrames, anchored};
use snapshots::log_archive::{ArchivedFrames, LogArchiveOptions};
use std::path::{Path, PathBuf};

/// Where the frames come from.
pub struct Source {
    kind: Kind,
    beyond: Beyond,
    /// What somebody should know of it.
    pub note: Option<String>,
}

enum Kind {
    Log { data_dir: PathBuf, damaged: bool, length: Option<u64> },
    File(Box<ExportFile>),
    Archive { options: Box<LogArchiveOptions>, log_id: Option<u64>, length: u64, side: SideFiles },
}

/// What asks for the configured archive of logs, and for the only log in it.
const ARCHIVE: &str = "archive";

/// What is meant, and its place in the log if it is a snapshot.
pub fn find(
    config: &Config,
    which: &str,
    reach: &ReachArgs,
    drill: bool,
) -> Result<(Source, Option<u64>), Failure> {
    if Path::new(which).is_file() {
        return Ok((Source::file(Path::new(which))?, None));
    }
    if let Some(of_log) = which.strip_prefix(ARCHIVE).filter(|rest| is_of_archive(rest)) {
        return Ok((Source::archive(config, of_log)?, None));
    }
    if !is_place(which) {
        return Err(Failure::usage(format!(
            "there is no file {which}, and it is no snapshot: give a file, a snapshot's id, latest, now, archive \
             or archive:LOG"
        )));
    }
    let data_dir = &config.store.data_dir;
    data_dir::must_be_one(data_dir)?;
    if !drill {
        must_be_at_rest(data_dir)?;
    }
    let place = match which {
        "now" => None,
        which => {
            let list = Reached::find(config, reach)?.list()?;
            Some(find_point(&list, which)?.sealed_at)
        }
    };
    let anchor =
        config.store.anchor.as_ref().map_or_else(|| data_dir.join("anchor"), PathBuf::from);
    Ok((Source::log(data_dir, &anchor)?, place))
}

/// Nothing, or a log's id behind a colon: `archive-2026.export` is a file.
fn is_of_archive(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(':')
}

/// Whether it can be a place in the log of the data directory.
fn is_place(which: &str) -> bool {
    matches!(which, "now" | "latest") || which.parse::<u64>().is_ok()
}

/// What a gateway sends while its past is restored would be known to nobody.
fn must_be_at_rest(data_dir: &Path) -> Result<(), Failure> {
    match DataDir::open(data_dir) {
        Ok(_) => Ok(()),
        Err(DataDirError::InUse(_)) => Err(Failure::failed(format!(
            "a gateway serves from {}: stop it first, or try with --drill",
            data_dir.display()
        ))),
        Err(error) => Err(error.into()),
    }
}

impl Source {
    /// A portable file, verified whole. Its gateway went on after it was written.
    pub fn file(path: &Path) -> Result<Source, Failure> {
        let export = ExportFile::open(path).map_err(of_export)?;
        export.verify(&mut |_| {}).map_err(of_export)?;
        let note = "the file knows nothing of what was sent after it was written";
        let kind = Kind::File(Box::new(export));
        Ok(Source { kind, beyond: Beyond::Unknown, note: Some(note.to_owned()) })
    }

    /// The configured archive of logs; of several logs in it, the one with this id behind a colon.
    fn archive(config: &Config, of_log: &str) -> Result<Source, Failure> {
        let options = config.log_archive.options().ok_or_else(|| {
            Failure::usage("log_archive.url names no archive of logs to restore from")
        })?;
        let log_id = match of_log.strip_prefix(':') {
            None => None,
            Some(id) => Some(u64::from_str_radix(id, 16).map_err(|_| {
                Failure::usage(format!("\"{id}\" is no log's id: sixteen hexadecimal digits"))
            })?),
        };
        let frames = ArchivedFrames::open(&options, log_id).map_err(Failure::failed)?;
        let length = frames.archived().through;
        let side = frames.side_files().map_err(Failure::damaged)?;
        let note = "the archive may be a little behind what was written last";
        let kind = Kind::Archive { options: Box::new(options), log_id, length, side };
        Ok(Source { kind, beyond: Beyond::Unknown, note: Some(note.to_owned()) })
    }

    fn log(data_dir: &Path, anchor: &Path) -> Result<Source, Failure> {
        let dir = data_dir.join("log");
        let kind = |damaged, length| Kind::Log { data_dir: data_dir.to_owned(), damaged, length };
        let frames = match LogFrames::open(&dir) {
            Ok(frames) => frames,
            Err(LogError::Damaged(damage)) => {
                let (beyond, note) = (Beyond::Unknown, Some(damage.to_string()));
                return Ok(Source { kind: kind(true, None), beyond, note });
            }
            Err(error) => return Err(of_log(error)),
        };
        let through = frames.through();
        let note = match anchored(anchor) {
            Ok(Some(mark)) if mark.sequence <= through => None,
            Ok(Some(mark)) => Some(format!(
                "the anchor knows the log up to record {}, but it ends at {through}",
                mark.sequence
            )),
            Ok(None) => Some(format!("there is no anchor at {}", anchor.display())),
            Err(error) => Some(format!("the anchor at {}: {error}", anchor.display())),
        };
        let beyond = if note.is_none() { Beyond::Nothing } else { Beyond::Unknown };
        Ok(Source { kind: kind(false, Some(through)), beyond, note })
    }

    /// The frames, from the first on.
    pub fn frames(&self) -> Result<Box<dyn FrameSource>, Failure> {
        match &self.kind {
            Kind::File(file) => Ok(Box::new(file.frames().map_err(of_export)?)),
            Kind::Archive { options, log_id, .. } => {
                let frames = ArchivedFrames::open(options, *log_id);
                Ok(Box::new(frames.map_err(Failure::failed)?))
            }
            Kind::Log { data_dir, damaged: true, .. } => {
                let frames = LogFrames::up_to_damage(&data_dir.join("log"));
                Ok(Box::new(frames.map_err(of_log)?))
            }
            Kind::Log { data_dir, .. } => {
                Ok(Box::new(LogFrames::open(&data_dir.join("log")).map_err(of_log)?))
            }
        }
    }

    /// The last record, where it is known beforehand.
    pub fn length(&self) -> Option<u64> {
        match &self.kind {
            Kind::File(file) => Some(file.summary().last_sequence),
            Kind::Archive { length, .. } => Some(*length),
            Kind::Log { length, .. } => *length,
        }
    }

    /// Whether anything can have followed.
    pub fn beyond(&self) -> Beyond {
        self.beyond
    }

    /// The files that lie beside the log and cannot be made again from it.
    pub fn side_files(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        match &self.kind {
            Kind::File(file) => Ok(file.side_files().clone()),
            Kind::Archive { side, .. } => Ok(side.clone()),
            Kind::Log { data_dir, .. } => side_files(data_dir),
        }
    }

    /// The lines of a ledger that are of this log.
    pub fn ledger(&self, dir: &Path) -> Result<Ledger, Failure> {
        let mut frames = self.frames()?;
        let first = frames.next_frame().map_err(of_log)?;
        let log_id = first.map_or(0, |frame| frame.log_id());
        let told = |what: String| Failure::damaged(format!("{}: {what}", dir.display()));
        let kept = snapshots::intent_ledger::read(dir, log_id)
            .map_err(|error| Failure::failed(format!("{}: {error}", dir.display())))?;
        let Kept { since, lines } = kept.ok_or_else(|| {
            told("it has no line of this log, so it says nothing about what was sent".to_owned())
        })?;
        let read = |line: &Vec<u8>| Intended::read(line).map_err(|error| told(error.to_string()));
        let intents = lines.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Ledger { since, intents })
    }
}
