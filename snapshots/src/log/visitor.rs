//! Reads the log behind the writer, for whoever wants to know what it says.
//!
//! Apart from sled's follower, which copies frames and can be rebuilt: this
//! one hands on records, exactly once and in order, and keeps nothing. Like
//! it, it is handed nothing by the writer and cannot hold it up. While there
//! is nothing new it looks at the durable sequence every few milliseconds, so
//! a commit costs the writer the same however many follow.

use std::{
    convert::Infallible,
    io,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::{Journal, LogError, LogReader, RecordRef};
use crate::{events::EventError, guarded};

/// How long records may gather before they are read.
const PACE: Duration = Duration::from_millis(5);

/// After so many records a burst is flushed, though more are waiting: a
/// visitor that catches up from the log's start must not gather it all.
const BURST: usize = 4096;

/// Sees every record of the log, in order.
pub trait LogVisitor: Send {
    /// What its thread and its log lines are called.
    fn name(&self) -> &'static str {
        "log-visitor"
    }

    /// The next record. It is durable.
    fn record(&mut self, record: RecordRef<'_>);

    /// Everything up to and including the sequence `through` was handed on.
    /// Called after each burst, and after every few thousand records of a long
    /// one, never twice for the same sequence. A visitor that cannot go on
    /// without leaving something out panics: only its own thread ends.
    fn flush(&mut self, through: u64);
}

/// Says behind which sequence a visitor begins.
type After = Box<dyn FnOnce() -> Result<u64, EventError> + Send>;

/// Why a visitor's thread ended early.
#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Begin(#[from] EventError),
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A thread that hands the log to one visitor.
pub(crate) struct VisitorThread {
    /// Dropped when the log has ended.
    open: Sender<Infallible>,
    thread: JoinHandle<()>,
    name: &'static str,
}

impl VisitorThread {
    /// Hands on the records behind the sequence that `after` gives, and those to come.
    pub(crate) fn start(
        visitor: Box<dyn LogVisitor>,
        log_dir: PathBuf,
        journal: Journal,
        after: After,
    ) -> io::Result<Self> {
        let (open, closed) = crossbeam_channel::bounded(0);
        let name = visitor.name();
        let reading = Reading { visitor, log_dir, journal, after: 0, closed };
        let body = move || reading.run(name, after);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(body)?;
        Ok(Self { open, thread, name })
    }

    /// Waits for the visitors to have seen all that is durable by now. Nothing
    /// may be appended any more.
    pub(crate) fn close_all(visitors: Vec<Self>) {
        // Told all at once, before the first is waited for.
        let ending = visitors.into_iter().map(|Self { open, thread, name }| {
            drop(open);
            (thread, name)
        });
        for (thread, name) in ending.collect::<Vec<_>>() {
            if thread.join().is_err() {
                tracing::error!(visitor = name, "a visitor of the log panicked");
            }
        }
    }
}

struct Reading {
    visitor: Box<dyn LogVisitor>,
    log_dir: PathBuf,
    journal: Journal,
    after: u64,
    closed: Receiver<Infallible>,
}

impl Reading {
    fn run(mut self, name: &str, after: After) {
        let ended = panic::catch_unwind(AssertUnwindSafe(|| {
            self.after = after()?;
            self.read()
        }));
        let error = match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(payload) => format!("{:?}", guarded::panicked(payload.as_ref())),
        };
        tracing::error!(visitor = name, %error, "no longer follows the log; the next start goes on");
    }

    fn read(&mut self) -> Result<(), FollowError> {
        let mut reader = LogReader::seek(&self.log_dir, self.after.saturating_add(1))?;
        loop {
            // Looked at first: what was durable before the end is read after it.
            let waited = self.closed.recv_timeout(PACE);
            self.burst(&mut reader)?;
            if waited == Err(RecvTimeoutError::Disconnected) {
                return Ok(());
            }
        }
    }

    /// Hands on all that is durable now.
    fn burst(&mut self, reader: &mut LogReader) -> Result<(), LogError> {
        let durable = self.journal.durable_sequence();
        let mut gathered = 0;
        while let Some(frame) = reader.next(durable)? {
            let through = frame.last_sequence();
            if through <= self.after {
                continue;
            }
            // The segment, and perhaps the frame, begins with what is known.
            for record in frame.records().filter(|record| record.sequence > self.after) {
                self.visitor.record(record);
                gathered += 1;
            }
            self.after = through;
            if gathered >= BURST {
                self.visitor.flush(through);
                gathered = 0;
            }
        }
        if gathered > 0 {
            self.visitor.flush(self.after);
        }
        Ok(())
    }
}
