//! A running store in memory, for simulated worlds: the same handles, and nobody behind them but the world's
//! own hands.
//!
//! Apart from the store of files, which opens and judges directories: here the world has judged the log's
//! bytes already, and what a crash leaves of them is the world's affair. It keeps no snapshots, and it cannot
//! be verified.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::running::{Ground, Running};
use crate::{
    archive::{ArchiveStore, Archiver, ArchiverByHand},
    events::EventStore,
    log::{Image, LogError, VisitorByHand, WriterByHand, image::Judged},
    sled_store::SnapshotStore,
};

/// Appends go into one frame up to this many bytes.
const FRAME_BYTES: usize = 1 << 20;

/// Who follows the log of a store in memory.
pub(super) type Visitors = Arc<Mutex<Vec<VisitorByHand>>>;

/// What threads do for a store of files, to be done by hand.
pub struct Hands {
    /// Writes the log.
    pub log: WriterByHand,
    /// Fills the archive.
    pub archiver: ArchiverByHand,
    /// Leads those who follow the log.
    pub visitors: VisitorsByHand,
}

/// Leads the visitors of the log when it is told to.
pub struct VisitorsByHand {
    image: Image,
    visitors: Visitors,
}

impl VisitorsByHand {
    /// Hands on to all of them what has become durable.
    ///
    /// # Errors
    /// The bytes are not those of a log.
    pub fn lead(&self) -> Result<(), LogError> {
        let mut visitors = self.visitors.lock().unwrap_or_else(PoisonError::into_inner);
        visitors.iter_mut().try_for_each(|visitor| visitor.burst(&self.image))
    }
}

impl Running {
    /// A store whose log continues these bytes, as they were judged.
    pub fn in_memory(
        image: Vec<u8>,
        judged: Judged,
        archive: Arc<dyn ArchiveStore>,
        events: Arc<dyn EventStore>,
    ) -> (Running, Hands) {
        let log_id = judged.writer.mark().log_id();
        let (log, journal) = WriterByHand::new(image, judged, FRAME_BYTES);
        let (image, visitors) = (log.image(), Visitors::default());
        let by_hand = VisitorsByHand { image: image.clone(), visitors: visitors.clone() };
        let (by_archiver, archiver): (_, Archiver) = ArchiverByHand::new(archive.clone());
        let running = Running {
            journal,
            archiver,
            archive,
            events,
            snapshots: SnapshotStore::none(),
            intents: None,
            log_dir: PathBuf::new(),
            log_id,
            log_archive: OnceLock::new(),
            threads: Mutex::new(None),
            ground: Ground::Memory(image, visitors),
        };
        (running, Hands { log, archiver: by_archiver, visitors: by_hand })
    }
}
