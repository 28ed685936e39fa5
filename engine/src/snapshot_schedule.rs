//! When a snapshot is taken by itself: after so much time, or after so many journal records. Apart from
//! taking it, because when is a matter of settings and the clock, and of nothing else.

use crate::clock::Clock;
use crate::desk::Desk;
use crate::partition::PartitionHandle;
use crate::snapshot_seen::Why;
use crate::snapshotting;
use domain::time::Timestamp;
use snapshots::Running;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether a snapshot is due.
const LOOK: Duration = Duration::from_millis(250);

/// When snapshots are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// After this many journal records; 0: never for that reason.
    pub records: u64,
    /// After this long, if anything was written; zero: never for that reason.
    pub interval: Duration,
}

/// Up to where, and when, the last snapshot was taken or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    sequence: u64,
    at: Timestamp,
}

impl Schedule {
    /// Why one is due now, if it is.
    fn due(self, last: Last, sequence: u64, now: Timestamp) -> Option<Why> {
        let written = sequence.saturating_sub(last.sequence);
        if self.records > 0 && written >= self.records {
            return Some(Why::Growth);
        }
        let passed = !self.interval.is_zero() && now.since(last.at) >= self.interval;
        (passed && written > 0).then_some(Why::Schedule)
    }
}

/// Takes a snapshot whenever one is due, until the store is gone.
pub(crate) fn start(
    schedule: Schedule,
    store: &Arc<Running>,
    partitions: Vec<PartitionHandle>,
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
) {
    if schedule.records == 0 && schedule.interval.is_zero() {
        return;
    }
    let newest = store.snapshots.newest().and_then(|info| info.taken_at);
    let at = newest.map_or_else(|| clock.now(), Timestamp);
    let mut last = Last { sequence: store.journal.durable_sequence(), at };
    // A task that only sleeps must not keep a stopped store open.
    let store = Arc::downgrade(store);
    actix_rt::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(store) = store.upgrade() else { return };
            last = last.or_newer(&store);
            let (sequence, now) = (store.journal.durable_sequence(), clock.now());
            let Some(why) = schedule.due(last, sequence, now) else { continue };
            last = Last { sequence, at: now };
            if let Err(error) = snapshotting::take(&store, &partitions, &desk, now, why).await {
                tracing::warn!(%error, "a snapshot was not taken");
            }
        }
    });
}

impl Last {
    /// One that an operator had taken meanwhile counts as well.
    fn or_newer(self, store: &Running) -> Last {
        let Some(newest) = store.snapshots.newest() else { return self };
        let at = newest.taken_at.map_or(self.at, |at| self.at.max(Timestamp(at)));
        Last { sequence: self.sequence.max(newest.base_sequence), at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_due_by_time_or_by_growth() {
        let last = Last { sequence: 100, at: Timestamp(0) };
        let hour = Duration::from_secs(3_600);
        let minutes = |minutes: i64| Timestamp(minutes * 60_000_000);
        #[rustfmt::skip]
        let table = [
            // records, interval, sequence, minute, due
            (50, hour,           149, 59, None),
            (50, hour,           150, 0,  Some(Why::Growth)),
            (50, hour,           101, 60, Some(Why::Schedule)),
            (50, hour,           150, 60, Some(Why::Growth)),
            (50, hour,           100, 999, None), // nothing was written: nothing to keep
            (50, Duration::ZERO, 149, 999, None),
            (0,  hour,           999, 59, None),
            (0,  hour,           999, 60, Some(Why::Schedule)),
            (50, hour,           101, -60, None), // a clock that went back
        ];
        for (records, interval, sequence, minute, due) in table {
            let schedule = Schedule { records, interval };
            let found = schedule.due(last, sequence, minutes(minute));
            assert_eq!(found, due, "{schedule:?} at {sequence}, minute {minute}");
        }
    }
}
