//! A log in memory that is written and read by hand: each step of a commit is a call, and between two calls
//! may lie whatever a simulated world likes.
//!
//! Apart from the writer and the visitors, which are threads with files: here are their steps alone, for
//! worlds in which everything happens on one thread. The handles, the lanes, the batches and the frames are
//! the very ones.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::{
    batch::Batch,
    damage::LogError,
    image::{ImageFrames, ImageMark, ImageWriter, Judged},
    journal::{Journal, Message, Shared},
    source::FrameSource,
    visitor::LogVisitor,
};
use crate::bell::Bell;

/// The bytes of a log in memory, for its writer and its readers.
#[derive(Clone)]
pub(crate) struct Image(Arc<Bytes>);

struct Bytes {
    all: Mutex<Vec<u8>>,
    /// Up to here they are on the disk.
    synced: AtomicU64,
}

impl Image {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is on the disk. A copy, because whoever reads it may ask for something else.
    pub(crate) fn durable(&self) -> Vec<u8> {
        let all = self.lock();
        // An image is in memory, so its length is a usize.
        let synced = usize::try_from(self.0.synced.load(Ordering::SeqCst)).unwrap_or(all.len());
        all[..synced.min(all.len())].to_vec()
    }
}

/// Writes the log when it is told to.
pub struct WriterByHand {
    image: Image,
    writer: ImageWriter,
    queue: Receiver<Message>,
    bell: Bell,
    shared: Arc<Shared>,
    batch: Batch,
    frame_bytes: usize,
    closed: bool,
}

impl WriterByHand {
    /// The writer of an image that was judged, and the handle to it.
    pub(crate) fn new(mut image: Vec<u8>, judged: Judged, frame_bytes: usize) -> (Self, Journal) {
        image.truncate(judged.end);
        let writer = judged.writer;
        let shared = Arc::new(Shared::new(writer.last_sequence()));
        let (messages, queue) = crossbeam_channel::unbounded();
        let bell = Bell::with_rope();
        let journal = Journal::served_by_hand(messages, Arc::clone(&shared), bell.clone());
        let synced = AtomicU64::new(image.len() as u64);
        let image = Image(Arc::new(Bytes { all: Mutex::new(image), synced }));
        let (batch, closed) = (Batch::default(), false);
        (Self { image, writer, queue, bell, shared, batch, frame_bytes, closed }, journal)
    }

    pub(crate) fn image(&self) -> Image {
        self.image.clone()
    }

    /// Resolves once somebody has appended something, or closed the log.
    pub async fn called(&self) {
        self.bell.listen(|| !self.queue.is_empty()).await;
    }

    /// Puts what waits into one frame, and writes it behind the others. It is not on the disk yet. False
    /// when nothing was written, because only barriers waited.
    pub fn write(&mut self) -> bool {
        match self.queue.try_recv() {
            Ok(Message::Append { records, done }) => {
                let tip = self.writer.tip();
                let append = (records, done);
                self.closed |= self.batch.gather(tip, append, &self.queue, self.frame_bytes);
            }
            Ok(Message::Close) => self.closed = true,
            Err(_) => return false,
        }
        if !self.batch.has_records() {
            return false;
        }
        let (count, bytes) = (self.batch.frame.count(), self.writer.close(&mut self.batch.frame));
        self.shared.note_commit(count, bytes.len(), Duration::ZERO);
        self.image.lock().extend_from_slice(&bytes);
        true
    }

    /// What was written is on the disk: it is acknowledged.
    pub fn synced(&mut self) {
        let length = self.image.lock().len() as u64;
        self.image.0.synced.store(length, Ordering::SeqCst);
        self.shared.durable.store(self.writer.last_sequence(), Ordering::Release);
        self.batch.release();
        if self.closed {
            self.shared.end(&self.queue);
        }
    }

    /// The log was closed, and takes nothing any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// What was written and is not on the disk: a crash may leave all of it, none, or a part.
    pub fn unsynced(&self) -> Vec<u8> {
        let synced = usize::try_from(self.image.0.synced.load(Ordering::SeqCst));
        let all = self.image.lock();
        all.get(synced.unwrap_or(all.len())..).unwrap_or_default().to_vec()
    }

    /// What an anchor would say of the log as far as it was written.
    pub fn mark(&self) -> ImageMark {
        self.writer.mark()
    }
}

/// A visitor of the log that is led by hand.
pub(crate) struct VisitorByHand {
    visitor: Box<dyn LogVisitor>,
    after: u64,
}

impl VisitorByHand {
    pub(crate) fn behind(visitor: Box<dyn LogVisitor>, after: u64) -> Self {
        Self { visitor, after }
    }

    /// Hands on all that is on the disk now.
    pub(crate) fn burst(&mut self, image: &Image) -> Result<(), LogError> {
        let bytes = image.durable();
        let mut frames = ImageFrames::of(&bytes)?;
        let before = self.after;
        while let Some(frame) = frames.next_frame()? {
            let through = frame.last_sequence();
            if through <= self.after {
                continue;
            }
            for record in frame.records().filter(|record| record.sequence > self.after) {
                self.visitor.record(record);
            }
            self.after = through;
        }
        if self.after > before {
            self.visitor.flush(self.after);
        }
        Ok(())
    }
}
