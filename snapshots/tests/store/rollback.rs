//! A log that is older than it was is noticed (I-25), unless the operator
//! says that it is meant.

use snapshots::{AnchorPolicy, OpenError, RolledBackTo};

use super::{lines::lines, *};

/// A data directory whose anchor has seen ten records, and a copy of it, with
/// an anchor of its own, from when there were five.
fn before_and_after() -> (TempDir, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=5);
    close(running);
    let before = copy_of(data.path());
    let running = start(data.path());
    append(&running, 1, 6..=10);
    close(running);
    (before, data)
}

fn with_anchor_of(data: &TempDir, other: &TempDir) -> StoreOptions {
    fs::copy(other.path().join("anchor"), data.path().join("anchor")).unwrap();
    options(data.path())
}

#[test]
fn an_older_copy_of_the_directory_is_rolled_back() {
    let (before, after) = before_and_after();
    let refused = Store::open(with_anchor_of(&before, &after)).err();
    match refused {
        Some(OpenError::RolledBack { witness: "anchor", expected: 10, found }) => {
            assert_eq!(found, RolledBackTo::EndsAt(5));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_with_other_frames_is_rolled_back() {
    let (before, after) = before_and_after();
    // The older copy goes its own way, past the anchor's sequence.
    let running = start(before.path());
    append(&running, 2, 1..=9);
    close(running);
    let refused = Store::open(with_anchor_of(&before, &after)).err();
    let found = RolledBackTo::OtherFrames;
    assert!(matches!(refused, Some(OpenError::RolledBack { found: f, .. }) if f == found));
}

#[test]
fn another_log_and_no_log_are_rolled_back() {
    let (_, after) = before_and_after();
    let other = tempfile::tempdir().unwrap();
    let running = start(other.path());
    append(&running, 1, 1..=12);
    close(running);
    let refused = Store::open(with_anchor_of(&other, &after)).err();
    let found = RolledBackTo::OtherLog;
    assert!(matches!(refused, Some(OpenError::RolledBack { found: f, .. }) if f == found));
    fs::remove_dir_all(other.path().join("data/log")).unwrap();
    let refused = Store::open(options(other.path())).err();
    let found = RolledBackTo::EndsAt(0);
    assert!(matches!(refused, Some(OpenError::RolledBack { found: f, .. }) if f == found));
}

#[test]
fn a_log_without_its_anchor_is_refused() {
    let (before, _) = before_and_after();
    fs::remove_file(before.path().join("anchor")).unwrap();
    let refused = Store::open(options(before.path())).err();
    assert!(matches!(refused, Some(OpenError::AnchorMissing(_))), "{refused:?}");
    fs::write(before.path().join("anchor"), [0xA5; 8192]).unwrap();
    let refused = Store::open(options(before.path())).err();
    assert!(matches!(refused, Some(OpenError::Anchor { .. })), "{refused:?}");
}

#[test]
fn an_adopted_log_is_the_truth_and_all_else_yields_to_it() {
    let (before, after) = before_and_after();
    // Only the log is put back; sled and archive have seen ten records.
    fs::remove_dir_all(after.path().join("data/log")).unwrap();
    copy_into(&before.path().join("data/log"), &after.path().join("data/log"));
    assert!(Store::open(options(after.path())).is_err());
    let adopt = StoreOptions { anchor_policy: AnchorPolicy::Adopt, ..options(after.path()) };
    let (store, _) = lines(|| Store::open(adopt).unwrap());
    assert_eq!(sequences(&store), [1, 2, 3, 4, 5]);
    assert!(store.sled_rebuilt() && store.archive_rebuilt());
    drop(store);
    // Said once; from here on the anchor holds again.
    assert_eq!(open(after.path()).last_sequence(), 5);
}
