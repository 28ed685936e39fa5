//! What a payout listens for beside what is written of it: answers that were put off, and what callbacks have
//! told before. In memory alone, and lost in a crash without harm. Apart from `schedule.rs`, which says when
//! the payout asks by itself.

use crate::payout::Payout;
use crate::report::FetchOutcome;
use crate::schedule::{Policy, Watch};
use crate::time::Timestamp;

/// Answers that a provider has put off, each until a callback with its token.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deferred(Vec<Box<str>>);

impl Deferred {
    /// So many are waited for at once; a provider that is slower than we ask has this much patience.
    pub const MAX: usize = 8;

    /// What is waited for behind the answer to a question.
    pub fn answered(&mut self, outcome: &FetchOutcome) {
        match outcome {
            FetchOutcome::Found(_) => self.clear(),
            FetchOutcome::NotFound | FetchOutcome::Unknown { .. } => {}
            FetchOutcome::Deferred { token } => {
                if self.0.len() >= Self::MAX {
                    self.0.remove(0);
                }
                self.0.push(token.clone());
            }
        }
    }

    /// Whether this is the token of an answer that is waited for.
    pub fn awaits(&self, token: &str) -> bool {
        self.0.iter().any(|one| **one == *token)
    }

    /// It is known what was asked: nobody listens for any of them any more.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether none is waited for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The last events that callbacks told of, to know a repetition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard(Vec<u64>);

impl Heard {
    /// So many are remembered.
    pub const MAX: usize = 16;

    /// Whether an event is news; it is remembered.
    pub fn is_news(&mut self, event: u64) -> bool {
        if self.0.contains(&event) {
            return false;
        }
        if self.0.len() >= Self::MAX {
            self.0.remove(0);
        }
        self.0.push(event);
        true
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[u64] {
        &self.0
    }
}

impl FromIterator<u64> for Heard {
    fn from_iter<T: IntoIterator<Item = u64>>(events: T) -> Heard {
        Heard(events.into_iter().collect())
    }
}

/// Whoever is paid is not asked about again by itself, so a look for money that came back is repeated where
/// nobody answered it. None: the answer has no say in that; otherwise when, or that it was not in vain.
pub fn look_again(
    payout: &Payout,
    watch: Watch,
    policy: &Policy,
    outcome: &FetchOutcome,
) -> Option<Option<Timestamp>> {
    if !payout.status().is_settled() || policy.late_return.is_none() {
        return None;
    }
    match outcome {
        FetchOutcome::NotFound => None,
        FetchOutcome::Found(_) => Some(None),
        FetchOutcome::Unknown { .. } | FetchOutcome::Deferred { .. } => {
            Some(Some(watch.last.plus(policy.poll.pause(watch.asked))))
        }
    }
}
