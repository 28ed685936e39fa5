//! Events sent again because the merchant asks: a range of sequences, walked in order. Apart from the
//! book: a replay has no schedule, and what it sends was settled long ago.

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Replays that may wait for one endpoint.
pub const REPLAYS_MAX: usize = 16;

/// Events to be sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replay {
    /// The events after this sequence.
    pub after: u64,
    /// Up to this one.
    pub until: u64,
    /// Whether the endpoint's filter holds; a single event is sent whatever it is.
    pub filtered: bool,
}

/// The replays of one endpoint, one after the other, and one message of them at a time.
#[derive(Debug, Default)]
pub struct Replays {
    waiting: VecDeque<Replay>,
    sending: bool,
    /// Not before this time.
    pub not_before: Timestamp,
    changed: bool,
}

impl Replays {
    /// Those that were noted.
    pub fn of(noted: Vec<Replay>) -> Replays {
        Replays { waiting: noted.into(), ..Replays::default() }
    }

    /// One more; not if there are too many.
    pub fn add(&mut self, replay: Replay) -> bool {
        let fits = self.waiting.len() < REPLAYS_MAX;
        if fits {
            self.waiting.push_back(replay);
            self.changed = true;
        }
        fits
    }

    /// The replay whose next message may be sent now.
    pub fn next(&self, now: Timestamp) -> Option<Replay> {
        self.waiting.front().copied().filter(|_| !self.sending && self.not_before <= now)
    }

    /// When a message may be sent that may not yet.
    pub fn wake_at(&self) -> Option<Timestamp> {
        (!self.sending && !self.waiting.is_empty()).then_some(self.not_before)
    }

    /// A message is under way.
    pub fn begin(&mut self) {
        self.sending = true;
    }

    /// Everything up to this sequence was sent, or need not be.
    pub fn done(&mut self, sequence: u64) {
        self.sending = false;
        self.changed = true;
        if let Some(front) = self.waiting.front_mut() {
            front.after = sequence;
            if front.after >= front.until {
                self.waiting.pop_front();
            }
        }
    }

    /// The message could not be made; it is tried again then.
    pub fn put_off(&mut self, until: Timestamp) {
        self.sending = false;
        self.not_before = until;
    }

    /// The clock was put back: what was put off may be sent now.
    pub fn clock_was_put_back(&mut self, now: Timestamp) {
        self.not_before = self.not_before.min(now);
    }

    /// As it is noted.
    pub fn noted(&self) -> Vec<Replay> {
        self.waiting.iter().copied().collect()
    }

    /// Whether it differs from what was noted.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// It was noted as it is.
    pub fn is_kept(&mut self) {
        self.changed = false;
    }
}
