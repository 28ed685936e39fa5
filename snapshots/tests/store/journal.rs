//! Acknowledged means durable (I-18), and corruption is never silent (I-26).

use snapshots::{JournalPort, OpenError, log::LogError};

use super::{lines::lines, *};

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let queued: Vec<_> =
        (1..=300).map(|version| running.journal.append(vec![record(1, version)])).collect();
    for (expected, append) in (1..).zip(queued) {
        assert_eq!(runtime.block_on(append).unwrap(), expected);
    }
    let copy = copy_of(data.path());
    assert_eq!(sequences(&open(copy.path())), (1..=300).collect::<Vec<_>>());
    // The copy goes on by itself, kill after kill.
    for life in 1..=3 {
        let running = start(copy.path());
        append(&running, 2, life..=life);
        close(running);
    }
    assert_eq!(open(copy.path()).last_sequence(), 303);
}

#[test]
fn the_port_hides_which_journal_it_is() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let port: std::sync::Arc<dyn JournalPort> = std::sync::Arc::new(running.journal.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(port.append(vec![record(1, 1), record(2, 1)])), Ok(2));
    assert_eq!((port.durable_sequence(), port.stats().records), (2, 2));
}

#[test]
fn a_torn_last_frame_is_erased_with_one_line() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=5);
    close(running);
    let before = copy_of(data.path());
    let running = start(data.path());
    append(&running, 1, 6..=6);
    close(running);
    // The log of now, everything else of before: a write nobody was told of.
    copy_into(&data.path().join("data/log"), &before.path().join("data/log"));
    flip(segments(before.path()).last().unwrap(), 40);
    let (store, said) = lines(|| open(before.path()));
    assert_eq!(sequences(&store), [1, 2, 3, 4, 5]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("unfinished write"));
    drop(store);
    let (store, said) = lines(|| open(before.path()));
    assert_eq!((store.last_sequence(), said), (5, vec![]));
}

#[test]
fn committed_frames_that_the_log_lost_come_back_from_sled() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=5);
    close(running);
    let before = copy_of(data.path());
    let running = start(data.path());
    append(&running, 1, 6..=9);
    close(running);
    // sled of now, everything else of before.
    fs::remove_dir_all(before.path().join("data/sled")).unwrap();
    copy_into(&data.path().join("data/sled"), &before.path().join("data/sled"));
    let (store, said) = lines(|| open(before.path()));
    assert_eq!(sequences(&store), (1..=9).collect::<Vec<_>>());
    assert!(!store.sled_rebuilt());
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("put back from sled"));
    drop(store);
    append(&start(before.path()), 1, 10..=10);
    assert_eq!(open(before.path()).last_sequence(), 10);
}

#[test]
fn a_flipped_bit_in_the_middle_stops_the_start_with_file_and_offset() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=20);
    close(running);
    let segment = &segments(data.path())[0];
    let at = flip(segment, 1000) as u64;
    match Store::open(options(data.path())).err() {
        Some(OpenError::Log(LogError::Damaged(damage))) => {
            assert_eq!(damage.file, *segment);
            assert!(damage.offset <= at && at < damage.offset + 400);
            assert!(damage.to_string().contains(&format!("byte {}", damage.offset)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flipped_bit_in_the_last_frame_is_damage_once_the_anchor_has_seen_it() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=5);
    close(running);
    flip(segments(data.path()).last().unwrap(), 40);
    let refused = Store::open(options(data.path())).err();
    assert!(matches!(refused, Some(OpenError::Log(LogError::Damaged(_)))), "{refused:?}");
    // Asking again changes nothing.
    assert!(Store::open(options(data.path())).is_err());
}
