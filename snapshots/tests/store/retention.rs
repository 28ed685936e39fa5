//! Which snapshots an operator finds, whether they are good, and which are deleted.

use snapshots::{Retention, SnapshotError};

use super::{snapshot::flip_in_chunk, *};

const HOUR_MICROS: i64 = 3_600_000_000;

/// Opens with a policy, and lets go of everything again.
fn with(data: &Path, retention: Retention) -> Running {
    let options = StoreOptions { retention, ..options(data) };
    Store::open(options).unwrap().start().unwrap()
}

/// Takes a snapshot of 300 payouts in this hour; gives its id.
fn take_at(running: &Running, hour: i64) -> u64 {
    let mut writer = running.snapshots.begin(running.journal.durable_sequence()).unwrap();
    for payout in 0..300_u16 {
        let mut id = [9; 16];
        id[..2].copy_from_slice(&payout.to_be_bytes());
        writer.push(id, &[hour as u8; 100]).unwrap();
    }
    writer.describe(hour * HOUR_MICROS, format!("hour {hour}").into_bytes());
    writer.finish().unwrap().id
}

fn ids(running: &Running) -> Vec<u64> {
    running.snapshots.list().unwrap().iter().map(|info| info.id).collect()
}

const TWO_DAYS: Retention = Retention { newest: 1, hourly: 0, daily: 2 };

#[test]
fn a_snapshot_says_when_it_was_taken_and_keeps_its_note() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let id = take_at(&running, 5);
    drop(running);
    let running = start(data.path());
    let (info, note) = running.snapshots.get(id).unwrap();
    assert_eq!((info.taken_at, note), (Some(5 * HOUR_MICROS), b"hour 5".to_vec()));
    assert!(!info.took.is_zero());
    assert_eq!(running.snapshots.list().unwrap(), [info]);
    assert!(matches!(running.snapshots.get(99), Err(SnapshotError::Unknown(99))));
}

#[test]
fn older_ones_are_kept_by_hours_and_days() {
    let data = tempfile::tempdir().unwrap();
    let running = with(data.path(), TWO_DAYS);
    for hour in [1, 2, 30, 31, 60] {
        take_at(&running, hour);
    }
    assert_eq!(ids(&running), [5, 4], "the newest, and the last of the day before");
    drop(running);
    // A narrower policy deletes when it is asked to, and says before what it would.
    let running = with(data.path(), Retention { newest: 1, hourly: 0, daily: 0 });
    let would = running.snapshots.prune(true).unwrap();
    assert_eq!((would.removed[0].id, would.removed.len()), (4, 1));
    assert_eq!(ids(&running), [5, 4], "a dry run deletes nothing");
    let pruned = running.snapshots.prune(false).unwrap();
    assert_eq!((pruned.removed, pruned.kept), (would.removed, would.kept));
    assert!(pruned.file_bytes > 0);
    assert_eq!(ids(&running), [5]);
    assert!(matches!(running.snapshots.verify(4, &mut |_, _| {}), Err(SnapshotError::Unknown(4))));
}

#[test]
fn the_newest_good_one_is_never_deleted() {
    let data = tempfile::tempdir().unwrap();
    let running = with(data.path(), Retention { newest: 3, hourly: 0, daily: 0 });
    for hour in 1..=3 {
        take_at(&running, hour);
    }
    drop(running);
    flip_in_chunk(data.path(), 3);
    flip_in_chunk(data.path(), 2);
    let running = with(data.path(), Retention { newest: 1, hourly: 0, daily: 0 });
    running.snapshots.prune(false).unwrap();
    assert_eq!(ids(&running), [3, 1], "3 by the policy, and 1 because it is good");
}

#[test]
fn a_verification_reads_every_chunk() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    take_at(&running, 1);
    take_at(&running, 2);
    let mut heard = Vec::new();
    running.snapshots.verify(2, &mut |done, all| heard.push((done, all))).unwrap();
    assert_eq!(heard, [(0, 2), (1, 2)]);
    drop(running);
    flip_in_chunk(data.path(), 2);
    let running = start(data.path());
    let refused = running.snapshots.verify(2, &mut |_, _| {});
    assert!(matches!(refused, Err(SnapshotError::Damaged(_))), "{refused:?}");
    running.snapshots.verify(1, &mut |_, _| {}).unwrap();
}

#[test]
fn nothing_is_deleted_while_a_snapshot_is_taken() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let writer = running.snapshots.begin(0).unwrap();
    assert!(running.snapshots.is_busy());
    assert!(matches!(running.snapshots.prune(false), Err(SnapshotError::Busy)));
    drop(writer);
    assert!(!running.snapshots.is_busy());
    running.snapshots.prune(false).unwrap();
}
