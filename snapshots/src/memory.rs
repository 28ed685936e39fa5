//! A journal in memory, for tests of the engine.
//!
//! Apart from the log, and deliberately able to misbehave on request: to
//! refuse an append, or to keep everybody waiting. The second is how a test
//! shows that nothing is done before its entry is durable (I-23).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::{
    journal_port::{Appended, JournalError, JournalPort, JournalStats},
    log::Record,
};

/// Decides for each append whether it is refused.
type Refusal = Box<dyn FnMut(&[Record]) -> Option<JournalError> + Send>;

/// A [`JournalPort`] that is gone with the process; cheap to clone.
#[derive(Clone, Default)]
pub struct MemoryJournal {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    durable: u64,
    commits: u64,
    held: Option<Vec<(oneshot::Sender<u64>, u64)>>,
    refusal: Option<Refusal>,
}

impl MemoryJournal {
    /// An empty one, which acknowledges at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// From here on asks `refusal` before each append. What it returns is the
    /// append's outcome, and nothing is written.
    pub fn refuse(&self, refusal: impl FnMut(&[Record]) -> Option<JournalError> + Send + 'static) {
        self.state().refusal = Some(Box::new(refusal));
    }

    /// Takes appends, and acknowledges none until [`release`](Self::release).
    pub fn hold(&self) {
        self.state().held.get_or_insert_default();
    }

    /// Acknowledges everything held, in order, and no longer holds.
    pub fn release(&self) {
        let mut state = self.state();
        let held = state.held.take();
        state.durable = state.records.len() as u64;
        drop(state);
        for (done, sequence) in held.into_iter().flatten() {
            // Whoever dropped the future does not wait any more.
            let _ = done.send(sequence);
        }
    }

    /// All records, durable or held, with their sequences.
    pub fn records(&self) -> Vec<(u64, Record)> {
        (1..).zip(self.state().records.iter().cloned()).collect()
    }

    /// Those of one payout.
    pub fn records_of(&self, payout: [u8; 16]) -> Vec<(u64, Record)> {
        self.records().into_iter().filter(|(_, record)| record.payout == payout).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalPort for MemoryJournal {
    fn append(&self, records: Vec<Record>) -> Appended {
        let mut state = self.state();
        let refused = state.refusal.as_mut().and_then(|refusal| refusal(&records));
        if let Some(error) = refused {
            return Box::pin(std::future::ready(Err(error)));
        }
        state.commits += 1;
        state.records.extend(records);
        let sequence = state.records.len() as u64;
        match &mut state.held {
            Some(held) => {
                let (done, outcome) = oneshot::channel();
                held.push((done, sequence));
                Box::pin(async { outcome.await.map_err(|_dropped| JournalError::Closed) })
            }
            None => {
                state.durable = sequence;
                Box::pin(std::future::ready(Ok(sequence)))
            }
        }
    }

    fn durable_sequence(&self) -> u64 {
        self.state().durable
    }

    fn depth(&self) -> usize {
        self.state().held.as_ref().map_or(0, Vec::len)
    }

    fn stats(&self) -> JournalStats {
        let State { commits, ref records, .. } = *self.state();
        JournalStats { commits, records: records.len() as u64, ..JournalStats::default() }
    }
}

#[cfg(test)]
mod tests {
    //! The memory journal keeps the port's promises, and breaks them on request.

    use std::task::{Context, Poll, Waker};

    use super::*;

    fn record(version: u32) -> Record {
        Record { payout: [1; 16], version, body: vec![] }
    }

    fn poll(append: &mut Appended) -> Poll<Result<u64, JournalError>> {
        append.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_append_is_numbered_and_remembered() {
        let journal = MemoryJournal::new();
        assert_eq!(poll(&mut journal.append(vec![record(1), record(2)])), Poll::Ready(Ok(2)));
        assert_eq!(journal.durable_sequence(), 2);
        assert_eq!(journal.records_of([1; 16]), [(1, record(1)), (2, record(2))]);
        assert_eq!(journal.records_of([2; 16]), []);
    }

    #[test]
    fn held_appends_wait_for_their_release() {
        let journal = MemoryJournal::new();
        journal.hold();
        let mut append = journal.append(vec![record(1)]);
        assert_eq!(poll(&mut append), Poll::Pending);
        assert_eq!((journal.durable_sequence(), journal.depth()), (0, 1));
        journal.release();
        assert_eq!(poll(&mut append), Poll::Ready(Ok(1)));
        assert_eq!((journal.durable_sequence(), journal.depth()), (1, 0));
    }

    #[test]
    fn a_refused_append_writes_nothing() {
        let journal = MemoryJournal::new();
        journal.refuse(|records| (records[0].version == 2).then_some(JournalError::Closed));
        assert_eq!(poll(&mut journal.append(vec![record(1)])), Poll::Ready(Ok(1)));
        assert_eq!(
            poll(&mut journal.append(vec![record(2)])),
            Poll::Ready(Err(JournalError::Closed))
        );
        assert_eq!(journal.records().len(), 1);
    }
}
