//! The store: log, sled, archive and events as one thing that opens, replays
//! and runs.
//!
//! Apart because the order of opening is a promise of its own. The log is the
//! truth and is judged first, against the anchor; sled, archive and events
//! are judged against the log, and replaced when they disagree with it. The log is
//! not written to before it is found sound, and every step can be interrupted
//! and begun again (I-27).
//!
//! [`Store::open`], then [`Store::replay`], then [`Store::start`].

mod archive_side;
mod archiving;
mod completion;
mod events_side;
mod find;
mod in_memory;
mod replay;
mod running;
mod sled_side;
mod split_replay;
mod verdict;

use std::{io, path::Path, sync::Arc};

pub use find::{FindError, Found, FoundIn};
pub use in_memory::{Hands, VisitorsByHand};
pub use replay::{ReplayError, Replayed};
pub use running::Running;

use crate::{
    anchor::{Anchor, Mark},
    archive::{ArchiveStore, FjallArchive},
    directory::{Directory, LockError},
    events::{EventStore, LateEvents},
    log::{self, Scan, SegmentRules, Tail},
    open_error::{OpenError, RolledBackTo},
    options::{AnchorPolicy, Durability, StoreOptions},
    sled_store::SnapshotInfo,
};
use sled_side::SledSide;

pub(crate) use verdict::rolled_back;

/// A store that was found sound and is not running yet.
pub struct Store {
    // First, so that it is dropped first: a spare segment may be in the making.
    tail: Tail,
    anchor: Anchor,
    sled: SledSide,
    archive: Arc<FjallArchive>,
    archive_rebuilt: bool,
    /// From here on every frame of the log was hashed by the walk to its tip.
    walked_from: u64,
    events: Arc<LateEvents>,
    directory: Directory,
    options: StoreOptions,
}

impl Store {
    /// Opens or creates the store, and checks it as described above.
    pub fn open(options: StoreOptions) -> Result<Self, OpenError> {
        let directory = lock(&options)?;
        let rules = rules(&options);
        let mark = Anchor::read(&directory.anchor).map_err(anchor_error(&directory.anchor))?;
        let began = !log::exists(&directory.log)?;
        if began {
            verdict::refuse_lost_log(mark, &options)?;
        }
        let mut sled = SledSide::open(&directory.sled, &options, began)?;
        if began {
            Tail::create(&directory.log, rules).map_err(io_error(&directory.log))?;
        }
        let scan = scan(&directory.log, mark, &sled, &options)?;
        let adopted = verdict::judge_by_anchor(&scan, mark, &directory.anchor, &options)?;
        if adopted {
            sled = sled.replace("the log was adopted as it is")?;
        }
        if let Some(torn) = &scan.torn {
            log::erase(torn)?;
        }
        let mut tail =
            Tail::resume(&directory.log, &scan.tip, rules).map_err(io_error(&directory.log))?;
        let walked_from = scan.from;
        let sled = settle_sled(sled, scan, &mut tail, mark, &directory, &options)?;
        let archive =
            archive_side::open(&directory.archive, &tail, sled.snapshot(), adopted, &options)?;
        let events = events_side::open(&directory.events, &tail, adopted, &options)?;
        let mark =
            Mark { log_id: tail.log_id(), sequence: tail.next_sequence() - 1, chain: tail.chain() };
        let anchor = Anchor::open(&directory.anchor, mark, rules.durable)
            .map_err(anchor_error(&directory.anchor))?;
        let archive_rebuilt = archive.rebuilt;
        Ok(Self {
            tail,
            anchor,
            sled,
            archive: Arc::new(archive.archive),
            archive_rebuilt,
            walked_from,
            events: Arc::new(events),
            directory,
            options,
        })
    }

    /// Whether the archive is empty or incomplete. [`Store::replay`] then
    /// begins at the log's start, and the engine archives what it finds
    /// finished on the way; the next snapshot completes the rebuild.
    pub fn archive_rebuilt(&self) -> bool {
        self.archive_rebuilt
    }

    /// Whether sled was lost or thrown away. It fills again by itself.
    pub fn sled_rebuilt(&self) -> bool {
        self.sled.rebuilt()
    }

    /// The snapshot that the replay begins with, if it does with one.
    pub fn snapshot(&self) -> Option<SnapshotInfo> {
        let snapshot = self.sled.snapshot().filter(|_| !self.archive_rebuilt);
        snapshot.map(|manifest| manifest.info())
    }

    /// Sequence of the last record in the log.
    pub fn last_sequence(&self) -> u64 {
        self.tail.next_sequence() - 1
    }

    /// The archive, for a replay that fills or asks it.
    pub fn archive(&self) -> Arc<dyn ArchiveStore> {
        Arc::clone(&self.archive) as Arc<dyn ArchiveStore>
    }

    /// The events, for whoever wants to know how far the log was read.
    pub fn events(&self) -> Arc<dyn EventStore> {
        Arc::clone(&self.events) as Arc<dyn EventStore>
    }
}

fn lock(options: &StoreOptions) -> Result<Directory, OpenError> {
    if options.durability == Durability::None {
        tracing::error!("commits are not fsynced: a power cut loses acknowledged payouts");
    }
    Directory::lock(options).map_err(|error| match error {
        LockError::InUse => OpenError::InUse(options.data_dir.clone()),
        LockError::Io(source) => OpenError::Io { path: options.data_dir.clone(), source },
    })
}

fn rules(options: &StoreOptions) -> SegmentRules {
    SegmentRules { bytes: options.segment_bytes, durable: options.durability == Durability::Fsync }
}

/// Walks the log from the earliest place that anybody has a word on.
fn scan(
    log_dir: &Path,
    mark: Option<Mark>,
    sled: &SledSide,
    options: &StoreOptions,
) -> Result<Scan, OpenError> {
    let mut wanted = sled.sequences();
    wanted.extend(mark.map(|mark| mark.sequence));
    let from = wanted.iter().copied().min().unwrap_or(0);
    let committed = match options.anchor_policy {
        AnchorPolicy::Enforce => mark.map_or(0, |mark| mark.sequence),
        AnchorPolicy::Adopt => 0,
    };
    Ok(log::scan(log_dir, from, committed, &wanted)?)
}

/// Completes the log from sled if sled has more of it, then replaces sled if
/// the two still disagree.
fn settle_sled(
    sled: SledSide,
    mut found: Scan,
    tail: &mut Tail,
    mark: Option<Mark>,
    directory: &Directory,
    options: &StoreOptions,
) -> Result<SledSide, OpenError> {
    if sled.continues(&found) {
        completion::complete(tail, &sled.mirror())?;
        found = scan(&directory.log, mark, &sled, options)?;
    }
    if let Some(expected) = sled.seen_beyond(&found) {
        if options.anchor_policy == AnchorPolicy::Enforce {
            let found = RolledBackTo::EndsAt(found.last_sequence());
            return Err(OpenError::RolledBack { witness: "snapshot", expected, found });
        }
        return sled.replace("a snapshot is newer than the adopted log");
    }
    match sled.disagreement(&found) {
        Some(reason) => sled.replace(reason),
        None => Ok(sled),
    }
}

fn anchor_error(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<'_> {
    move |source| OpenError::Anchor { path: path.to_owned(), source }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<'_> {
    move |source| OpenError::Io { path: path.to_owned(), source }
}
