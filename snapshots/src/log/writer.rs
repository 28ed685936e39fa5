//! The one thread that writes the log.
//!
//! Apart because the order of its few lines is the promise "acknowledged
//! means durable" (I-18): take what is waiting, write one frame, one
//! `fdatasync`, and only then release the acknowledgements. It never waits
//! for a fuller batch: measured, that loses at every load; while one commit
//! is on its way to the disk the next batch gathers by itself.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::{
    batch::Batch,
    journal::{Message, Shared},
    stream::Tip,
    tail::Tail,
};
use crate::anchor::{Anchor, Mark};

/// How far the anchor may lag behind the log.
const ANCHOR_INTERVAL: Duration = Duration::from_millis(100);

/// Called once when the log cannot be written; the default does not return.
pub(crate) type OnFatal = Box<dyn Fn(&io::Error) + Send>;

/// Says so and ends the process. After a failed fsync the kernel may have
/// dropped the pages and will report success next time, so neither trying
/// again nor going on is safe; a new process reads what the disk really has.
pub(crate) fn abort(error: &io::Error) {
    tracing::error!(%error, "the log cannot be written; aborting");
    std::process::abort();
}

pub(crate) struct Writer {
    pub(crate) tail: Tail,
    pub(crate) anchor: Anchor,
    pub(crate) queue: Receiver<Message>,
    /// Of the present commit.
    pub(crate) batch: Batch,
    pub(crate) shared: Arc<Shared>,
    /// Told after each commit, never waited for.
    pub(crate) committed: Sender<()>,
    pub(crate) on_fatal: OnFatal,
    /// Bytes after which a frame takes no further append.
    pub(crate) frame_bytes: usize,
}

impl Writer {
    /// Writes until the journal is closed or the disk fails. A panic is a
    /// failure like any other: the process must not live on without its log.
    pub(crate) fn run(mut self) {
        let ended = panic::catch_unwind(AssertUnwindSafe(|| self.write_all()));
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => (self.on_fatal)(&error),
            Err(_) => (self.on_fatal)(&io::Error::other("the log's writer panicked")),
        }
        // Only behind an orderly end: a process that could not write is gone
        // before those who wait are told anything.
        self.shared.end(&self.queue);
    }

    fn write_all(&mut self) -> io::Result<()> {
        let mut anchored = Anchored { at: Instant::now(), sequence: self.tail.next_sequence() - 1 };
        loop {
            let closing = match self.first(&anchored) {
                Ok(Message::Append { records, done }) => {
                    let tip = Tip {
                        log_id: self.tail.log_id(),
                        next_sequence: self.tail.next_sequence(),
                        chain: self.tail.chain(),
                    };
                    self.batch.gather(tip, (records, done), &self.queue, self.frame_bytes)
                }
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => true,
                Err(RecvTimeoutError::Timeout) => false,
            };
            self.commit()?;
            self.anchor_if_due(&mut anchored, closing)?;
            if closing {
                return Ok(());
            }
        }
    }

    /// The next message; while the anchor lags, only until it is due.
    fn first(&self, anchored: &Anchored) -> Result<Message, RecvTimeoutError> {
        if anchored.sequence + 1 == self.tail.next_sequence() {
            return self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        self.queue.recv_deadline(anchored.at + ANCHOR_INTERVAL)
    }

    fn commit(&mut self) -> io::Result<()> {
        if self.batch.has_records() {
            let frame = &mut self.batch.frame;
            let (count, next_sequence) = (frame.count(), frame.next_sequence());
            let (bytes, chain) = frame.close();
            self.tail.write(bytes, next_sequence, chain)?;
            let before = Instant::now();
            self.tail.sync()?;
            self.shared.note_commit(count, bytes.len(), before.elapsed());
            self.shared.durable.store(next_sequence - 1, Ordering::Release);
        }
        self.batch.release();
        // A full channel means that the follower has been told already.
        let _ = self.committed.try_send(());
        Ok(())
    }

    /// After the acknowledgements, so that nobody waits for it.
    fn anchor_if_due(&mut self, anchored: &mut Anchored, closing: bool) -> io::Result<()> {
        let sequence = self.tail.next_sequence() - 1;
        if sequence == anchored.sequence {
            return Ok(());
        }
        if closing || anchored.at.elapsed() >= ANCHOR_INTERVAL {
            let (log_id, chain) = (self.tail.log_id(), self.tail.chain());
            self.anchor.write(Mark { log_id, sequence, chain })?;
            *anchored = Anchored { at: Instant::now(), sequence };
        }
        Ok(())
    }
}

/// What the anchor said last, and when.
struct Anchored {
    at: Instant,
    sequence: u64,
}
