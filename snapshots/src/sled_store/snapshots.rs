//! The snapshots that sled holds: which are good, and what is in them.
//!
//! Apart from their writing because reading is what recovery rests on. A
//! snapshot is good when its manifest opens and each chunk matches its hash;
//! a bad one is passed over for the next older, with one log line.
//!
//! A snapshot is fuzzy: it was taken while the engine ran, so each state is as
//! of the base sequence *or later*. Whoever replays the log behind the base
//! skips, payout by payout, the versions that the state already has.

use std::{
    ops::Range,
    panic,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use super::{
    chunk,
    database::Database,
    manifest::{self, Manifest, ManifestError, SnapshotInfo},
    pieces,
    pruning::{self, Pruned},
    retention::Retention,
    snapshot_error::SnapshotError,
    snapshot_writer::SnapshotWriter,
};
use crate::{
    archive::ArchiveStore,
    log::{ChainHash, Journal},
};

/// Is handed the id and the state of one payout after the other.
pub type VisitPayout<'a, E> = dyn FnMut([u8; 16], &[u8]) -> Result<(), E> + 'a;

/// Takes and reads snapshots; cheap to clone.
#[derive(Clone)]
pub struct SnapshotStore {
    /// None: a store in memory keeps none.
    shared: Option<Arc<Shared>>,
}

/// What all handles and the one writer share.
pub(crate) struct Shared {
    pub(crate) database: Arc<Database>,
    pub(crate) log_dir: PathBuf,
    pub(crate) journal: Journal,
    pub(crate) archive: Arc<dyn ArchiveStore>,
    pub(crate) newest: Mutex<Option<SnapshotInfo>>,
    /// Told to the follower: what lies before is in the snapshots.
    pub(crate) mirror_floor: Arc<AtomicU64>,
    pub(crate) writing: AtomicBool,
    pub(crate) retention: Retention,
}

/// Who writes or deletes snapshots: one at a time. Given back when dropped.
pub(crate) struct Turn(Arc<Shared>);

impl Turn {
    pub(crate) fn take(shared: &Arc<Shared>) -> Result<Self, SnapshotError> {
        if shared.writing.swap(true, Ordering::AcqRel) {
            return Err(SnapshotError::Busy);
        }
        Ok(Self(Arc::clone(shared)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.writing.store(false, Ordering::Release);
    }
}

impl SnapshotStore {
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared: Some(shared) }
    }

    /// Where there are none, and none can be taken.
    pub(crate) fn none() -> Self {
        Self { shared: None }
    }

    fn shared(&self) -> Result<&Arc<Shared>, SnapshotError> {
        self.shared.as_ref().ok_or(SnapshotError::NotKept)
    }

    /// Begins a snapshot whose states will all be as of `base_sequence` or
    /// later. Take the base from the journal *before* the first state.
    pub fn begin(&self, base_sequence: u64) -> Result<SnapshotWriter, SnapshotError> {
        SnapshotWriter::begin(Arc::clone(self.shared()?), base_sequence)
    }

    /// The newest good snapshot, as known since the start or the last finish;
    /// reads nothing.
    pub fn newest(&self) -> Option<SnapshotInfo> {
        *self.shared.as_ref()?.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all snapshots, newest first, until one is good.
    pub fn newest_good_snapshot(&self) -> Result<Option<SnapshotInfo>, SnapshotError> {
        Ok(newest_good(&self.shared()?.database)?.map(|(manifest, _)| manifest.info()))
    }

    /// A reader of all snapshots, for comparing them with the log; none where none are kept.
    pub fn reader(&self) -> Option<SnapshotReader> {
        let shared = self.shared.as_ref()?;
        Some(SnapshotReader { database: Arc::clone(&shared.database) })
    }

    /// All snapshots with a sound manifest, newest first; chunks unread.
    pub fn list(&self) -> Result<Vec<SnapshotInfo>, SnapshotError> {
        let tree = &self.shared()?.database.manifests;
        let ids = manifest::ids(tree)?;
        Ok(ids.into_iter().filter_map(|id| Some(Manifest::load(tree, id).ok()?.info())).collect())
    }

    /// Whether one is being taken or deleted at this moment.
    pub fn is_busy(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.writing.load(Ordering::Acquire))
    }

    /// What one snapshot says of itself, and the note that was kept with it.
    ///
    /// # Errors
    /// There is none of this id, or its manifest does not open.
    pub fn get(&self, id: u64) -> Result<(SnapshotInfo, Vec<u8>), SnapshotError> {
        let manifest = self.load(id)?;
        Ok((manifest.info(), manifest.note))
    }

    /// Reads back every chunk of snapshot `id` and compares each hash, the hash
    /// over all, and the count. `progress` hears how many chunks are done, and
    /// of how many. Blocking.
    ///
    /// # Errors
    /// There is none of this id (any more), or it is damaged.
    pub fn verify(
        &self,
        id: u64,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<SnapshotInfo, SnapshotError> {
        let manifest = self.load(id)?;
        let database = &self.shared()?.database;
        let read = read_with(database, &manifest, progress, &mut |_, _| Ok(()));
        match read {
            Ok(()) => Ok(manifest.info()),
            // One that was deleted meanwhile was not damaged.
            Err(error) => self.load(id).and(Err(error)),
        }
    }

    /// Deletes what the retention policy does not keep; with `dry_run` only
    /// says what that is. The newest good snapshot stays in any case, and is
    /// read to know that it is good. Blocking.
    ///
    /// # Errors
    /// A snapshot is being taken, or sled fails.
    pub fn prune(&self, dry_run: bool) -> Result<Pruned, SnapshotError> {
        let _turn = Turn::take(self.shared()?)?;
        let good = newest_good(&self.shared()?.database)?.map_or(0, |(manifest, _)| manifest.id);
        if dry_run {
            return Ok(pruning::judge(self.shared()?, good)?.1);
        }
        pruning::prune(self.shared()?, good)
    }

    fn load(&self, id: u64) -> Result<Manifest, SnapshotError> {
        Manifest::load(&self.shared()?.database.manifests, id).map_err(|error| match error {
            ManifestError::Absent => SnapshotError::Unknown(id),
            error => error.into(),
        })
    }

    /// Hands on every payout of snapshot `id`, checking each chunk.
    pub fn read<E: From<SnapshotError>>(
        &self,
        id: u64,
        visit: &mut VisitPayout<'_, E>,
    ) -> Result<SnapshotInfo, E> {
        let database = &self.shared()?.database;
        let manifest = self.load(id)?;
        read(database, &manifest, visit)?;
        Ok(manifest.info())
    }

    /// The state of one payout in the newest snapshot. Chunks have no index,
    /// so this unpacks them one by one: for the rare case, not for lookups.
    pub fn find(&self, payout: [u8; 16]) -> Result<Option<Vec<u8>>, SnapshotError> {
        let Some(newest) = self.newest() else {
            return Ok(None);
        };
        let database = &self.shared()?.database;
        let manifest = Manifest::load(&database.manifests, newest.id)?;
        for number in 0..manifest.chunks.len() {
            let raw = chunk::unpack(&stored(database, &manifest, number)?)?;
            for entry in chunk::entries(&raw) {
                let (id, state) = entry?;
                if id == payout {
                    return Ok(Some(state.to_vec()));
                }
            }
        }
        Ok(None)
    }
}

/// Threads that read the chunks of a snapshot at a start.
const READERS: usize = 2;

/// A snapshot with its stored chunks.
type Good = (Manifest, Vec<Vec<u8>>);

/// A snapshot's number, and what its manifest says, if it opens.
pub type Listed = (u64, Result<SnapshotInfo, SnapshotError>);

/// Reads the snapshots of a sled that nobody else may have open: each that is
/// there, sound or not.
#[derive(Clone)]
pub struct SnapshotReader {
    pub(crate) database: Arc<Database>,
}

impl SnapshotReader {
    /// All snapshots, newest first; an error where a manifest does not open.
    pub fn list(&self) -> Result<Vec<Listed>, SnapshotError> {
        let tree = &self.database.manifests;
        let load = |id| {
            let loaded = Manifest::load(tree, id).map_err(SnapshotError::from);
            (id, loaded.map(|manifest| manifest.info()))
        };
        Ok(manifest::ids(tree)?.into_iter().map(load).collect())
    }

    /// Hands on every payout of snapshot `id`, checking each chunk and all of
    /// the content.
    pub fn read<E: From<SnapshotError>>(
        &self,
        id: u64,
        visit: &mut VisitPayout<'_, E>,
    ) -> Result<SnapshotInfo, E> {
        let manifest = Manifest::load(&self.database.manifests, id).map_err(SnapshotError::from)?;
        read(&self.database, &manifest, visit)?;
        Ok(manifest.info())
    }

    /// The log and the chain hash that snapshot `id` was taken at: log id, hash.
    pub(crate) fn taken_at(&self, id: u64) -> Result<(u64, ChainHash), SnapshotError> {
        let manifest = Manifest::load(&self.database.manifests, id)?;
        Ok((manifest.log_id, manifest.base_chain))
    }
}

/// The newest snapshot of which every chunk matches its hash.
pub(crate) fn newest_good(database: &Database) -> Result<Option<Good>, SnapshotError> {
    for id in manifest::ids(&database.manifests)? {
        let verified = Manifest::load(&database.manifests, id)
            .map_err(SnapshotError::from)
            .and_then(|manifest| Ok((verified_chunks(database, &manifest)?, manifest)));
        match verified {
            Ok((chunks, manifest)) => return Ok(Some((manifest, chunks))),
            Err(SnapshotError::Sled(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(snapshot = id, %error, "a snapshot is passed over");
            }
        }
    }
    Ok(None)
}

/// Reads each chunk and compares its hash, without unpacking it; on several threads, because a start
/// waits for it.
fn verified_chunks(
    database: &Database,
    manifest: &Manifest,
) -> Result<Vec<Vec<u8>>, SnapshotError> {
    let all = manifest.chunks.len();
    let share = all.div_ceil(READERS).max(1);
    thread::scope(|scope| {
        let read = |numbers: Range<usize>| -> Result<Vec<Vec<u8>>, SnapshotError> {
            numbers.map(|number| stored(database, manifest, number)).collect()
        };
        let mut chunks = Vec::with_capacity(all);
        let begin = |from: usize| {
            let numbers = from..all.min(from + share);
            let own = numbers.clone();
            // Where no thread is to be had, this one does the reading.
            (numbers, thread::Builder::new().spawn_scoped(scope, move || read(own)))
        };
        let reading: Vec<_> = (0..all).step_by(share).map(begin).collect();
        for (numbers, thread) in reading {
            let read = match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
                Err(_) => read(numbers),
            };
            chunks.append(&mut read?);
        }
        Ok(chunks)
    })
}

/// Hands on every payout, and compares the hash over all of them at the end.
pub(crate) fn read<E: From<SnapshotError>>(
    database: &Database,
    manifest: &Manifest,
    visit: &mut VisitPayout<'_, E>,
) -> Result<(), E> {
    read_with(database, manifest, &mut |_, _| {}, visit)
}

/// The same, telling how many chunks are read, and of how many.
fn read_with<E: From<SnapshotError>>(
    database: &Database,
    manifest: &Manifest,
    progress: &mut dyn FnMut(usize, usize),
    visit: &mut VisitPayout<'_, E>,
) -> Result<(), E> {
    let mut content = blake3::Hasher::new();
    let mut payouts = 0;
    let chunks = manifest.chunks.len();
    for number in 0..chunks {
        progress(number, chunks);
        let stored = stored(database, manifest, number)?;
        let raw = chunk::unpack(&stored).map_err(SnapshotError::from)?;
        content.update(&raw);
        for entry in chunk::entries(&raw) {
            let (id, state) = entry.map_err(SnapshotError::from)?;
            payouts += 1;
            visit(id, state)?;
        }
    }
    if *content.finalize().as_bytes() != manifest.content || payouts != manifest.payouts {
        return Err(SnapshotError::Damaged("the content does not match the manifest").into());
    }
    Ok(())
}

fn stored(
    database: &Database,
    manifest: &Manifest,
    number: usize,
) -> Result<Vec<u8>, SnapshotError> {
    let stored = pieces::get(&database.chunks, &chunk_prefix(manifest.id, number))?;
    if blake3::hash(&stored) != manifest.chunks[number] {
        return Err(SnapshotError::Damaged("a chunk does not match its hash"));
    }
    Ok(stored)
}

/// Where the pieces of a chunk are kept: snapshot, then chunk, big endian.
pub(crate) fn chunk_prefix(id: u64, number: usize) -> [u8; 12] {
    let mut prefix = [0; 12];
    prefix[..8].copy_from_slice(&id.to_be_bytes());
    // Within u32: the codec's limit on the manifest allows far fewer chunks.
    prefix[8..].copy_from_slice(&(number as u32).to_be_bytes());
    prefix
}
