//! A data directory as it lies, for whoever wants to know whether all of it is
//! still there. Nothing in it is changed.
//!
//! Apart from the store because opening the store repairs: torn tails are
//! erased, databases set aside, anchors rewritten, and sled rewrites its own
//! tail in any case. Here the log is read where it lies, and the databases are
//! opened as copies, which are removed afterwards.

mod copies;

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use crate::{
    anchor::{Anchor, Mark},
    archive::{ArchiveStore, FjallArchive},
    directory::{Directory, LockError},
    events::{EventStore, FjallEvents, OF_ANOTHER_BUILD, OfLog},
    guarded::Fault,
    log::{self, Frame, LogSummary, Scan},
    open_error::{OpenError, RolledBackTo},
    options::StoreOptions,
    sled_store::{self, Database, Mirror, MirrorError, SnapshotReader},
};
use copies::Scratch;

pub use copies::Copied;

/// A locked data directory, its log judged, its databases opened as copies.
pub struct Inspection {
    /// What a walk over the whole log found.
    pub log: LogSummary,
    /// Where the log lies.
    pub log_dir: PathBuf,
    /// How far the anchor has seen the log; none without records.
    pub anchored: Option<u64>,
    /// sled, if it is there; or why it cannot be read.
    pub sled: Result<Option<SledFound>, String>,
    /// The archive, if it is there; or why it cannot be read.
    pub archive: Result<Option<Box<dyn ArchiveStore>>, String>,
    /// The events, if they are there; or why they cannot be read.
    pub events: Result<Option<Box<dyn EventStore>>, String>,
    /// In what respect the databases do not belong to the log.
    pub foreign: Vec<String>,
    /// What was copied, and where to.
    pub copied: Copied,
    /// After the databases in it.
    _scratch: Scratch,
    /// Last: nobody may write while anything is read.
    _directory: Directory,
}

/// sled's two halves.
pub struct SledFound {
    /// The snapshots.
    pub snapshots: SnapshotReader,
    mirror: Mirror,
}

impl SledFound {
    /// Hands on all frames that sled mirrors, in order, each checked.
    pub fn mirrored(
        &self,
        visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>,
    ) -> Result<(), MirrorError> {
        self.mirror.frames_from(0, visit)
    }
}

/// Why a directory could not be inspected: what [`crate::Store::open`] would
/// refuse is refused here in the same words.
pub type InspectionError = OpenError;

impl Inspection {
    /// Locks the directory, reads the whole log, and copies and opens the rest.
    /// The copies are made in `scratch`, or beside the originals.
    pub fn open(options: &StoreOptions, scratch: Option<&Path>) -> Result<Self, OpenError> {
        let directory = lock(options)?;
        let mark = read_anchor(&directory.anchor)?;
        let scratch = scratch.unwrap_or(&options.data_dir).join("verify.tmp");
        let mut scratch = Scratch::new(&scratch).map_err(io_error(&scratch))?;
        let sled = open_sled(&directory, &mut scratch, options)?;
        let scan = scan(&directory, mark, sled.as_ref().ok().and_then(Option::as_ref))?;
        judge(&scan, mark, &directory)?;
        let mut foreign = Vec::new();
        if let Ok(Some(sled)) = &sled {
            foreign.extend(disagreements(sled, &scan));
        }
        let archive = open_archive(&directory, &scan, &mut scratch, options)?;
        let events = open_events(&directory, &scan, &mut scratch, options)?;
        if let Ok(Some(archive)) = &archive {
            foreign.extend(ahead(archive.as_ref(), scan.last_sequence()));
        }
        let log = LogSummary {
            log_id: scan.tip.log_id,
            last_sequence: scan.last_sequence(),
            chain: scan.tip.chain,
            torn: scan.torn.is_some(),
        };
        Ok(Self {
            log,
            log_dir: directory.log.clone(),
            anchored: mark.map(|mark| mark.sequence),
            sled,
            archive,
            events,
            foreign,
            copied: scratch.copied(),
            _scratch: scratch,
            _directory: directory,
        })
    }
}

fn lock(options: &StoreOptions) -> Result<Directory, OpenError> {
    let data = &options.data_dir;
    // A lock makes what is missing; there must be nothing missing here.
    if !log::exists(&data.join("log"))? {
        let source = io::Error::new(io::ErrorKind::NotFound, "there is no log in it");
        return Err(OpenError::Io { path: data.clone(), source });
    }
    Directory::lock(options).map_err(|error| match error {
        LockError::InUse => OpenError::InUse(data.clone()),
        LockError::Io(source) => OpenError::Io { path: data.clone(), source },
    })
}

fn read_anchor(path: &Path) -> Result<Option<Mark>, OpenError> {
    Anchor::read(path).map_err(|source| OpenError::Anchor { path: path.to_owned(), source })
}

/// Walks the whole log. What sled knows of it is looked up on the way.
fn scan(
    directory: &Directory,
    mark: Option<Mark>,
    sled: Option<&SledFound>,
) -> Result<Scan, OpenError> {
    let mut wanted: Vec<u64> = mark.iter().map(|mark| mark.sequence).collect();
    if let Some(sled) = sled {
        let listed = sled.snapshots.list().unwrap_or_default();
        wanted.extend(listed.iter().filter_map(|(_, one)| Some(one.as_ref().ok()?.base_sequence)));
    }
    Ok(log::scan(&directory.log, 1, mark.map_or(0, |mark| mark.sequence), &wanted)?)
}

/// The anchor's judgement, as a start would pass it.
fn judge(scan: &Scan, mark: Option<Mark>, directory: &Directory) -> Result<(), OpenError> {
    let Some(mark) = mark else {
        return match scan.last_sequence() {
            0 => Ok(()),
            _ => Err(OpenError::AnchorMissing(directory.anchor.clone())),
        };
    };
    match crate::store::rolled_back(scan, mark) {
        None => Ok(()),
        Some(found) => {
            Err(OpenError::RolledBack { witness: "anchor", expected: mark.sequence, found })
        }
    }
}

/// Snapshots that were taken of another log, or of other frames.
fn disagreements(sled: &SledFound, scan: &Scan) -> Vec<String> {
    let mut found = Vec::new();
    for (id, info) in sled.snapshots.list().unwrap_or_default() {
        let (Ok(info), Ok((log_id, chain))) = (info, sled.snapshots.taken_at(id)) else { continue };
        if log_id != scan.tip.log_id {
            found.push(format!("sled, snapshot {id}: it belongs to another log"));
        } else if scan.head(info.base_sequence) != Some(chain) {
            found.push(format!("sled, snapshot {id}: it was taken from other frames"));
        } else if info.sealed_at > scan.last_sequence() {
            let ends = RolledBackTo::EndsAt(scan.last_sequence());
            found
                .push(format!("sled, snapshot {id}: it knows sequence {}, {ends}", info.sealed_at));
        }
    }
    found
}

fn ahead(archive: &dyn ArchiveStore, last: u64) -> Option<String> {
    let covers = archive.covers().ok().flatten().filter(|covers| *covers > last)?;
    Some(format!("archive: it is complete up to sequence {covers}, but the log ends at {last}"))
}

fn open_sled(
    directory: &Directory,
    scratch: &mut Scratch,
    options: &StoreOptions,
) -> Result<Result<Option<SledFound>, String>, OpenError> {
    let open = |dir: &Path| {
        let opened = sled_store::open(dir, options.sled_cache_bytes, options.open_deadline)?;
        let database: Database = opened.database;
        let mirror = Mirror::new(&database.journal);
        Ok(SledFound { snapshots: SnapshotReader { database: database.into() }, mirror })
    };
    open_copy(&directory.sled, scratch, open)
}

fn open_archive(
    directory: &Directory,
    scan: &Scan,
    scratch: &mut Scratch,
    options: &StoreOptions,
) -> Result<Result<Option<Box<dyn ArchiveStore>>, String>, OpenError> {
    let open = |dir: &Path| {
        let (room, deadline) = (options.archive_room(), options.open_deadline);
        let archive = FjallArchive::open(dir, scan.tip.log_id, room, deadline)?;
        Ok(Box::new(archive) as Box<dyn ArchiveStore>)
    };
    open_copy(&directory.archive, scratch, open)
}

fn open_events(
    directory: &Directory,
    scan: &Scan,
    scratch: &mut Scratch,
    options: &StoreOptions,
) -> Result<Result<Option<Box<dyn EventStore>>, String>, OpenError> {
    let log =
        OfLog { log_id: scan.tip.log_id, last_sequence: scan.last_sequence(), distrust: false };
    let open = |dir: &Path| {
        let (room, deadline) = (options.events_room(), options.open_deadline);
        match FjallEvents::open(dir, log, room, deadline)? {
            // Nothing is wrong with them: the next start makes them in this build's form.
            (_, Some(OF_ANOTHER_BUILD)) => Ok(None),
            (_, Some(reason)) => Err(Fault::Unusable(reason.to_owned())),
            (events, None) => Ok(Some(Box::new(events) as Box<dyn EventStore>)),
        }
    };
    Ok(open_copy(&directory.events, scratch, open)?.map(Option::flatten))
}

/// Copies a database and opens the copy. What the system refuses is an error;
/// what the bytes refuse is a finding.
fn open_copy<T>(
    original: &Path,
    scratch: &mut Scratch,
    open: impl FnOnce(&Path) -> Result<T, Fault>,
) -> Result<Result<Option<T>, String>, OpenError> {
    if !original.exists() {
        return Ok(Ok(None));
    }
    let copy = scratch.copy(original).map_err(io_error(original))?;
    match open(&copy) {
        Ok(opened) => Ok(Ok(Some(opened))),
        Err(Fault::Unusable(reason)) => Ok(Err(reason)),
        Err(Fault::Busy) => Err(OpenError::StillOpen(original.to_owned())),
        Err(Fault::Refused(reason)) => {
            Err(OpenError::Refused { path: original.to_owned(), reason })
        }
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<'_> {
    move |source| OpenError::Io { path: path.to_owned(), source }
}
