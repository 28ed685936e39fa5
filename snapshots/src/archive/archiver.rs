//! The one thread that puts payouts into the archive.
//!
//! Apart from the archive because actors must not wait for a disk, and because
//! what waits is stored together: one batch is one write to fjall's journal.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

use crate::bell::Bell;

use super::{ArchiveError, ArchiveStore, Archived};

/// Payouts stored in one batch, at most.
const BATCH: usize = 512;

/// A cheap handle to the archiver.
#[derive(Clone)]
pub struct Archiver {
    queue: Sender<Message>,
    bell: Bell,
}

impl Archiver {
    /// Queues the payout. The future resolves once it is stored and can be
    /// read from the archive; only then may its actor stop.
    ///
    /// The queue is not bounded: each payout in it is one that its actor still
    /// holds, so it never grows beyond what memory has room for already.
    pub fn put(&self, archived: Archived) -> Archiving {
        let (done, outcome) = oneshot::channel();
        // An archiver that has ended drops `done`, which answers the future.
        let _ = self.queue.send(Message::Put { archived, done });
        self.bell.ring();
        Archiving(outcome)
    }

    /// Payouts that wait.
    pub fn depth(&self) -> usize {
        self.queue.len()
    }
}

/// A payout on its way into the archive.
#[must_use = "the payout may only be dropped from memory once it is archived"]
pub struct Archiving(oneshot::Receiver<Result<(), ArchiveError>>);

impl Future for Archiving {
    type Output = Result<(), ArchiveError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = Pin::new(&mut self.0).poll(context);
        outcome.map(|answer| answer.unwrap_or(Err(ArchiveError::Closed)))
    }
}

/// Told what became of a payout.
type Done = oneshot::Sender<Result<(), ArchiveError>>;

enum Message {
    Put { archived: Archived, done: Done },
    Close,
}

/// The thread behind the handles.
pub(crate) struct ArchiverThread {
    handle: Archiver,
    thread: JoinHandle<()>,
}

impl ArchiverThread {
    pub(crate) fn start(archive: Arc<dyn ArchiveStore>) -> std::io::Result<Self> {
        let (queue, messages) = crossbeam_channel::unbounded();
        let thread = thread::Builder::new()
            .name("archiver".to_owned())
            .spawn(move || run(archive.as_ref(), &messages))?;
        Ok(Self { handle: Archiver { queue, bell: Bell::default() }, thread })
    }

    pub(crate) fn handle(&self) -> Archiver {
        self.handle.clone()
    }

    /// Stores what is queued and ends.
    pub(crate) fn close(self) {
        let _ = self.handle.queue.send(Message::Close);
        if self.thread.join().is_err() {
            tracing::error!("the archiver panicked");
        }
    }
}

/// The same without a thread: it stores when it is told to.
pub struct ArchiverByHand {
    archive: Arc<dyn ArchiveStore>,
    messages: Receiver<Message>,
    bell: Bell,
}

impl ArchiverByHand {
    /// An archiver for this archive, and the handle to it.
    pub(crate) fn new(archive: Arc<dyn ArchiveStore>) -> (Self, Archiver) {
        let (queue, messages) = crossbeam_channel::unbounded();
        let bell = Bell::with_rope();
        (Self { archive, messages, bell: bell.clone() }, Archiver { queue, bell })
    }

    /// Resolves once a payout waits.
    pub async fn called(&self) {
        self.bell.listen(|| !self.messages.is_empty()).await;
    }

    /// Stores what waits, and says so.
    pub fn store(&mut self) {
        let (batch, waiting) = self.waiting();
        store(self.archive.as_ref(), batch, waiting);
    }

    /// Stores nothing of what waits, as an archive whose disk is full, and says so.
    pub fn refuse(&mut self) {
        for done in self.waiting().1 {
            // Whoever dropped the future does not wait any more.
            let _ = done.send(Err(ArchiveError::NotStored("the disk is full".to_owned())));
        }
    }

    fn waiting(&mut self) -> (Vec<Archived>, Vec<Done>) {
        let messages = std::iter::from_fn(|| self.messages.try_recv().ok());
        let waiting = messages.filter_map(|message| match message {
            Message::Put { archived, done } => Some((archived, done)),
            Message::Close => None,
        });
        waiting.unzip()
    }
}

fn run(archive: &dyn ArchiveStore, messages: &Receiver<Message>) {
    let mut closing = false;
    while !closing {
        let mut batch = Vec::new();
        let mut waiting = Vec::new();
        let mut take = |message| match message {
            Message::Put { archived, done } => {
                batch.push(archived);
                waiting.push(done);
                batch.len() < BATCH
            }
            Message::Close => {
                closing = true;
                false
            }
        };
        let Ok(first) = messages.recv() else { return };
        let mut more = take(first);
        while more {
            more = messages.try_recv().is_ok_and(&mut take);
        }
        store(archive, batch, waiting);
    }
}

fn store(archive: &dyn ArchiveStore, batch: Vec<Archived>, waiting: Vec<Done>) {
    if batch.is_empty() {
        return;
    }
    let failure = archive.put(batch).err().map(|error| error.to_string());
    if let Some(error) = &failure {
        tracing::error!(%error, payouts = waiting.len(), "a batch was not archived");
    }
    for done in waiting {
        let outcome = failure.clone().map_or(Ok(()), |error| Err(ArchiveError::NotStored(error)));
        // Whoever dropped the future does not wait any more.
        let _ = done.send(outcome);
    }
}
