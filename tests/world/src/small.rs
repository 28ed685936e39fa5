//! One payout, and everything that can happen to it in whatever order: all interleavings of a small world,
//! walked through breadth-first, over the product's own `decide` and `apply`. Apart from the large worlds,
//! which try a little of everything: here nothing of a little is left out.
//!
//! The world: at most two sends, two crashes (between any two steps, and between writing and acting), three
//! callbacks, two commands of the merchant and two orders of operators; four times of day, so that
//! every pause of the contract can have passed or not; a provider that loses requests, answers late or
//! never, hides what it has as far as its contract lets it, and pays, fails, or takes back. States that
//! differ only in what no decision reads (how long the history is) are one.

mod moves;
mod state;

use crate::audit::Violation;
use domain::schedule::{Policy, PollPlan};
use state::{Key, State};
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// What was agreed with the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contract {
    /// A reference that was seen is recognised.
    pub resend_is_safe: bool,
    /// "Not found" is final, some time after the last send.
    pub not_found_is_final: bool,
    /// Signed callbacks are believed.
    pub believed: bool,
}

impl Contract {
    /// All that there are.
    pub fn all() -> impl Iterator<Item = Contract> {
        (0..8).map(|bits| Contract {
            resend_is_safe: bits & 1 > 0,
            not_found_is_final: bits & 2 > 0,
            believed: bits & 4 > 0,
        })
    }

    fn policy(self) -> Policy {
        let seconds = Duration::from_secs;
        Policy {
            poll: PollPlan {
                first: seconds(1),
                factor: 1,
                cap: seconds(1),
                give_up: seconds(1_000),
            },
            can_revoke: true,
            can_cancel: true,
            not_found_final_after: self.not_found_is_final.then_some(seconds(100)),
            visibility_lag: seconds(10),
            resend_is_safe: self.resend_is_safe,
            late_return: None,
            believe_signed_callbacks: self.believed,
        }
    }
}

/// How often each thing may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Submissions of the one attempt.
    pub sends: u8,
    /// Deaths of the process.
    pub crashes: u8,
    /// Callbacks.
    pub callbacks: u8,
    /// Commands of the merchant.
    pub commands: u8,
    /// Orders of operators.
    pub orders: u8,
}

impl Bounds {
    /// Those that are published.
    pub const WHOLE: Bounds = Bounds { sends: 2, crashes: 2, callbacks: 3, commands: 2, orders: 2 };
}

/// What a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Different states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// The first invariant that was broken, and what led there.
    pub broken: Option<(Violation, Vec<String>)>,
}

/// Walks through everything that can happen under a contract.
pub fn walk(contract: Contract, bounds: Bounds) -> Walked {
    let policy = contract.policy();
    let first = State::new(bounds);
    let mut known: HashSet<Key> = HashSet::from([first.key()]);
    let mut steps = 0;
    // Where each state came from, for the story of one that breaks something.
    let mut came: Vec<(usize, String)> = vec![(0, "made".to_owned())];
    let mut open: VecDeque<(usize, State)> = VecDeque::from([(0, first)]);
    while let Some((number, state)) = open.pop_front() {
        let next = match moves::all(&state, contract, &policy) {
            Ok(next) => next,
            Err((violation, word)) => {
                let broken = Some((violation, story(&came, number, word)));
                return Walked { states: known.len(), steps, broken };
            }
        };
        for (word, next) in next {
            steps += 1;
            if known.insert(next.key()) {
                came.push((number, word.to_owned()));
                open.push_back((came.len() - 1, next));
            }
        }
    }
    Walked { states: known.len(), steps, broken: None }
}

fn story(came: &[(usize, String)], mut number: usize, last: String) -> Vec<String> {
    let mut words = vec![last];
    while number > 0 {
        words.push(came[number].1.clone());
        number = came[number].0;
    }
    words.reverse();
    words
}
