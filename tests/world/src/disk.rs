//! The disk under the gateway, as it forgets: what was not synced may be gone after a crash, or torn.
//! Apart from the gateway so that nobody there can know more than a file would tell. The log's bytes are
//! the product's own frames; what a start makes of them is judged by the product (`log::image`).

mod archive;

pub use archive::DiskArchive;

use crate::agenda::Time;
use crate::chance::Chance;
use snapshots::log::image::ImageMark;

/// What the disk writes at once: all of a sector or nothing of it.
const SECTOR: usize = 512;
/// How much of the log's file is claimed ahead: within it, a full disk is no trouble.
const CLAIMED: usize = 16 * 1024;

/// A snapshot that was finished.
#[derive(Clone, Debug)]
pub struct KeptSnapshot {
    /// Everything up to here is in it.
    pub base: u64,
    /// The states of what lived, and the desk's.
    pub states: Vec<([u8; 16], Vec<u8>)>,
}

/// A copy of the log that was put aside.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Its bytes.
    pub log: Vec<u8>,
    /// Which log it is of.
    pub log_id: u64,
}

/// Everything that outlives the process.
#[derive(Default)]
pub struct Disk {
    /// The log, as a reader would see it.
    pub log: Vec<u8>,
    /// Up to here a crash takes nothing back.
    synced: usize,
    /// On another disk: synced with each write.
    pub anchor: Option<ImageMark>,
    /// Lines of the ledger of intents, on another disk.
    pub ledger: Vec<Vec<u8>>,
    ledger_synced: usize,
    /// The newest snapshot.
    pub snapshot: Option<KeptSnapshot>,
    /// Finished payouts.
    pub archive: DiskArchive,
    /// Copies put aside.
    pub copies: Vec<Copy>,
    /// No room until then.
    pub full_until: Time,
    /// The next sync fails.
    pub sync_fails: Option<Time>,
}

/// The disk did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskError;

impl Disk {
    /// Puts bytes behind the end of the log.
    pub fn write(&mut self, at: usize, bytes: &[u8], now: Time) -> Result<(), DiskError> {
        let needed = (at + bytes.len()).div_ceil(CLAIMED);
        if now < self.full_until && needed > self.log.len().div_ceil(CLAIMED) {
            return Err(DiskError);
        }
        self.log.resize(self.log.len().max(at + bytes.len()), 0);
        self.log[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Makes the log durable.
    pub fn sync(&mut self) {
        self.synced = self.log.len();
        self.ledger_synced = self.ledger.len();
    }

    /// How much of the log no crash takes back.
    pub fn synced(&self) -> usize {
        self.synced
    }

    /// The power goes, or the process: what was not synced is there, or not, or in part.
    pub fn crash(&mut self, chance: &mut Chance, tears: bool) -> &'static str {
        let kept = chance.between(self.ledger_synced as i64, self.ledger.len() as i64);
        self.ledger.truncate(kept as usize);
        self.archive.crash(chance);
        let fate = if self.log.len() == self.synced {
            "nothing unsynced"
        } else {
            match chance.below(if tears { 4 } else { 2 }) {
                0 => {
                    self.log.truncate(self.synced);
                    "unsynced lost"
                }
                1 => "unsynced kept",
                _ => {
                    self.tear(chance);
                    "unsynced torn"
                }
            }
        };
        self.sync();
        fate
    }

    /// Of each sector that was not synced it is chance whether it was written.
    fn tear(&mut self, chance: &mut Chance) {
        let mut from = self.synced;
        while from < self.log.len() {
            let to = ((from / SECTOR + 1) * SECTOR).min(self.log.len());
            if chance.permille(500) {
                self.log[from..to].fill(0);
            }
            from = to;
        }
    }

    /// Erases the remains of an unfinished write, as a start does.
    pub fn erase(&mut self, from: usize, to: usize) {
        let to = to.min(self.log.len());
        self.log[from..to].fill(0);
        self.sync();
    }

    /// Cuts what a start has found to be blank.
    pub fn cut(&mut self, end: usize) {
        self.log.truncate(end);
        self.sync();
    }

    /// Another log takes the place of this one: nothing that belonged to the old one is of use.
    pub fn replace(&mut self, log: Vec<u8>, anchor: ImageMark) {
        (self.log, self.anchor) = (log, Some(anchor));
        (self.snapshot, self.archive) = (None, DiskArchive::default());
        self.sync();
    }
}
