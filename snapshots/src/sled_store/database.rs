//! The sled directory: opened with distrust, synced by hand.
//!
//! Apart because every known trap of opening sled 0.34 is answered here, once:
//! a half-written `snap.*.generating` would block every later open, a flipped
//! bit can panic instead of failing, the cache defaults to a gigabyte, and
//! `flush` does not reach the disk.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::Duration,
};

use sled::{Db, Mode, Tree};

use super::{
    manifest::Manifest,
    mirror::{Mirror, MirrorState},
    snapshots,
};
use crate::guarded::{self, AfterPanic, Fault};

/// How long sled's own thread sleeps between two rounds. Its garbage
/// collection lives in that thread, so it cannot be switched off altogether;
/// what must be on disk is synced by [`Database::sync`] and not left to it.
const HOUSEKEEPING_MILLIS: u64 = 2_000;

/// sled with its trees.
pub(crate) struct Database {
    db: Db,
    /// sled's data file once more, because only a descriptor can be fsynced.
    file: File,
    pub(crate) journal: Tree,
    pub(crate) chunks: Tree,
    pub(crate) manifests: Tree,
}

impl Database {
    /// Writes out what sled buffers, and makes it durable.
    pub(crate) fn sync(&self) -> sled::Result<()> {
        self.db.flush()?;
        self.file.sync_data()?;
        Ok(())
    }

    /// Bytes of sled's file. Removing frees room inside it and never shortens it.
    pub(crate) fn size_on_disk(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

/// A database that has shown what it holds.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) mirror: MirrorState,
    /// The newest snapshot whose every chunk matches its hash.
    pub(crate) snapshot: Option<Manifest>,
    /// Its chunks as stored, kept so that the replay need not ask sled again.
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// Opens `dir` and reads all of it that recovery relies on, while a panic is
/// still an answer.
pub(crate) fn open(dir: &Path, cache_bytes: u64, deadline: Duration) -> Result<Opened, Fault> {
    let dir = dir.to_owned();
    guarded::open("sled", deadline, AfterPanic::Unwind, move || {
        remove_unfinished(&dir)?;
        let db = guarded::patiently(|| open_unlocked(&dir, cache_bytes))?;
        let database = Database {
            file: File::open(dir.join("db"))?,
            journal: db.open_tree("journal")?,
            chunks: db.open_tree("snapshots")?,
            manifests: db.open_tree("manifests")?,
            db,
        };
        let mirror = Mirror::new(&database.journal).inspect()?;
        let (snapshot, chunks) = snapshots::newest_good(&database)?.unzip();
        Ok(Opened { database, mirror, snapshot, chunks: chunks.unwrap_or_default() })
    })
}

/// A kill during an earlier open leaves this file, and sled prefers it to the
/// good ones.
fn remove_unfinished(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// sled itself, unless an earlier one in this process still has the directory.
fn open_unlocked(dir: &Path, cache_bytes: u64) -> Result<Db, Fault> {
    let config = sled::Config::new()
        .path(dir)
        .mode(Mode::HighThroughput)
        .cache_capacity(cache_bytes)
        .flush_every_ms(Some(HOUSEKEEPING_MILLIS));
    match config.open() {
        // sled has no error of its own for this.
        Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
            Err(Fault::Busy)
        }
        opened => Ok(opened?),
    }
}
