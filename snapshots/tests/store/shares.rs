//! The replay in shares hands on what the serial one does, and notices what it would.

use super::*;
use snapshots::{RecordRef, ReplayError, log::LogError};

/// Records of five payouts in several segments, and a snapshot of them at record 60 if one is wanted.
fn written(snapshot: bool) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    for version in 1..=40 {
        (1..=5).for_each(|payout| append(&running, payout, version..=version));
        if snapshot && version == 12 {
            let mut writer = running.snapshots.begin(60).unwrap();
            for payout in 1..=5 {
                writer.push([payout; 16], &[payout; 700]).unwrap();
            }
            writer.finish().unwrap();
        }
    }
    close(running);
    assert!(segments(data.path()).len() > 3);
    data
}

fn share_of(payout: &[u8; 16], shares: usize) -> usize {
    usize::from(payout[15]) % shares
}

/// What each of so many visitors is handed.
fn in_shares(store: &Store, shares: usize) -> (Vec<State>, Vec<Vec<Entry>>) {
    let mut states = vec![Vec::new(); shares];
    let mut visitors: Vec<_> = states
        .iter_mut()
        .map(|states: &mut Vec<State>| {
            |payout: [u8; 16], body: &[u8]| {
                states.push((payout[0], body.to_vec()));
                Ok::<(), ()>(())
            }
        })
        .collect();
    store.replay_snapshot(&mut visitors).unwrap();
    drop(visitors);
    let mut records = vec![Vec::new(); shares];
    replay_records(store, &mut records).unwrap();
    let mut states = states.concat();
    states.sort();
    (states, records)
}

fn replay_records(store: &Store, records: &mut [Vec<Entry>]) -> Result<(), ReplayError<()>> {
    let shares = records.len();
    let mut visitors: Vec<_> = records
        .iter_mut()
        .map(|records| {
            |record: RecordRef<'_>| {
                records.push((record.sequence, record.payout[0], record.version));
                Ok(())
            }
        })
        .collect();
    store.replay_records(&mut visitors, |payout| share_of(payout, shares))
}

#[test]
fn each_share_gets_its_own_records_in_order_and_all_states_come_once() {
    for snapshot in [true, false] {
        let data = written(snapshot);
        let store = open(data.path());
        let (states, records) = replayed(&store);
        assert_eq!(states.len(), if snapshot { 5 } else { 0 });
        for shares in 1..=7 {
            let (found, split) = in_shares(&store, shares);
            assert_eq!(found, states);
            for (number, share) in split.iter().enumerate() {
                let own = |entry: &&Entry| share_of(&[entry.1; 16], shares) == number;
                let own: Vec<Entry> = records.iter().filter(own).copied().collect();
                assert_eq!(*share, own, "share {number} of {shares}");
            }
        }
    }
}

/// The damage that a replay in two shares finds, as the file's name and the offset in it.
fn damage(store: &Store) -> (PathBuf, u64, String) {
    match replay_records(store, &mut [Vec::new(), Vec::new()]) {
        Err(ReplayError::Log(LogError::Damaged(damage))) => {
            (damage.file, damage.offset, damage.reason)
        }
        other => panic!("{other:?}"),
    }
}

/// Bytes of a frame that holds one of these records.
const FRAME: usize = 68 + 40 + 200 + 32;

#[test]
fn a_record_that_rots_after_the_log_was_walked_is_told_with_file_and_offset() {
    let data = written(true);
    let last = segments(data.path()).pop().unwrap();
    // In the body of the last record, in its payout's id, and in its length.
    for (from_end, reason) in [
        (40, "a record does not match its checksum"),
        (32 + 200 + 20, "a record does not match its checksum"),
        (32 + 200 + 7, "a record is longer than its frame"),
    ] {
        let store = open(data.path());
        let at = flip(&last, from_end);
        let frame = (at + from_end + 1 - FRAME) as u64;
        assert_eq!(damage(&store), (last.clone(), frame, reason.to_owned()));
        drop(store);
        flip(&last, from_end);
    }
}

#[test]
fn what_was_not_walked_at_the_start_is_hashed_by_the_replay() {
    let data = written(true);
    // The snapshot spares the start the log's beginning; without the archive it is needed after all.
    fs::remove_dir_all(data.path().join("data/archive")).unwrap();
    let first = segments(data.path())[0].clone();
    // In the hash that closes the second frame: no record's checksum covers it.
    let mut bytes = fs::read(&first).unwrap();
    bytes[64 + 2 * FRAME - 1] ^= 1;
    fs::write(&first, bytes).unwrap();
    let store = open(data.path());
    assert!(store.archive_rebuilt());
    let reason = "the frame does not match the hash that closes it".to_owned();
    assert_eq!(damage(&store), (first, 64 + FRAME as u64, reason));
}

#[test]
fn a_visitor_that_refuses_ends_the_replay() {
    let data = written(true);
    let store = open(data.path());
    let mut visitors = [1, 2, 3].map(|number| {
        move |record: RecordRef<'_>| if record.sequence == 90 { Err(number) } else { Ok(()) }
    });
    let ended = store.replay_records(&mut visitors, |payout| share_of(payout, 3));
    // Record 90 is the fifth payout's, and that is the third visitor's.
    assert!(matches!(ended, Err(ReplayError::Visitor(3))), "{ended:?}");
}
