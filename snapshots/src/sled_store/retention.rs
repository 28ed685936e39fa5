//! Which snapshots are kept: a judgement about their times, and nothing else.
//!
//! Apart because it decides what is deleted: it reads no clock and touches no
//! database, so that a table of cases is a proof of it.

use std::collections::BTreeSet;

use super::manifest::SnapshotInfo;

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// How many snapshots are kept, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The newest so many, at least 1. The second is what a start falls back on.
    pub newest: usize,
    /// Beside those, the last one of each of the latest so many hours (UTC) in
    /// which one was taken.
    pub hourly: usize,
    /// Beside those, the last one of each of the latest so many days (UTC) in
    /// which one was taken.
    pub daily: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self { newest: 2, hourly: 0, daily: 0 }
    }
}

impl Retention {
    /// The ids to keep of `snapshots`, which stand newest first. One that does
    /// not know when it was taken counts among the newest only.
    pub fn keep(&self, snapshots: &[SnapshotInfo]) -> BTreeSet<u64> {
        let newest = snapshots.iter().take(self.newest.max(1)).map(|info| info.id);
        newest
            .chain(last_of_each(snapshots, HOUR_MICROS, self.hourly))
            .chain(last_of_each(snapshots, DAY_MICROS, self.daily))
            .collect()
    }
}

/// The newest snapshot of each of the latest `count` spans that have one.
fn last_of_each(
    snapshots: &[SnapshotInfo],
    span_micros: i64,
    count: usize,
) -> impl Iterator<Item = u64> {
    let mut seen = BTreeSet::new();
    let first_of_its_span = move |info: &&SnapshotInfo| {
        info.taken_at.is_some_and(|at| seen.insert(at.div_euclid(span_micros)))
    };
    snapshots.iter().filter(first_of_its_span).take(count).map(|info| info.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn taken(id: u64, hours: Option<i64>) -> SnapshotInfo {
        SnapshotInfo {
            id,
            base_sequence: id,
            sealed_at: id,
            payouts: 0,
            bytes: 0,
            content: [0; 32],
            taken_at: hours.map(|hours| hours * HOUR_MICROS),
            took: Duration::ZERO,
        }
    }

    /// How many of the newest, of hours, of days.
    type Policy = (usize, usize, usize);

    #[test]
    fn the_policy_keeps_what_it_says() {
        // Newest first; the hours in which they were taken. 48 is midnight.
        let all = [
            taken(9, Some(50)),
            taken(8, Some(50)),
            taken(7, Some(49)),
            taken(6, Some(48)),
            taken(5, Some(47)),
            taken(4, Some(25)),
            taken(3, Some(23)),
            taken(2, None),
            taken(1, None),
        ];
        #[rustfmt::skip]
        let table: [(Policy, &[u64]); 9] = [
            ((2, 0, 0), &[8, 9]),
            ((1, 0, 0), &[9]),
            ((0, 0, 0), &[9]), // never none at all
            ((1, 1, 0), &[9]), // the newest is the last of its hour
            ((1, 3, 0), &[6, 7, 9]), // 8 shares its hour with 9
            ((2, 3, 0), &[6, 7, 8, 9]),
            ((1, 0, 2), &[5, 9]), // the last of yesterday
            ((1, 0, 9), &[3, 5, 9]), // days that have none are not counted
            ((9, 9, 9), &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ];
        for ((newest, hourly, daily), kept) in table {
            let policy = Retention { newest, hourly, daily };
            let keep: Vec<u64> = policy.keep(&all).into_iter().collect();
            assert_eq!(keep, kept, "{policy:?}");
        }
        assert!(Retention::default().keep(&[]).is_empty());
    }

    #[test]
    fn spans_before_1970_are_told_apart_too() {
        let all = [taken(2, Some(0)), taken(1, Some(-1))];
        let policy = Retention { newest: 1, hourly: 0, daily: 2 };
        assert_eq!(policy.keep(&all).len(), 2);
    }
}
