//! sled can be lost in any way, at any time; the log brings it back.

use std::ops::ControlFlow;

use super::{lines::lines, *};

/// A closed store of ten records with sled, anchor and archive.
fn closed() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=10);
    close(running);
    data
}

/// Sequences that sled mirrors.
fn mirrored(running: &Running) -> Vec<u64> {
    let mut sequences = Vec::new();
    let read = running.journal_frames_from(0, &mut |frame| {
        sequences.extend(frame.records().map(|record| record.sequence));
        ControlFlow::Continue(())
    });
    read.unwrap();
    sequences
}

/// Opens, expects a rebuild said in one line that contains `reason`, runs
/// once, and expects the mirror to be whole again.
#[track_caller]
fn rebuilds(data: &Path, reason: &str) {
    let (store, said) = lines(|| open(data));
    assert!(store.sled_rebuilt());
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains(reason), "{said:?}");
    assert_eq!(sequences(&store), (1..=10).collect::<Vec<_>>());
    let running = store.start().unwrap();
    append(&running, 1, 11..=11);
    close(running);
    let (store, said) = lines(|| open(data));
    assert_eq!((store.sled_rebuilt(), said), (false, vec![]));
    assert_eq!(mirrored(&store.start().unwrap()), (1..=11).collect::<Vec<_>>());
}

#[test]
fn the_mirror_holds_the_logs_frames_byte_for_byte() {
    let data = closed();
    let running = start(data.path());
    assert_eq!(mirrored(&running), (1..=10).collect::<Vec<_>>());
    let mut log = snapshots::log::LogReader::seek(&data.path().join("data/log"), 1).unwrap();
    let read = running.journal_frames_from(4, &mut |mirrored| {
        while let Some(frame) = log.next(u64::MAX).unwrap() {
            if frame.first_sequence() == mirrored.first_sequence() {
                assert_eq!(frame.bytes(), mirrored.bytes());
                return ControlFlow::Continue(());
            }
        }
        panic!("the log has no such frame");
    });
    read.unwrap();
}

#[test]
fn a_deleted_directory_is_rebuilt() {
    let data = closed();
    fs::remove_dir_all(data.path().join("data/sled")).unwrap();
    rebuilds(data.path(), "sled is missing");
    assert_eq!(names(data.path(), "sled."), Vec::<String>::new());
}

#[test]
fn garbage_is_set_aside_and_rebuilt() {
    let data = closed();
    let sled = data.path().join("data/sled");
    for entry in fs::read_dir(&sled).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, b"this is not what was written here, by no means".repeat(50)).unwrap();
        }
    }
    rebuilds(data.path(), "set aside");
    assert_eq!(names(data.path(), "sled."), ["sled.damaged-1"]);
}

#[test]
fn a_file_in_its_place_is_set_aside_and_rebuilt() {
    let data = closed();
    fs::remove_dir_all(data.path().join("data/sled")).unwrap();
    fs::write(data.path().join("data/sled"), b"not even a directory").unwrap();
    rebuilds(data.path(), "set aside");
}

#[test]
fn the_remains_of_a_killed_open_do_not_stop_the_next() {
    let data = closed();
    let remains = data.path().join("data/sled/snap.00000000000007FF.generating");
    fs::write(&remains, b"half a snapshot").unwrap();
    let (store, said) = lines(|| open(data.path()));
    assert_eq!((store.sled_rebuilt(), said), (false, vec![]));
    assert!(!remains.exists());
    assert_eq!(mirrored(&store.start().unwrap()), (1..=10).collect::<Vec<_>>());
}

#[test]
fn flipped_bits_anywhere_in_sled_never_reach_the_engine() {
    let data = closed();
    let db = fs::read(data.path().join("data/sled/db")).unwrap();
    let written = db.iter().rposition(|byte| *byte != 0).unwrap();
    for at in (0..written).step_by(written / 24) {
        let copy = copy_of(data.path());
        let mut bytes = db.clone();
        bytes[at] ^= 0x10;
        fs::write(copy.path().join("data/sled/db"), bytes).unwrap();
        let running = open(copy.path()).start().unwrap();
        close(running);
        let store = open(copy.path());
        assert_eq!(sequences(&store), (1..=10).collect::<Vec<_>>(), "flipped at {at}");
        assert_eq!(mirrored(&store.start().unwrap()), (1..=10).collect::<Vec<_>>());
    }
}

/// Puts `other`'s sled in the place of `data`'s.
fn swap_sled(data: &Path, other: &Path) {
    fs::remove_dir_all(data.join("data/sled")).unwrap();
    copy_into(&other.join("data/sled"), &data.join("data/sled"));
}

#[test]
fn sled_of_another_log_is_rebuilt() {
    let (data, other) = (closed(), closed());
    swap_sled(data.path(), other.path());
    rebuilds(data.path(), "set aside");
}

#[test]
fn sled_of_another_history_of_the_same_log_is_rebuilt() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=5);
    close(running);
    for versions in [1..=5, 1..=9] {
        let other = copy_of(data.path());
        let running = start(other.path());
        append(&running, 2, versions);
        close(running);
        let own = copy_of(data.path());
        let running = start(own.path());
        append(&running, 1, 6..=10);
        close(running);
        swap_sled(own.path(), other.path());
        rebuilds(own.path(), "set aside");
    }
}

#[test]
fn the_mirror_keeps_no_more_than_its_window() {
    let data = tempfile::tempdir().unwrap();
    let small = || StoreOptions { mirror_segments: 2, ..options(data.path()) };
    let running = Store::open(small()).unwrap().start().unwrap();
    append(&running, 1, 1..=300);
    close(running);
    let running = Store::open(small()).unwrap().start().unwrap();
    let sequences = mirrored(&running);
    assert_eq!(sequences.last(), Some(&300));
    assert!(sequences.len() < 150, "{} frames", sequences.len());
    close(running);
    // An empty mirror begins at the window, and not at the log's start.
    fs::remove_dir_all(data.path().join("data/sled")).unwrap();
    Store::open(small()).unwrap().start().unwrap().close();
    let running = Store::open(small()).unwrap().start().unwrap();
    assert_eq!(mirrored(&running), sequences);
}
