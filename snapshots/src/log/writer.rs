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
    frame_builder::FrameBuilder,
    journal::{Acknowledgement, Message, Shared},
    lane::Inbox,
    record::Record,
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
    /// Of the present commit, those to be woken.
    pub(crate) lanes: Vec<Arc<Inbox>>,
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
        let mut frame = FrameBuilder::default();
        let mut waiting = Vec::new();
        let mut anchored = Anchored { at: Instant::now(), sequence: self.tail.next_sequence() - 1 };
        loop {
            let closing = match self.first(&anchored) {
                Ok(Message::Append { records, done }) => {
                    self.gather(records, done, &mut frame, &mut waiting)
                }
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => true,
                Err(RecvTimeoutError::Timeout) => false,
            };
            self.commit(&mut frame, &mut waiting)?;
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

    /// Puts all that waits, up to the frame's limit, into one frame. All
    /// records of one append stay together. True when asked to close.
    fn gather(
        &self,
        records: Vec<Record>,
        done: Acknowledgement,
        frame: &mut FrameBuilder,
        waiting: &mut Vec<(Acknowledgement, u64)>,
    ) -> bool {
        frame.begin(self.tail.log_id(), self.tail.next_sequence(), self.tail.chain());
        let mut append = |records: Vec<Record>, done| {
            records.iter().for_each(|record| frame.push(record));
            waiting.push((done, frame.next_sequence() - 1));
            frame.len() < self.frame_bytes
        };
        let mut room = append(records, done);
        while room {
            match self.queue.try_recv() {
                Ok(Message::Append { records, done }) => room = append(records, done),
                Ok(Message::Close) => return true,
                Err(_) => break,
            }
        }
        false
    }

    fn commit(
        &mut self,
        frame: &mut FrameBuilder,
        waiting: &mut Vec<(Acknowledgement, u64)>,
    ) -> io::Result<()> {
        // Appends without a record are a barrier: they write nothing, and are
        // answered behind everything before them.
        if !waiting.is_empty() && frame.count() > 0 {
            let (count, next_sequence) = (frame.count(), frame.next_sequence());
            let (bytes, chain) = frame.close();
            self.tail.write(bytes, next_sequence, chain)?;
            let before = Instant::now();
            self.tail.sync()?;
            self.shared.note_commit(count, bytes.len(), before.elapsed());
            self.shared.durable.store(next_sequence - 1, Ordering::Release);
        }
        self.release(waiting);
        // A full channel means that the follower has been told already.
        let _ = self.committed.try_send(());
        Ok(())
    }

    /// Tells all that wait. Each lane is woken once, when all of it is said.
    fn release(&mut self, waiting: &mut Vec<(Acknowledgement, u64)>) {
        for (done, sequence) in waiting.drain(..) {
            if let Some(lane) = done.release(sequence)
                && !self.lanes.iter().any(|told| Arc::ptr_eq(told, &lane))
            {
                self.lanes.push(lane);
            }
        }
        self.lanes.drain(..).for_each(|lane| lane.wake());
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
