//! The store while the gateway runs: its threads, and their orderly end.
//!
//! Apart from opening because nothing here can fail the start any more. The
//! threads end in the order in which they feed each other: archiver, writer,
//! then all that follow the log.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::AtomicBool},
    thread::{self, JoinHandle},
};

use super::{Store, in_memory::Visitors};
use crate::{
    archive::{ArchiveStore, Archiver, ArchiverThread},
    directory::Directory,
    events::{EventError, EventStore},
    intent_ledger::IntentLedger,
    log::{self, Frame, Image, Journal, LogVisitor, VisitorByHand, VisitorThread, Writer},
    log_archive::{FollowerThread, LogArchive},
    sled_store::{Follower, Mirror, MirrorError, Opened, Retention, Shared, SnapshotStore},
};

/// A running store. Dropping it closes it.
pub struct Running {
    /// Where entries become durable.
    pub journal: Journal,
    /// Puts payouts into the archive.
    pub archiver: Archiver,
    /// Answers from the archive.
    pub archive: Arc<dyn ArchiveStore>,
    /// Numbers what happened, and answers with it.
    pub events: Arc<dyn EventStore>,
    /// Takes and reads snapshots.
    pub snapshots: SnapshotStore,
    /// Where submissions are written down before they leave, if anywhere beside the journal.
    pub intents: Option<IntentLedger>,
    pub(super) log_dir: PathBuf,
    pub(super) log_id: u64,
    pub(super) log_archive: OnceLock<LogArchive>,
    pub(super) threads: Mutex<Option<Threads>>,
    /// Last, so that the directory is unlocked when all else has let go of it.
    pub(super) ground: Ground,
}

/// What a store stands on.
pub(super) enum Ground {
    /// Files, with what sled mirrors of the log; the directory is locked for as long as this is held.
    Files { mirror: Mirror, _directory: Directory },
    /// Memory, with those who follow the log.
    Memory(Image, Visitors),
}

pub(super) struct Threads {
    writer: JoinHandle<()>,
    follower: JoinHandle<()>,
    visitors: Vec<VisitorThread>,
    pub(super) log_archive: Option<FollowerThread>,
    archiver: ArchiverThread,
}

impl Store {
    /// Starts the threads.
    pub fn start(self) -> io::Result<Running> {
        let ledger = self.options.intent_ledger.as_deref();
        let (log_id, data_dir) = (self.tail.log_id(), &self.options.data_dir);
        let intents = ledger
            .map(|dir| IntentLedger::open(dir, log_id, self.last_sequence(), data_dir))
            .transpose()?;
        let shared = Arc::new(log::Shared::new(self.last_sequence()));
        let (messages, queue) = crossbeam_channel::bounded(self.options.queue_depth);
        let (committed, woken) = crossbeam_channel::bounded(1);
        let journal = Journal::new(messages, Arc::clone(&shared));
        let (archive, events) = (self.archive(), self.events());
        let (log_dir, opened) = (self.directory.log.clone(), self.sled.into_parts());
        let mirrored = opened.mirror;
        let log_id = self.tail.log_id();
        let kept = snapshots_kept(&log_dir, &journal, &archive, opened, self.options.retention);
        let mirror = Mirror::new(&kept.database.journal);
        let writer = Writer {
            tail: self.tail,
            anchor: self.anchor,
            queue,
            batch: log::Batch::default(),
            shared,
            committed,
            on_fatal: Box::new(log::abort),
            frame_bytes: self.options.frame_bytes,
        };
        let follower = Follower {
            log_dir: log_dir.clone(),
            database: Arc::clone(&kept.database),
            journal: journal.clone(),
            mirrored,
            committed: woken,
            floor: Arc::clone(&kept.mirror_floor),
            segments: self.options.mirror_segments,
        };
        let threads = Threads {
            writer: spawn("log-writer", move || writer.run())?,
            follower: spawn("sled-follower", move || follower.run())?,
            visitors: Vec::new(),
            log_archive: None,
            archiver: ArchiverThread::start(Arc::clone(&archive))?,
        };
        Ok(Running {
            journal,
            archiver: threads.archiver.handle(),
            archive,
            events,
            snapshots: SnapshotStore::of(kept),
            intents,
            log_dir,
            log_id,
            log_archive: OnceLock::new(),
            threads: Mutex::new(Some(threads)),
            ground: Ground::Files { mirror, _directory: self.directory },
        })
    }
}

fn snapshots_kept(
    log_dir: &Path,
    journal: &Journal,
    archive: &Arc<dyn ArchiveStore>,
    opened: Opened,
    retention: Retention,
) -> Arc<Shared> {
    let Opened { database, mirror: _, snapshot: newest, chunks: _ } = opened;
    Arc::new(Shared {
        database: Arc::new(database),
        log_dir: log_dir.to_owned(),
        journal: journal.clone(),
        archive: Arc::clone(archive),
        newest: Mutex::new(newest.map(|manifest| manifest.info())),
        mirror_floor: Arc::default(),
        writing: AtomicBool::new(false),
        retention,
    })
}

impl Running {
    /// Hands every record behind the sequence `after` to the visitor, in order
    /// and each once: first those that the log holds, then each as it becomes
    /// durable, some milliseconds later. The visitor has a thread of its own,
    /// which ends with the store, having seen all of it. If the log cannot be
    /// read, or the visitor panics, it ends early and says so.
    pub fn follow(&self, visitor: Box<dyn LogVisitor>, after: u64) -> io::Result<()> {
        self.follow_from(visitor, move || Ok(after))
    }

    /// The same for a visitor that has to look up where it begins: `after` is
    /// asked on the visitor's thread, so that nobody else waits for the answer.
    pub fn follow_from(
        &self,
        visitor: Box<dyn LogVisitor>,
        after: impl FnOnce() -> Result<u64, EventError> + Send + 'static,
    ) -> io::Result<()> {
        if let Ground::Memory(_, visitors) = &self.ground {
            let after = after().map_err(io::Error::other)?;
            let mut visitors = visitors.lock().unwrap_or_else(PoisonError::into_inner);
            visitors.push(VisitorByHand::behind(visitor, after));
            return Ok(());
        }
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(threads) = threads.as_mut() else {
            return Err(io::Error::other("the store is closed"));
        };
        let (log_dir, journal) = (self.log_dir.clone(), self.journal.clone());
        threads.visitors.push(VisitorThread::start(visitor, log_dir, journal, Box::new(after))?);
        Ok(())
    }

    /// Whether everything is in memory, where work that blocks needs no thread.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.ground, Ground::Memory(..))
    }

    /// Where the log lies: it may be read while it is written, up to what is durable.
    pub fn log_dir(&self) -> &Path {
        &self.log_dir
    }

    /// Hands on the frames that sled mirrors, from the one that holds
    /// `sequence`: for comparing them with the log. sled lags a little behind.
    pub fn journal_frames_from(
        &self,
        sequence: u64,
        visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>,
    ) -> Result<(), MirrorError> {
        match &self.ground {
            Ground::Files { mirror, .. } => mirror.frames_from(sequence, visit),
            Ground::Memory(..) => Ok(()),
        }
    }

    /// Stores what is queued, brings sled, the visitors and the anchor to the
    /// log's tip, and ends the threads. Appends fail from here on. Closing twice is closing once.
    /// The directory stays locked until this value is dropped: its databases are
    /// still open for reading.
    pub fn close(&self) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else {
            if matches!(self.ground, Ground::Memory(..)) {
                // The rest is done by hand.
                self.journal.close();
            }
            return;
        };
        threads.archiver.close();
        if let Err(error) = self.archive.persist() {
            tracing::error!(%error, "the archive was not brought to the disk");
        }
        self.journal.close();
        // The writer's end is the follower's signal. Both have said already
        // what went wrong with them, if anything did.
        let _ = threads.writer.join();
        if let Some(log_archive) = &threads.log_archive {
            log_archive.end();
        }
        VisitorThread::close_all(threads.visitors);
        if let Err(error) = self.events.persist() {
            tracing::error!(%error, "the events were not brought to the disk");
        }
        let _ = threads.follower.join();
        if let Some(log_archive) = threads.log_archive {
            log_archive.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}
