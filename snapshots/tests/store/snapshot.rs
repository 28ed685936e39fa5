//! Snapshots shorten the replay, and a bad one is passed over.

use snapshots::SnapshotError;

use super::{lines::lines, *};

/// Takes a snapshot of `payouts` states at the log's tip.
fn take(running: &Running, payouts: u8, fill: u8) -> u64 {
    let base = running.journal.durable_sequence();
    let mut writer = running.snapshots.begin(base).unwrap();
    for payout in 0..payouts {
        writer.push([payout; 16], &[payout ^ fill; 100]).unwrap();
    }
    let info = writer.finish().unwrap();
    assert_eq!((info.base_sequence, info.payouts), (base, u64::from(payouts)));
    info.id
}

/// A closed store with records 1..=10, a snapshot at each of `bases` records.
fn with_snapshots_at(bases: &[u32]) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    for version in 1..=10 {
        append(&running, 1, version..=version);
        if bases.contains(&version) {
            take(&running, 5, version as u8);
        }
    }
    close(running);
    data
}

#[test]
fn the_replay_begins_with_the_newest_snapshot() {
    let data = with_snapshots_at(&[3, 7]);
    let store = open(data.path());
    assert_eq!(store.snapshot().unwrap().base_sequence, 7);
    let (states, records) = replayed(&store);
    assert_eq!(states, (0..5).map(|payout| (payout, vec![payout ^ 7; 100])).collect::<Vec<_>>());
    assert_eq!(records, [(8, 1, 8), (9, 1, 9), (10, 1, 10)]);
}

#[test]
fn a_snapshot_of_many_payouts_reads_back_in_order() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let mut writer = running.snapshots.begin(0).unwrap();
    let id = |number: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        id
    };
    let state = |number: u32| blake3::hash(&number.to_be_bytes()).as_bytes().repeat(9);
    for number in 0..3000 {
        writer.push(id(number), &state(number)).unwrap();
    }
    let info = writer.finish().unwrap();
    let mut next = 0;
    let read = running.snapshots.read::<SnapshotError>(info.id, &mut |found, bytes| {
        assert_eq!((found, bytes), (id(next), state(next).as_slice()));
        next += 1;
        Ok(())
    });
    assert_eq!((read.unwrap(), next), (info, 3000));
    assert_eq!(running.snapshots.find(id(2999)).unwrap(), Some(state(2999)));
    assert_eq!(running.snapshots.find(id(3000)).unwrap(), None);
    assert_eq!(running.snapshots.newest_good_snapshot().unwrap(), Some(info));
}

#[test]
fn only_the_newest_two_are_kept() {
    let data = with_snapshots_at(&[2, 4, 6, 8]);
    let running = start(data.path());
    let bases: Vec<_> = running.snapshots.list().unwrap().iter().map(|s| s.base_sequence).collect();
    assert_eq!(bases, [8, 6]);
}

#[test]
fn one_snapshot_at_a_time_and_none_of_the_future() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let first = running.snapshots.begin(0).unwrap();
    assert!(matches!(running.snapshots.begin(0).err(), Some(SnapshotError::Busy)));
    drop(first);
    assert!(matches!(running.snapshots.begin(1).err(), Some(SnapshotError::NotDurable(1))));
    assert_eq!(take(&running, 3, 0), 1);
}

#[test]
fn a_snapshot_that_was_never_finished_leaves_nothing() {
    let data = with_snapshots_at(&[3]);
    let running = start(data.path());
    let mut writer = running.snapshots.begin(10).unwrap();
    (0..=255).for_each(|payout| writer.push([payout; 16], &[payout; 100]).unwrap());
    (0..=255).for_each(|payout| writer.push([payout; 16], &[payout; 100]).unwrap());
    drop(writer);
    close(running);
    let store = open(data.path());
    assert_eq!(store.snapshot().unwrap().base_sequence, 3);
    // The next one takes its place, and holds nothing of it.
    let running = store.start().unwrap();
    assert_eq!(take(&running, 2, 9), 2);
    close(running);
    assert_eq!(replayed(&open(data.path())).0.len(), 2);
}

/// sled without the store. A store that was just closed may still hold it.
fn sled_of(data: &Path) -> sled::Db {
    loop {
        match sled::open(data.join("data/sled")) {
            Err(sled::Error::Io(_)) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

/// Changes a byte in a chunk of snapshot `id`, through sled itself: the hash
/// is what has to notice, not sled.
pub(crate) fn flip_in_chunk(data: &Path, id: u64) {
    let db = sled_of(data);
    let chunks = db.open_tree("snapshots").unwrap();
    let (key, piece) = chunks.scan_prefix(id.to_be_bytes()).next().unwrap().unwrap();
    let mut piece = piece.to_vec();
    piece[20] ^= 1;
    chunks.insert(key, piece).unwrap();
    db.flush().unwrap();
}

#[test]
fn a_snapshot_with_a_flipped_bit_falls_back_to_the_older() {
    let data = with_snapshots_at(&[3, 7]);
    flip_in_chunk(data.path(), 2);
    let (store, said) = lines(|| open(data.path()));
    assert_eq!(said, ["a snapshot is passed over"]);
    assert_eq!(store.snapshot().unwrap().base_sequence, 3);
    let (states, records) = replayed(&store);
    assert_eq!(states[4], (4, vec![4 ^ 3; 100]));
    assert_eq!(records.first(), Some(&(4, 1, 4)));
    drop(store);
    // With both bad, the log's start is left.
    flip_in_chunk(data.path(), 1);
    let store = open(data.path());
    assert_eq!(store.snapshot(), None);
    assert_eq!(sequences(&store), (1..=10).collect::<Vec<_>>());
}

#[test]
fn a_snapshot_that_has_seen_more_than_the_log_is_a_witness() {
    let data = with_snapshots_at(&[3]);
    let before = copy_of(data.path());
    let running = start(data.path());
    append(&running, 1, 11..=12);
    take(&running, 1, 0);
    close(running);
    fs::remove_dir_all(before.path().join("data/sled")).unwrap();
    copy_into(&data.path().join("data/sled"), &before.path().join("data/sled"));
    {
        // Without the mirror, which would put the frames back.
        let db = sled_of(before.path());
        db.open_tree("journal").unwrap().clear().unwrap();
        db.flush().unwrap();
    }
    let refused = Store::open(options(before.path())).err();
    match refused {
        Some(snapshots::OpenError::RolledBack { witness: "snapshot", expected: 12, .. }) => {}
        other => panic!("{other:?}"),
    }
}
