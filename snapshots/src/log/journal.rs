//! The handle through which the engine appends to the log.
//!
//! Apart from the writer because many hold the handle and one thread holds
//! the file. An append is queued when it is called, not when it is awaited:
//! the order of calls is the order in the log.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

use super::{
    lane::{Inbox, LaneTicket},
    record::{RECORD_HEADER, Record},
};
use crate::bell::Bell;
use crate::journal_port::{Appended, JournalError, JournalPort, JournalStats};

/// No append may be larger: together with the frame's limit this bounds the
/// memory that one commit takes, and the frame that a reader has to hold.
pub const APPEND_LIMIT: usize = 16 * 1024 * 1024;

/// A cheap handle to the write-ahead log.
#[derive(Clone)]
pub struct Journal {
    queue: Sender<Message>,
    shared: Arc<Shared>,
    bell: Bell,
}

impl Journal {
    pub(crate) fn new(queue: Sender<Message>, shared: Arc<Shared>) -> Self {
        Self { queue, shared, bell: Bell::default() }
    }

    /// The same where no thread waits for what is queued.
    pub(crate) fn served_by_hand(queue: Sender<Message>, shared: Arc<Shared>, bell: Bell) -> Self {
        Self { queue, shared, bell }
    }

    /// Queues the records, all of them for the same frame. The future gives
    /// the sequence of the last one once it is durable; dropping the future
    /// does not take the records back.
    ///
    /// When the queue is full this blocks until the next commit takes it: what
    /// has happened must be written. Refuse new work by [`depth`] before.
    ///
    /// [`depth`]: Self::depth
    pub fn append(&self, records: Vec<Record>) -> Appending {
        let (done, outcome) = oneshot::channel();
        let queued = self.admit(&records);
        let queued = queued.and_then(|()| self.queue(records, Acknowledgement::Task(done)));
        Appending(queued.map(|()| outcome).map_err(Some))
    }

    /// The same for a thread that may wait.
    pub fn append_blocking(&self, records: Vec<Record>) -> Result<u64, JournalError> {
        let (done, outcome) = crossbeam_channel::bounded(1);
        self.admit(&records)?;
        self.queue(records, Acknowledgement::Thread(done))?;
        outcome.recv().map_err(|_| JournalError::Closed)
    }

    /// Everything up to here has been acknowledged and is on disk.
    pub fn durable_sequence(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// Appends that wait for the commit after the present one.
    pub fn depth(&self) -> usize {
        self.queue.len()
    }

    /// Counters since the start.
    pub fn stats(&self) -> JournalStats {
        self.shared.stats()
    }

    /// Asks the writer to end behind all that is queued; later appends fail.
    pub(crate) fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        // A writer that is gone already needs no telling.
        let _ = self.queue.send(Message::Close);
        self.bell.ring();
    }

    /// Whether the records may be queued.
    pub(crate) fn admit(&self, records: &[Record]) -> Result<(), JournalError> {
        let bytes = records.iter().map(|record| RECORD_HEADER + record.body.len()).sum();
        if bytes > APPEND_LIMIT {
            return Err(JournalError::TooLarge { bytes, limit: APPEND_LIMIT });
        }
        if self.shared.closed.load(Ordering::Acquire) {
            return Err(JournalError::Closed);
        }
        Ok(())
    }

    /// Queues what was admitted.
    pub(crate) fn queue(
        &self,
        records: Vec<Record>,
        done: Acknowledgement,
    ) -> Result<(), JournalError> {
        let message = Message::Append { records, done };
        self.queue.send(message).map_err(|_| JournalError::Closed)?;
        self.bell.ring();
        // Queued behind the writer's last look: nobody takes it any more.
        let ended = self.shared.ended.load(Ordering::SeqCst);
        if ended { Err(JournalError::Closed) } else { Ok(()) }
    }
}

impl JournalPort for Journal {
    fn append(&self, records: Vec<Record>) -> Appended {
        Box::pin(self.append(records))
    }

    fn durable_sequence(&self) -> u64 {
        self.durable_sequence()
    }

    fn depth(&self) -> usize {
        self.depth()
    }

    fn stats(&self) -> JournalStats {
        self.stats()
    }
}

/// An append on its way to the disk.
#[must_use = "the append is queued, but only the outcome says that it is durable"]
pub struct Appending(Result<oneshot::Receiver<u64>, Option<JournalError>>);

impl Future for Appending {
    type Output = Result<u64, JournalError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // The writer drops what it cannot acknowledge.
            Ok(outcome) => Pin::new(outcome).poll(context).map_err(|_dropped| JournalError::Closed),
            Err(error) => Poll::Ready(Err(error.take().unwrap_or(JournalError::Closed))),
        }
    }
}

/// What the writer is sent.
pub(crate) enum Message {
    Append { records: Vec<Record>, done: Acknowledgement },
    Close,
}

/// Whom to tell when an append is durable.
pub(crate) enum Acknowledgement {
    Task(oneshot::Sender<u64>),
    Thread(Sender<u64>),
    Lane(LaneTicket),
}

impl Acknowledgement {
    /// Tells them. Whoever has stopped waiting has stopped caring. Gives the lane that is to be woken.
    pub(crate) fn release(self, sequence: u64) -> Option<Arc<Inbox>> {
        match self {
            Self::Task(done) => drop(done.send(sequence)),
            Self::Thread(done) => drop(done.send(sequence)),
            Self::Lane(ticket) => return ticket.acknowledge(),
        }
        None
    }
}

/// What writer and handles both see.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) durable: AtomicU64,
    closed: AtomicBool,
    /// The writer is gone.
    ended: AtomicBool,
    commits: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    sync_micros_total: AtomicU64,
    sync_micros_max: AtomicU64,
}

impl Shared {
    pub(crate) fn new(durable: u64) -> Self {
        Self { durable: AtomicU64::new(durable), ..Self::default() }
    }

    pub(crate) fn note_commit(&self, records: u32, bytes: usize, sync: Duration) {
        let micros = u64::try_from(sync.as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.records.fetch_add(u64::from(records), Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.sync_micros_total.fetch_add(micros, Ordering::Relaxed);
        self.sync_micros_max.fetch_max(micros, Ordering::Relaxed);
    }

    /// The writer takes nothing any more. What is queued is dropped, before this is known and behind it,
    /// so that whoever waits for it is told.
    pub(crate) fn end(&self, queue: &Receiver<Message>) {
        while queue.try_recv().is_ok() {}
        self.ended.store(true, Ordering::SeqCst);
        while queue.try_recv().is_ok() {}
    }

    fn stats(&self) -> JournalStats {
        JournalStats {
            commits: self.commits.load(Ordering::Relaxed),
            records: self.records.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            sync_micros_total: self.sync_micros_total.load(Ordering::Relaxed),
            sync_micros_max: self.sync_micros_max.load(Ordering::Relaxed),
        }
    }
}
