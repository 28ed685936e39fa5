//! sled at the start: opened, compared with the log, replaced if need be.
//!
//! Apart because it holds the rule that sled never wins: what does not open,
//! or does not agree with the log, is set aside with one log line, and an
//! empty directory takes its place.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use crate::{
    guarded::{self, Fault},
    log::{Scan, sync_directory},
    open_error::{OpenError, refused},
    options::StoreOptions,
    sled_store::{self, Database, Manifest, Mirror, MirrorState, Opened},
};

pub(crate) struct SledSide {
    dir: PathBuf,
    options: StoreOptions,
    opened: Opened,
    rebuilt: bool,
}

impl SledSide {
    /// Opens sled, or an empty one in its place. `began` says that the log
    /// begins now, so that an absent sled is no loss.
    pub(crate) fn open(dir: &Path, options: &StoreOptions, began: bool) -> Result<Self, OpenError> {
        let absent = !began && !dir.exists();
        match try_open(dir, options) {
            Ok(opened) => {
                if absent {
                    tracing::warn!("sled is missing; it is rebuilt from the log");
                }
                Ok(Self { dir: dir.to_owned(), options: options.clone(), opened, rebuilt: absent })
            }
            Err(Fault::Unusable(reason)) => open_fresh(dir, options, &reason),
            Err(fault) => Err(refused(dir, fault, OpenError::Sled)),
        }
    }

    /// Sets this one aside and opens an empty one.
    pub(crate) fn replace(self, reason: &str) -> Result<Self, OpenError> {
        // sled writes until its last handle is gone; it must not do so into
        // the directory that takes its place.
        drop(self.opened);
        open_fresh(&self.dir, &self.options, reason)
    }

    pub(crate) fn rebuilt(&self) -> bool {
        self.rebuilt
    }

    pub(crate) fn snapshot(&self) -> Option<&Manifest> {
        self.opened.snapshot.as_ref()
    }

    /// The stored chunks of the snapshot, each compared with its hash when sled was opened.
    pub(crate) fn chunks(&self) -> &[Vec<u8>] {
        &self.opened.chunks
    }

    pub(crate) fn mirror(&self) -> Mirror {
        Mirror::new(&self.opened.database.journal)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.opened.database
    }

    pub(crate) fn into_parts(self) -> Opened {
        self.opened
    }

    /// Where the replay begins, as far as sled has a word in it.
    pub(crate) fn base(&self) -> u64 {
        self.snapshot().map_or(0, |manifest| manifest.base_sequence)
    }

    /// Sequences at which the log must be looked at to judge sled.
    pub(crate) fn sequences(&self) -> Vec<u64> {
        let mut sequences = vec![self.base()];
        if let MirrorState::UpTo { last, .. } = self.opened.mirror {
            sequences.push(last);
        }
        sequences
    }

    /// Whether the mirror has frames that continue the log beyond its tip.
    pub(crate) fn continues(&self, scan: &Scan) -> bool {
        let MirrorState::UpTo { log_id, last, .. } = self.opened.mirror else {
            return false;
        };
        if log_id != scan.tip.log_id || last <= scan.last_sequence() {
            return false;
        }
        let mut continues = false;
        let read = self.mirror().frames_from(scan.tip.next_sequence, &mut |frame| {
            continues = frame.first_sequence() == scan.tip.next_sequence
                && frame.previous() == scan.tip.chain;
            ControlFlow::Break(())
        });
        read.is_ok() && continues
    }

    /// How far the log went when the newest snapshot was finished, if it does
    /// not go that far any more.
    pub(crate) fn seen_beyond(&self, scan: &Scan) -> Option<u64> {
        let manifest = self.snapshot()?;
        let lost = manifest.log_id == scan.tip.log_id && manifest.sealed_at > scan.last_sequence();
        lost.then_some(manifest.sealed_at)
    }

    /// In what respect sled does not belong to this log.
    pub(crate) fn disagreement(&self, scan: &Scan) -> Option<&'static str> {
        let log_id = scan.tip.log_id;
        if let Some(manifest) = self.snapshot() {
            if manifest.log_id != log_id {
                return Some("its snapshot belongs to another log");
            }
            if scan.head(manifest.base_sequence) != Some(manifest.base_chain) {
                return Some("its snapshot was taken from other frames");
            }
        }
        match self.opened.mirror {
            MirrorState::UpTo { log_id: found, .. } if found != log_id => {
                Some("its mirror belongs to another log")
            }
            MirrorState::UpTo { last, .. } if last > scan.last_sequence() => {
                Some("its mirror is ahead of the log")
            }
            MirrorState::UpTo { last, chain, .. } if scan.head(last) != Some(chain) => {
                Some("its mirror holds other frames")
            }
            _ => None,
        }
    }
}

fn try_open(dir: &Path, options: &StoreOptions) -> Result<Opened, Fault> {
    sled_store::open(dir, options.sled_cache_bytes, options.open_deadline)
}

fn open_fresh(dir: &Path, options: &StoreOptions, reason: &str) -> Result<SledSide, OpenError> {
    let set_aside = || {
        let aside = guarded::set_aside(dir)?;
        sync_directory(&options.data_dir)?;
        Ok(aside)
    };
    let aside = set_aside().map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
    tracing::error!(reason, kept = %aside.display(), "sled is set aside and rebuilt from the log");
    let opened = try_open(dir, options).map_err(|fault| refused(dir, fault, OpenError::Sled))?;
    Ok(SledSide { dir: dir.to_owned(), options: options.clone(), opened, rebuilt: true })
}
