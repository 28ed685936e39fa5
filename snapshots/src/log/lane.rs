//! One thread's own way to the log.
//!
//! Apart from the handle that many threads share, because most appends come
//! from few threads with thousands of tasks each. Told one by one, every
//! append would cost the writer a wake across threads; here it adds to a
//! number and wakes the thread once for each commit, and the thread tells its
//! own tasks. That works because the appends of one lane are acknowledged in
//! the order in which they were queued.

use std::{
    cell::RefCell,
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures_util::task::AtomicWaker;

use super::{
    journal::{Acknowledgement, Journal},
    record::Record,
};
use crate::journal_port::JournalError;

/// What the writer tells a lane.
#[derive(Default)]
pub(crate) struct Inbox {
    /// So many appends of the lane are durable.
    acknowledged: AtomicU64,
    /// No more will be.
    closed: AtomicBool,
    teller: AtomicWaker,
}

impl Inbox {
    pub(crate) fn wake(&self) {
        self.teller.wake();
    }
}

/// An append of a lane, in the writer's hands. Dropped unsaid, it says that the
/// log has closed.
pub(crate) struct LaneTicket(Option<Arc<Inbox>>);

impl LaneTicket {
    /// The oldest append of the lane is durable. Whoever says so wakes the lane
    /// when all of a commit is said.
    pub(crate) fn acknowledge(mut self) -> Option<Arc<Inbox>> {
        let inbox = self.0.take()?;
        inbox.acknowledged.fetch_add(1, Ordering::Release);
        Some(inbox)
    }
}

impl Drop for LaneTicket {
    fn drop(&mut self) {
        if let Some(inbox) = self.0.take() {
            inbox.closed.store(true, Ordering::Release);
            inbox.wake();
        }
    }
}

/// One thread's way to the log. Its futures stay on the thread, and
/// [`Lane::tell`] has to run there.
#[derive(Clone)]
pub struct Lane {
    journal: Journal,
    inbox: Arc<Inbox>,
    waiting: Rc<RefCell<Waiting>>,
}

/// The tasks that wait, in the order of their appends.
#[derive(Default)]
struct Waiting {
    /// The append that the first of them waits for: so many came before.
    first: u64,
    wakers: VecDeque<Option<Waker>>,
}

impl Lane {
    /// A lane of its own for the thread that calls.
    pub fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), inbox: Arc::default(), waiting: Rc::default() }
    }

    /// Queues the records, all of them for the same frame. The future resolves
    /// once they are durable; dropping it does not take the records back.
    pub fn append(&self, records: Vec<Record>) -> Result<LaneAppend, JournalError> {
        // Asked first: a ticket that is dropped says that the log has closed.
        self.journal.admit(&records)?;
        let ticket = LaneTicket(Some(self.inbox.clone()));
        let mut waiting = self.waiting.borrow_mut();
        self.journal.queue(records, Acknowledgement::Lane(ticket))?;
        let number = waiting.first + waiting.wakers.len() as u64;
        waiting.wakers.push_back(None);
        Ok(LaneAppend { lane: self.clone(), number })
    }

    /// Tells the tasks of this thread what the writer tells, for as long as the
    /// thread runs. Ends early when the log closed without taking all that the
    /// lane had queued.
    pub async fn tell(self) {
        std::future::poll_fn(|task| {
            self.inbox.teller.register(task.waker());
            let closed = self.inbox.closed.load(Ordering::Acquire);
            let acknowledged = self.inbox.acknowledged.load(Ordering::Acquire);
            let mut waiting = self.waiting.borrow_mut();
            while !waiting.wakers.is_empty() && (closed || waiting.first < acknowledged) {
                waiting.first += 1;
                if let Some(Some(waker)) = waiting.wakers.pop_front() {
                    waker.wake();
                }
            }
            if closed { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// An append of a lane on its way to the disk.
#[must_use = "the append is queued, but only the outcome says that it is durable"]
pub struct LaneAppend {
    lane: Lane,
    /// So many appends of the lane came before it.
    number: u64,
}

impl Future for LaneAppend {
    type Output = Result<(), JournalError>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        // Asked in this order: what was acknowledged stays so when the log closes.
        let closed = self.lane.inbox.closed.load(Ordering::Acquire);
        if self.lane.inbox.acknowledged.load(Ordering::Acquire) > self.number {
            return Poll::Ready(Ok(()));
        }
        if closed {
            return Poll::Ready(Err(JournalError::Closed));
        }
        let waiting = &mut *self.lane.waiting.borrow_mut();
        let place =
            usize::try_from(self.number.saturating_sub(waiting.first)).unwrap_or(usize::MAX);
        match waiting.wakers.get_mut(place) {
            Some(waker) if waker.as_ref().is_some_and(|one| one.will_wake(task.waker())) => {}
            Some(waker) => *waker = Some(task.waker().clone()),
            // Told between the two looks: look again at once.
            None => task.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}
