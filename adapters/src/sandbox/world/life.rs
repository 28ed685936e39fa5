//! What happens to payouts while nobody asks: the beats of their lives, in the order of their times.
//! Apart from the calls, because this is driven by time and they are driven by callers.

use super::World;
use super::behaviour::{Beat, Turn, Wait};
use super::calling::Outgoing;
use super::row::Row;
use super::word::Word;
use domain::time::Timestamp;
use std::cmp::{Ordering, Reverse};
use std::collections::binary_heap::PeekMut;
use std::time::Duration;

/// Something that will happen.
#[derive(Clone)]
pub(super) struct Due {
    at: Timestamp,
    order: u64,
    what: What,
}

/// What will happen.
#[derive(Clone)]
pub(super) enum What {
    /// The next beat of a payout.
    Beat { place: usize, number: usize },
    /// The answer to a deferred question.
    Answer { place: usize, token: String },
    /// A callback that was held back.
    Send(Box<Outgoing>),
}

impl World {
    /// Everything happens that is due by `now`. Time never goes back: an earlier `now` is as good
    /// as none.
    pub fn run_until(&mut self, now: Timestamp) {
        while let Some(due) = self.take_due(now) {
            self.now = self.now.max(due.at);
            self.happen(due.what);
        }
        self.now = self.now.max(now);
    }

    fn take_due(&mut self, now: Timestamp) -> Option<Due> {
        let first = self.due.peek_mut().filter(|first| first.0.at <= now)?;
        Some(PeekMut::pop(first).0)
    }

    /// When something happens next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse(due)| due.at)
    }

    /// A callback that could not be delivered goes out again after a pause.
    pub fn send_later(&mut self, callback: Outgoing, pause: Duration) {
        self.plan(pause, What::Send(Box::new(callback)));
    }

    /// The question's answer is called back shortly.
    pub(super) fn answer_later(&mut self, place: usize, token: String) {
        self.plan(Duration::from_millis(50), What::Answer { place, token });
    }

    /// The life of a payout that was just taken begins.
    pub(super) fn begin_life(&mut self, place: usize) {
        self.plan_beat(place, 0);
        // What happens at once has happened before the sender is answered.
        self.run_until(self.now);
    }

    pub(super) fn plan(&mut self, pause: Duration, what: What) {
        self.planned += 1;
        self.due.push(Reverse(Due { at: self.now.plus(pause), order: self.planned, what }));
    }

    fn plan_beat(&mut self, place: usize, number: usize) {
        let row = &self.rows[place];
        let Some(Beat(wait, _)) = row.life.get(number) else { return };
        let pause = match wait {
            Wait::None => Duration::ZERO,
            Wait::Millis(millis) => Duration::from_millis(u64::from(*millis)),
            Wait::Settling => self.settling_time(row),
        };
        self.plan(pause, What::Beat { place, number });
    }

    fn settling_time(&self, row: &Row) -> Duration {
        let spread = self.faults.finalise.as_ref();
        spread.map_or(self.settle_after, |spread| {
            spread.at(self.lots.draw("finalise", &row.reference, 0))
        })
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Beat { place, number } => self.play(place, number),
            What::Answer { place, token } => self.answer(place, token),
            What::Send(callback) => self.outgoing.push(*callback),
        }
    }

    fn play(&mut self, place: usize, number: usize) {
        let row = &mut self.rows[place];
        // A payout that was recalled meanwhile has no beats left.
        let Some(Beat(_, turn)) = row.life.get(number) else { return };
        match *turn {
            Turn::Becomes(word) => row.word = word,
            Turn::Pays(percent) => {
                row.word = Word::Settled;
                row.paid += 1;
                row.percent = percent;
            }
            Turn::Fails => row.word = Word::Failed,
            Turn::IsRecalled => {
                row.word = Word::Revoked;
                row.revoked += 1;
            }
            Turn::Returns => {
                row.word = Word::Returned;
                row.returned += 1;
            }
            Turn::Calls(call) => self.call(place, call),
        }
        self.plan_beat(place, number + 1);
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        self.order == other.order
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
