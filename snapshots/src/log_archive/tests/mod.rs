//! The archive's tests: a log that grows, a store that may end in the middle of anything, and
//! somebody who reads it all back.

mod mortal;
mod reading;
mod refusing;
mod s3;
mod shipping;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory};
use tempfile::TempDir;

use super::{
    follower::runtime, frames::ArchivedFrames, manifest::Manifest, place::Place, shipper::Shipper,
    *,
};
use crate::log::{self, FrameSource, LogCopy, LogError, LogFrames, Record, RecordRef};

/// Small, so that a few commits are several pieces.
const PIECE: u64 = 4096;

/// A log on the disk, and a store to archive it in.
struct World {
    dir: TempDir,
    copy: LogCopy,
    version: u32,
    durable: Arc<AtomicU64>,
    store: Arc<dyn ObjectStore>,
    side_files: Arc<Mutex<SideFiles>>,
}

impl World {
    fn new(store: Arc<dyn ObjectStore>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("log")).unwrap();
        let copy = LogCopy::begin(&dir.path().join("log"), 16 * 1024).unwrap();
        let side_files = vec![("identity".to_owned(), vec![7; 40])];
        Self {
            dir,
            copy,
            version: 0,
            durable: Arc::default(),
            store,
            side_files: Arc::new(Mutex::new(side_files)),
        }
    }

    fn in_memory() -> Self {
        Self::new(Arc::new(InMemory::new()))
    }

    fn log_dir(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn log_id(&self) -> u64 {
        log::verify(&self.log_dir()).unwrap().log_id
    }

    /// A commit of two records.
    fn commit(&mut self) {
        self.version += 1;
        let version = self.version;
        let body = |payout: u8| vec![payout ^ version as u8; 60 + (version % 50) as usize];
        let record = |payout| Record { payout: [payout; 16], version, body: body(payout) };
        let last = self.copy.append(&[record(1), record(2)]).unwrap();
        self.durable.store(last, Ordering::Release);
    }

    fn commits(&mut self, many: u32) {
        (0..many).for_each(|_| self.commit());
    }

    fn place(&self) -> Place {
        Place::of(Arc::clone(&self.store), "backups/bursar")
    }

    fn shipper(&self) -> Shipper {
        let (durable, side_files) = (Arc::clone(&self.durable), Arc::clone(&self.side_files));
        Shipper {
            place: self.place(),
            log_dir: self.log_dir(),
            log_id: self.log_id(),
            piece_bytes: PIECE,
            side_files: Box::new(move || Ok(side_files.lock().unwrap().clone())),
            archive: LogArchive::new(Arc::new(move || durable.load(Ordering::Acquire))),
            session: None,
        }
    }

    fn frames(&self) -> Result<ArchivedFrames, LogArchiveError> {
        ArchivedFrames::of(self.place(), None)
    }

    /// That the archive holds what the log does, and nothing else.
    fn assert_same(&self) {
        let mut frames = self.frames().unwrap();
        let mut local = LogFrames::open(&self.log_dir()).unwrap();
        assert_eq!(records(&mut frames).unwrap(), records(&mut local).unwrap());
        let summary = log::verify(&self.log_dir()).unwrap();
        let archived = frames.archived();
        assert_eq!(
            (archived.log_id, archived.through, archived.chain),
            (summary.log_id, summary.last_sequence, summary.chain)
        );
        assert_eq!(&frames.side_files().unwrap(), &*self.side_files.lock().unwrap());
        let manifest = self.manifest();
        let mut named: Vec<_> = manifest.objects.iter().map(|object| object.name.clone()).collect();
        named.extend(manifest.side_files.iter().map(|side| side.object()));
        named.push("manifest.json".to_owned());
        named.sort();
        let prefix = format!("backups/bursar/{:016x}/", self.log_id());
        let found: Vec<_> = contents(&self.store).into_iter().map(|(name, _)| name).collect();
        let named: Vec<_> = named.iter().map(|name| format!("{prefix}{name}")).collect();
        assert_eq!(found, named, "nothing is there that the manifest does not name");
    }

    fn manifest(&self) -> Manifest {
        let path = format!("backups/bursar/{:016x}/manifest.json", self.log_id());
        let found = contents(&self.store).into_iter().find(|(name, _)| *name == path).unwrap();
        Manifest::decode(self.log_id(), &found.1, "manifest").unwrap()
    }
}

fn ship(shipper: &mut Shipper) -> Result<(), LogArchiveError> {
    runtime().unwrap().block_on(shipper.ship())
}

fn records(source: &mut dyn FrameSource) -> Result<Vec<(u64, Record)>, LogError> {
    let mut found = Vec::new();
    while let Some(frame) = source.next_frame()? {
        found.extend(frame.records().map(|one: RecordRef| (one.sequence, one.to_record())));
    }
    Ok(found)
}

/// Everything in a store, by name.
fn contents(store: &Arc<dyn ObjectStore>) -> Vec<(String, Vec<u8>)> {
    use futures_util::TryStreamExt;
    let read = async {
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        let mut found = Vec::new();
        for meta in listed {
            let bytes = store.get(&meta.location).await.unwrap().bytes().await.unwrap();
            found.push((meta.location.to_string(), bytes.to_vec()));
        }
        found.sort();
        found
    };
    runtime().unwrap().block_on(read)
}

fn put(store: &Arc<dyn ObjectStore>, name: &str, bytes: Vec<u8>) {
    let path = name.into();
    runtime().unwrap().block_on(async { store.put(&path, bytes.into()).await.unwrap() });
}

fn remove(store: &Arc<dyn ObjectStore>, name: &str) {
    let path = name.into();
    runtime().unwrap().block_on(async { store.delete(&path).await.unwrap() });
}
