//! What one endpoint still has to be told, and when: a pure state that a clock and answers move. It
//! does no work itself, so every rule of delivery can be tried without a socket.
//!
//! Events of one payout stand in a lane and only the first of it is sent. Everything else is
//! independent: a payout whose messages are refused holds nobody else.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod chance;
mod saved;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use saved::{Saved, SavedRetry};

use super::feed::Event;
use super::kinds::Filter;
use super::schedule;
use domain::id::PayoutId;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// After so many failures in a row the endpoint itself is taken to be down.
const FAILING_AFTER: u32 = 8;
/// While it is down, a message that was never tried goes out this often, to see whether it still is.
const PROBE_PAUSE: Duration = Duration::from_secs(30);
/// After a message could not be rendered, nothing is tried for this long.
const RENDER_PAUSE: Duration = Duration::from_secs(1);

/// So many windows of events may be open in all.
const IDLE_WINDOWS: usize = 8;

/// The work of one endpoint.
#[derive(Debug)]
pub struct Book {
    limits: Limits,
    /// Everything up to here is either open or done.
    loaded: u64,
    open: BTreeMap<u64, Open>,
    lanes: HashMap<PayoutId, VecDeque<u64>>,
    /// Firsts of lanes that were never tried.
    fresh: BTreeSet<u64>,
    /// Firsts of lanes that wait for their time.
    waiting: BTreeSet<(Timestamp, u64)>,
    sending: usize,
    failures_in_a_row: u32,
    failing_since: Option<Timestamp>,
    probe_at: Timestamp,
    /// Nothing is taken before this time: messages cannot be rendered just now.
    held_until: Timestamp,
    changed: bool,
}

/// How much work an endpoint may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events in memory.
    pub window: usize,
    /// Calls at once.
    pub concurrency: usize,
}

#[derive(Debug)]
struct Open {
    event: Event,
    /// Attempts made, of whatever kind.
    tries: u32,
    /// Attempts of the schedule that failed.
    failed: u32,
    /// When the schedule says to try again.
    scheduled: Timestamp,
    /// When the attempt under way began.
    began: Timestamp,
    /// An attempt outside the schedule was made since the last one within it, or is not wanted.
    hurried: bool,
}

/// One attempt to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// What is told.
    pub event: Event,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Any 2xx.
    Delivered,
    /// Anything else; the endpoint may have asked for time.
    Failed(Option<Duration>),
    /// Nothing was sent: the message could not be rendered.
    NotTried,
}

/// What follows from it for the event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is told.
    Delivered,
    /// It is tried again, at the latest then.
    Retry(Timestamp),
    /// It is given up, and the payout's next event goes on.
    DeadLettered,
}

impl Book {
    /// A book that begins after this sequence.
    pub fn new(limits: Limits, after: u64) -> Book {
        Book {
            limits,
            loaded: after,
            open: BTreeMap::new(),
            lanes: HashMap::new(),
            fresh: BTreeSet::new(),
            waiting: BTreeSet::new(),
            sending: 0,
            failures_in_a_row: 0,
            failing_since: None,
            probe_at: Timestamp::default(),
            held_until: Timestamp::default(),
            changed: false,
        }
    }

    /// Takes events in, in order; those that nobody wants are done at once.
    pub fn load(&mut self, events: Vec<Event>, filter: &Filter) {
        for event in events {
            if event.sequence <= self.loaded {
                continue;
            }
            self.changed = true;
            self.loaded = event.sequence;
            if filter.wants(event.kind) {
                self.insert(Open::new(event));
            }
        }
    }

    /// The next attempt that may be made now, if any. It is under way until it is recorded.
    pub fn take(&mut self, now: Timestamp) -> Option<Job> {
        if self.sending >= self.limits.concurrency || now < self.held_until {
            return None;
        }
        let due = self.waiting.first().copied().filter(|(at, _)| *at <= now);
        let sequence = match due {
            Some(first) => {
                self.waiting.remove(&first);
                first.1
            }
            None => self.take_fresh(now)?,
        };
        let open = self.open.get_mut(&sequence)?;
        open.began = now;
        self.sending += 1;
        Some(Job { event: open.event.clone(), attempt: open.tries + 1 })
    }

    /// Notes how an attempt ended.
    pub fn record(&mut self, sequence: u64, ended: Ended, now: Timestamp) -> Verdict {
        self.sending = self.sending.saturating_sub(1);
        match ended {
            Ended::NotTried => {
                self.held_until = now.plus(RENDER_PAUSE);
                self.make_ready(sequence);
                Verdict::Retry(self.held_until)
            }
            Ended::Delivered => {
                self.changed = true;
                self.close(sequence);
                self.recovered(now);
                Verdict::Delivered
            }
            Ended::Failed(retry_after) => {
                self.changed = true;
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                self.failing_since.get_or_insert(now);
                if self.is_failing() && self.probe_at <= now {
                    self.probe_at = now.plus(PROBE_PAUSE);
                }
                self.failed(sequence, retry_after, now)
            }
        }
    }

    /// When something may be taken that cannot be taken yet.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.sending >= self.limits.concurrency {
            return None;
        }
        let fresh = match self.is_failing() {
            _ if self.fresh.is_empty() => None,
            true => (self.sending == 0).then_some(self.probe_at),
            false => Some(self.held_until),
        };
        let due = self.waiting.first().map(|(at, _)| *at);
        [fresh, due].into_iter().flatten().min().map(|at| at.max(self.held_until))
    }

    /// How many more events may be loaded.
    /// What waits for another attempt, and what stands behind something, does not fill the window: a
    /// receiver that refuses some payouts goes on hearing of the others.
    pub fn room(&self) -> usize {
        let behind = self.open.len().saturating_sub(self.lanes.len());
        let idle = (self.waiting.len() + behind).min(self.open.len());
        let window = self.limits.window.saturating_sub(self.open.len() - idle);
        window.min((self.limits.window * IDLE_WINDOWS).saturating_sub(self.open.len()))
    }

    /// Up to where events were loaded.
    pub fn loaded(&self) -> u64 {
        self.loaded
    }

    /// Events that are neither told nor given up.
    pub fn pending(&self) -> usize {
        self.open.len()
    }

    /// Since when nothing has reached the endpoint, if it is so.
    pub fn failing_since(&self) -> Option<Timestamp> {
        self.failing_since
    }

    /// The endpoint begins anew whenever it is used again: what was held against it is forgotten, and
    /// what waits is due.
    pub fn forgive(&mut self, now: Timestamp) {
        self.changed = true;
        self.failing_since = None;
        self.failures_in_a_row = 0;
        for open in self.open.values_mut() {
            open.scheduled = now;
        }
        self.waiting = self.waiting.iter().map(|(_, sequence)| (now, *sequence)).collect();
    }

    /// Whether something waits for longer than anything is ever put off: it was put off by a clock that was
    /// ahead.
    pub fn is_ahead_of(&self, now: Timestamp) -> bool {
        self.waiting.last().is_some_and(|(at, _)| at.since(now) > schedule::LONGEST)
    }

    /// The clock was put back: what waits is due, and nothing waits until the clock shows again what it
    /// showed before.
    pub fn clock_was_put_back(&mut self, now: Timestamp) {
        self.changed = true;
        for open in self.open.values_mut() {
            open.scheduled = open.scheduled.min(now);
        }
        self.waiting =
            self.waiting.iter().map(|(at, sequence)| (now.min(*at), *sequence)).collect();
        self.probe_at = self.probe_at.min(now);
        self.held_until = self.held_until.min(now);
        self.failing_since = self.failing_since.map(|since| since.min(now));
    }

    fn is_failing(&self) -> bool {
        self.failures_in_a_row >= FAILING_AFTER
    }

    fn take_fresh(&mut self, now: Timestamp) -> Option<u64> {
        if self.is_failing() {
            if self.sending > 0 || now < self.probe_at {
                return None;
            }
            self.probe_at = now.plus(PROBE_PAUSE);
        }
        self.fresh.pop_first()
    }

    /// An attempt outside the schedule costs nothing of it.
    fn failed(&mut self, sequence: u64, retry_after: Option<Duration>, now: Timestamp) -> Verdict {
        let Some(open) = self.open.get_mut(&sequence) else { return Verdict::DeadLettered };
        let early = open.hurried && open.began < open.scheduled;
        open.tries = open.tries.saturating_add(1);
        if !early {
            open.failed = open.failed.saturating_add(1);
            let next = schedule::next_attempt(&open.event.id, open.failed, now, retry_after);
            let Some(at) = next else {
                self.close(sequence);
                return Verdict::DeadLettered;
            };
            open.scheduled = at;
            // Whoever asks for time is given it, also when others are served meanwhile.
            open.hurried = retry_after.is_some();
        }
        let at = open.scheduled;
        self.waiting.insert((at, sequence));
        Verdict::Retry(at)
    }

    /// The first success after failures brings everything forward that waits, once.
    fn recovered(&mut self, now: Timestamp) {
        self.failing_since = None;
        if std::mem::take(&mut self.failures_in_a_row) == 0 {
            return;
        }
        for (at, sequence) in std::mem::take(&mut self.waiting) {
            let due = match self.open.get_mut(&sequence) {
                Some(open) if !open.hurried && at > now => {
                    open.hurried = true;
                    now
                }
                _ => at,
            };
            self.waiting.insert((due, sequence));
        }
    }

    fn insert(&mut self, open: Open) {
        let (sequence, payout) = (open.event.sequence, open.event.payout);
        self.open.insert(sequence, open);
        let first = match payout {
            None => true,
            Some(payout) => {
                let lane = self.lanes.entry(payout).or_default();
                lane.push_back(sequence);
                lane.len() == 1
            }
        };
        if first {
            self.make_ready(sequence);
        }
    }

    fn close(&mut self, sequence: u64) {
        let Some(payout) = self.open.remove(&sequence).and_then(|open| open.event.payout) else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(&payout) else { return };
        lane.pop_front();
        match lane.front().copied() {
            Some(next) => self.make_ready(next),
            None => {
                self.lanes.remove(&payout);
            }
        }
    }

    fn make_ready(&mut self, sequence: u64) {
        match self.open.get(&sequence) {
            Some(open) if open.tries > 0 => {
                self.waiting.insert((open.scheduled, sequence));
            }
            _ => {
                self.fresh.insert(sequence);
            }
        }
    }
}

impl Open {
    fn new(event: Event) -> Open {
        let never = Timestamp::default();
        Open { event, tries: 0, failed: 0, scheduled: never, began: never, hurried: false }
    }
}
