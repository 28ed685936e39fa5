//! That states which the walk takes for one are one: whatever led to them, the same can happen next. Apart from the
//! walk, which rests on it.

use super::state::State;
use super::{Bounds, Contract, Trail, World, moves};
use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Walks as [`walk`](super::walk) does, and looks at every state that comes to a place where another one has been,
/// over another history: the same must be able to happen to it, and lead to the same places. How many were
/// compared so, `most` at the most, or what led to one that is not like the one before.
pub fn compare(contract: Contract, bounds: Bounds, most: usize) -> Result<usize, Vec<String>> {
    let world = World::of(contract, contract);
    let first = State::new(bounds);
    let mut futures = BTreeMap::new();
    let mut trail = Trail::default();
    let mut open = VecDeque::from([(trail.first(), "made", first)]);
    let mut compared = 0;
    while let Some((from, word, state)) = open.pop_front() {
        // How many orders may still be given is no part of a place: here it is the same for all.
        let state = State { orders_left: bounds.orders, ..state };
        let next = moves::all(&state, &world).map_err(|(violation, _)| violation.invariant);
        let places = next.as_ref().map(|next| {
            let mut places: Vec<_> =
                next.iter().map(|(word, next)| (*word, next.place())).collect();
            places.sort_unstable();
            places
        });
        let mut future = DefaultHasher::new();
        places.hash(&mut future);
        match futures.entry(state.place()) {
            Entry::Occupied(before) if *before.get() != future.finish() => {
                return Err(trail.story(from, word.to_owned()));
            }
            Entry::Occupied(_) => compared += 1,
            Entry::Vacant(new) => {
                new.insert(future.finish());
                let here = trail.goes_on(from, word);
                let next = next.unwrap_or_default().into_iter();
                open.extend(next.map(|(word, next)| (here, word, next)));
            }
        }
        if compared >= most {
            break;
        }
    }
    Ok(compared)
}
