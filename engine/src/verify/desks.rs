//! The desk as the log tells it, remembered as it was at the versions that snapshots have and at no
//! others: it may hold thousands of orphans, and a log has many decisions, so that one state for each
//! of them would be more than a gateway has room for that is verified while it runs.

use crate::desk::{DeskEntry, DeskState};
use std::collections::{BTreeMap, BTreeSet};

/// The fold over the desk's decisions.
pub(crate) struct Desks {
    now: DeskState,
    wanted: BTreeSet<u32>,
    kept: BTreeMap<u32, DeskState>,
}

impl Desks {
    /// A desk at which nothing was decided yet, to be compared at these versions.
    pub fn new(wanted: BTreeSet<u32>) -> Desks {
        let mut desks = Desks { now: DeskState::default(), wanted, kept: BTreeMap::new() };
        desks.keep();
        desks
    }

    /// Takes in the next decision.
    ///
    /// # Errors
    /// It does not follow the last one, which a report says in these words.
    pub fn take(&mut self, entry: DeskEntry) -> Result<(), String> {
        let last = self.now.version;
        if entry.version != last + 1 {
            return Err(format!("decision {} follows decision {last}", entry.version));
        }
        self.now.apply(entry);
        self.keep();
        Ok(())
    }

    /// Whether this is what was decided up to its version.
    pub fn has(&self, state: &DeskState) -> bool {
        self.kept.get(&state.version) == Some(state)
    }

    fn keep(&mut self) {
        if self.wanted.remove(&self.now.version) {
            self.kept.insert(self.now.version, self.now.clone());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::desk::DeskOrder;
    use domain::time::Timestamp;

    fn decision(version: u32) -> DeskEntry {
        let order = DeskOrder::SetMode { account: "bank".into(), mode: "open".into() };
        let (by, reason, from) = ("ann".into(), "r".into(), "".into());
        DeskEntry { version, at: Timestamp(version.into()), by, reason, from, order }
    }

    #[test]
    fn a_desk_is_remembered_only_as_it_was_when_snapshots_were_taken() {
        let mut desks = Desks::new(BTreeSet::from([0, 3, 5_000, 9_999]));
        let (mut folded, mut third) = (DeskState::default(), DeskState::default());
        for version in 1..=6_000 {
            desks.take(decision(version)).unwrap();
            folded.apply(decision(version));
            if version == 3 {
                third = folded.clone();
            }
        }
        assert_eq!(desks.kept.keys().copied().collect::<Vec<_>>(), [0, 3, 5_000]);
        assert!(desks.has(&DeskState::default()) && desks.has(&third));
        assert!(!desks.has(&DeskState { version: 5_000, ..third }), "what stands there counts");
        assert!(!desks.has(&folded), "no snapshot is of it");
    }

    #[test]
    fn a_decision_that_does_not_follow_is_told_and_left_out() {
        let mut desks = Desks::new(BTreeSet::from([2]));
        desks.take(decision(1)).unwrap();
        assert_eq!(desks.take(decision(3)).unwrap_err(), "decision 3 follows decision 1");
        desks.take(decision(2)).unwrap();
        assert_eq!(desks.kept.len(), 1);
    }
}
