//! One payout, and everything that can happen to it in whatever order: all interleavings of a small world,
//! walked through breadth-first, over the product's own `decide` and `apply`. Apart from the large worlds,
//! which try a little of everything: here nothing of a little is left out.
//!
//! The world: some sends and some orders of operators, and any number of crashes (between any two steps, and between
//! writing and acting), callbacks and commands of the merchant; four times of day, so that
//! every pause of the contract can have passed or not; a provider that loses requests, answers late or
//! never, hides what it has as far as its contract lets it, and pays, fails, or takes back. States that
//! differ only in what no decision reads (how long the history is) are one: that is why there is an end
//! of them, and [`compare`] tries whether it is true.

mod alike;
mod moves;
mod state;

pub use alike::compare;

use crate::audit::Violation;
use domain::schedule::{Policy, PollPlan};
use state::State;
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

/// How often what may happen that would make too many states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Submissions of the one attempt.
    pub sends: u8,
    /// Orders of operators.
    pub orders: u8,
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

/// What does not change while one walks.
struct World {
    /// As the provider keeps it.
    contract: Contract,
    /// As the gateway has it.
    policy: Policy,
}

impl World {
    fn of(kept: Contract, agreed: Contract) -> World {
        World { contract: kept, policy: agreed.policy() }
    }
}

/// Walks through everything that can happen under a contract.
pub fn walk(contract: Contract, bounds: Bounds) -> Walked {
    walk_deceived(contract, contract, bounds)
}

/// The same where the provider keeps another contract than the gateway has.
pub fn walk_deceived(kept: Contract, agreed: Contract, bounds: Bounds) -> Walked {
    let world = World::of(kept, agreed);
    let first = State::new(bounds);
    let (mut states, mut steps) = (0, 0);
    let mut trail = Trail::default();
    let mut open = Open::new(bounds.orders);
    open.put(trail.first(), first);
    while let Some((here, state)) = open.next() {
        states += 1;
        let next = match moves::all(&state, &world) {
            Ok(next) => next,
            Err((violation, word)) => {
                return Walked {
                    states,
                    steps,
                    broken: Some((violation, trail.story(here, word))),
                };
            }
        };
        for (word, next) in next {
            steps += 1;
            if open.is_new(&next) {
                open.put(trail.goes_on(here, word), next);
            }
        }
    }
    Walked { states, steps, broken: None }
}

/// States that were not gone on from. Those about whom more may still be ordered go first, all of them: whatever
/// can happen where fewer orders are left can happen there, too, so that nobody goes on from a place twice.
struct Open(Vec<Level>);

/// Those about whom as much may still be ordered.
#[derive(Clone, Default)]
struct Level {
    waiting: VecDeque<(u32, State)>,
    /// Where anybody has waited.
    places: HashSet<u128>,
}

impl Open {
    fn new(orders: u8) -> Open {
        Open(vec![Level::default(); usize::from(orders) + 1])
    }

    /// Whether nobody has come there with as many orders left.
    fn is_new(&self, state: &State) -> bool {
        let place = state.place();
        !self.0[usize::from(state.orders_left)..].iter().any(|one| one.places.contains(&place))
    }

    fn put(&mut self, number: u32, state: State) {
        let level = &mut self.0[usize::from(state.orders_left)];
        level.places.insert(state.place());
        level.waiting.push_back((number, state));
    }

    fn next(&mut self) -> Option<(u32, State)> {
        loop {
            let level = (0..self.0.len()).rev().find(|level| !self.0[*level].waiting.is_empty())?;
            let (number, state) = self.0[level].waiting.pop_front()?;
            let place = state.place();
            // Somebody may have come there with more orders left since.
            if !self.0[level + 1..].iter().any(|one| one.places.contains(&place)) {
                return Some((number, state));
            }
        }
    }
}

/// Where each state came from, for the story of one that breaks something.
#[derive(Default)]
struct Trail(Vec<(u32, &'static str)>);

impl Trail {
    fn first(&mut self) -> u32 {
        self.goes_on(0, "made")
    }

    fn goes_on(&mut self, from: u32, word: &'static str) -> u32 {
        self.0.push((from, word));
        // Memory ends long before four thousand millions of states.
        self.0.len() as u32 - 1
    }

    fn story(&self, mut here: u32, last: String) -> Vec<String> {
        let mut words = vec![last];
        while here > 0 {
            let (from, word) = self.0[here as usize];
            words.push(word.to_owned());
            here = from;
        }
        words.reverse();
        words
    }
}
