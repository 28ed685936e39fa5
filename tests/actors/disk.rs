//! The disk of the world: what of the log is on it, and what a crash leaves of the rest; and the hands that
//! write the log, fill the archive and lead the event feed, each after its own delay. Apart from the life of a
//! process because the disk outlives it.

use crate::world::World;
use snapshots::archive::MemoryArchive;
use snapshots::log::FrameSource;
use snapshots::log::image::{ImageFrames, ImageMark, ImageWriter, Judged, Place, judge};
use snapshots::{
    ArchiveStore, ArchiverByHand, EventStore, MemoryEvents, VisitorsByHand, WriterByHand,
};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::sleep;

/// What is on the disk.
pub struct Disk {
    /// The log, as far as it was synced.
    log: Vec<u8>,
    /// Written behind it and not synced.
    written: Vec<u8>,
    anchor: Option<ImageMark>,
    pub archive: Arc<dyn ArchiveStore>,
    pub events: Arc<dyn EventStore>,
    /// Up to where the audit was shown what there is.
    shown: Option<Place>,
}

impl Disk {
    pub fn new(seed: u64) -> Disk {
        let (_, log) = ImageWriter::begin(seed + 1);
        let (archive, events) = (Arc::new(MemoryArchive::new()), Arc::new(MemoryEvents::default()));
        Disk { log, written: Vec::new(), anchor: None, archive, events, shown: None }
    }
}

/// What a start finds, judged as any start judges it. Of what was written and not synced there may be all,
/// nothing, or a part.
pub fn found(world: &World) -> Option<(Vec<u8>, Judged)> {
    let mut disk = world.disk();
    let written = std::mem::take(&mut disk.written);
    let kept = world.draw(|chance| match chance.below(3) {
        0 => 0,
        1 => written.len(),
        _ => chance.below(written.len() as u64 + 1) as usize,
    });
    let mut log = disk.log.clone();
    log.extend_from_slice(&written[..kept]);
    let judged = match judge(&log, disk.anchor) {
        Ok(judged) => judged,
        Err(error) => {
            world.broken("I-26", format!("what a crash left is refused: {error}"));
            return None;
        }
    };
    log.truncate(judged.end);
    if log.len() < disk.log.len() {
        world.broken("I-18", "a start erases what was synced".to_owned());
    }
    disk.log.clone_from(&log);
    if !world.setting.keeps_archive {
        disk.archive = Arc::new(MemoryArchive::new());
    }
    if !world.setting.keeps_events {
        disk.events = Arc::new(MemoryEvents::default());
    }
    drop(disk);
    show(world);
    Some((log, judged))
}

/// Shows the audit what has become durable.
fn show(world: &World) {
    let mut disk = world.disk();
    let Disk { log, shown, .. } = &mut *disk;
    let frames = match *shown {
        Some(place) => Ok(ImageFrames::from_place(log, place)),
        None => ImageFrames::of(log),
    };
    let mut frames = match frames {
        Ok(frames) => frames,
        Err(error) => return world.broken("I-26", error.to_string()),
    };
    let mut audit = world.audit();
    while let Ok(Some(frame)) = frames.next_frame() {
        frame.records().for_each(|record| world.check(audit.durable(record)));
    }
    *shown = Some(frames.place());
}

/// Writes the log, a frame at a time: gathered, written, synced, acknowledged, with time between them.
pub async fn write(world: World, mut log: WriterByHand, durable: Rc<Notify>) {
    loop {
        log.called().await;
        sleep(world.delay(world.setting.journal)).await;
        if world.boundary("before a write") {
            return;
        }
        log.write();
        let written = log.unsynced();
        world.note("frame", &written);
        world.disk().written = written;
        if world.boundary("behind a write") {
            return;
        }
        sleep(world.delay(world.setting.journal)).await;
        // A crash from here on finds it on the disk, whoever was told.
        {
            let mut disk = world.disk();
            let written = std::mem::take(&mut disk.written);
            disk.log.extend_from_slice(&written);
            if world.draw(|chance| chance.permille(300)) {
                disk.anchor = Some(log.mark());
            }
        }
        show(&world);
        if world.boundary("behind a sync") {
            return;
        }
        log.synced();
        durable.notify_one();
        if log.is_closed() {
            return;
        }
    }
}

/// Stores finished payouts.
pub async fn store(world: World, mut archiver: ArchiverByHand) {
    loop {
        archiver.called().await;
        sleep(world.delay(world.setting.archiver)).await;
        if world.boundary("before the archive") {
            return;
        }
        if world.errs(world.setting.refuses_archive) {
            world.count("refused by the archive");
            archiver.refuse();
        } else {
            archiver.store();
        }
    }
}

/// Leads the event feed behind the log.
pub async fn feed(world: World, visitors: VisitorsByHand, durable: Rc<Notify>) {
    loop {
        if let Err(error) = visitors.lead() {
            world.broken("I-26", format!("the event feed cannot read the log: {error}"));
        }
        durable.notified().await;
        sleep(world.delay(world.setting.feed)).await;
        if world.boundary("before the events") {
            return;
        }
    }
}
