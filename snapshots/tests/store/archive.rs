//! The archive can be lost too; a replay from the log's start fills it again.

use snapshots::{Archived, Facets};

use super::{lines::lines, *};

fn archived(payout: u8) -> Archived {
    Archived {
        id: [payout; 16],
        merchant: 1,
        created_at: i64::from(payout),
        facets: Facets(1),
        reference: None,
        due: None,
        body: vec![payout; 50],
    }
}

/// Five records, two payouts archived, a snapshot behind them.
fn closed() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=3);
    running.archive.put(vec![archived(1), archived(2)]).unwrap();
    running.snapshots.begin(3).unwrap().finish().unwrap();
    append(&running, 3, 1..=2);
    close(running);
    data
}

#[test]
fn what_is_archived_is_there_after_reopening() {
    let data = closed();
    let store = open(data.path());
    assert!(!store.archive_rebuilt());
    assert_eq!(store.snapshot().unwrap().base_sequence, 3);
    assert_eq!(store.archive().get([2; 16]).unwrap(), Some(vec![2; 50]));
}

/// Opens a store whose archive is lost and fills it as an engine would.
fn rebuild(data: &Path) {
    let store = open(data);
    assert!(store.archive_rebuilt());
    assert_eq!(store.snapshot(), None, "the snapshot leaves out what was archived");
    assert_eq!(sequences(&store), [1, 2, 3, 4, 5]);
    drop(store);
    // Killed before it was filled, it asks again.
    let store = open(data);
    assert!(store.archive_rebuilt());
    let running = store.start().unwrap();
    running.archive.put(vec![archived(1), archived(2)]).unwrap();
    running.snapshots.begin(5).unwrap().finish().unwrap();
    close(running);
    let store = open(data);
    assert!(!store.archive_rebuilt());
    assert_eq!(store.snapshot().unwrap().base_sequence, 5);
    assert_eq!(store.archive().len(), 2);
}

#[test]
fn a_deleted_archive_is_filled_from_the_logs_start() {
    let data = closed();
    fs::remove_dir_all(data.path().join("data/archive")).unwrap();
    rebuild(data.path());
}

#[test]
fn a_damaged_archive_is_set_aside_and_filled_from_the_logs_start() {
    let data = closed();
    let archive = data.path().join("data/archive");
    for entry in fs::read_dir(&archive).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, b"garbage").unwrap();
        }
    }
    let (store, said) = lines(|| open(data.path()));
    drop(store);
    assert_eq!(names(data.path(), "archive."), ["archive.damaged-1"]);
    assert!(said[0].contains("the archive is set aside"), "{said:?}");
    rebuild(data.path());
}

#[test]
fn an_archive_older_than_the_snapshot_is_filled_from_the_logs_start() {
    let data = closed();
    let older = copy_of(data.path());
    let running = start(data.path());
    running.archive.put(vec![archived(9)]).unwrap();
    running.snapshots.begin(5).unwrap().finish().unwrap();
    close(running);
    fs::remove_dir_all(data.path().join("data/archive")).unwrap();
    copy_into(&older.path().join("data/archive"), &data.path().join("data/archive"));
    assert!(open(data.path()).archive_rebuilt());
}

#[test]
fn an_archive_that_fjall_would_die_of_is_rebuilt() {
    let data = closed();
    let mut hurt = 0;
    for keyspace in fs::read_dir(data.path().join("data/archive/keyspaces")).unwrap() {
        let keyspace = keyspace.unwrap().path();
        let versions = fs::read_dir(&keyspace).unwrap().map(|entry| entry.unwrap().path());
        let is_version = |path: &PathBuf| {
            path.file_name().unwrap().to_str().unwrap().strip_prefix('v').is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
            })
        };
        for version in versions.filter(is_version) {
            let mut bytes = fs::read(&version).unwrap();
            // Counts stand all over it; one that is too high by a billion ends the process.
            bytes.iter_mut().step_by(3).for_each(|byte| *byte ^= 0x40);
            fs::write(&version, bytes).unwrap();
            hurt += 1;
        }
    }
    assert!(hurt > 0);
    rebuild(data.path());
}
