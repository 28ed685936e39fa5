//! What every archive must do, run against each implementation.

use std::{sync::Arc, time::Duration};

use super::*;

/// Rows of the table below are payouts; the tests change one thing at a time.
fn payout(number: u8) -> Archived {
    Archived {
        id: [number; 16],
        merchant: 1,
        created_at: i64::from(number) * 10,
        facets: Facets(0xAB00 + u64::from(number % 2)),
        reference: Some([number; 16]),
        due: Some(i64::from(number) * 100),
        body: vec![number; 300],
    }
}

fn page(archive: &dyn ArchiveStore, listing: Listing) -> Vec<u8> {
    let mut found = Vec::new();
    let visit = &mut |row: Row| {
        assert_eq!(row.created_at, payout(row.id[0]).created_at);
        found.push(row.id[0]);
        ControlFlow::Continue(())
    };
    archive.list(listing, visit).unwrap();
    found
}

const ALL: Listing = Listing { merchant: 1, status: None, after: None, limit: 100 };

fn stores_and_finds(archive: &dyn ArchiveStore) {
    assert!(archive.is_empty());
    archive.put((1..=6).map(payout).collect()).unwrap();
    assert_eq!(archive.len(), 6);
    assert_eq!(archive.get([3; 16]).unwrap(), Some(vec![3; 300]));
    assert_eq!(archive.get([9; 16]).unwrap(), None);
    assert!(archive.contains([6; 16]).unwrap() && !archive.contains([7; 16]).unwrap());
    assert_eq!(archive.reference(1, [4; 16]).unwrap(), Some([4; 16]));
    assert_eq!(archive.reference(2, [4; 16]).unwrap(), None);
    assert_eq!(archive.due_before(300, 9).unwrap(), [(100, [1; 16]), (200, [2; 16])]);
    assert_eq!(archive.due_before(i64::MAX, 1).unwrap(), [(100, [1; 16])]);
}

fn lists_newest_first_in_pages(archive: &dyn ArchiveStore) {
    archive.put((1..=6).map(payout).collect()).unwrap();
    let other = Archived { merchant: 2, ..payout(7) };
    archive.put(vec![other]).unwrap();
    assert_eq!(page(archive, ALL), [6, 5, 4, 3, 2, 1]);
    assert_eq!(page(archive, Listing { limit: 2, ..ALL }), [6, 5]);
    let after = Some((50, [5; 16]));
    assert_eq!(page(archive, Listing { after, limit: 2, ..ALL }), [4, 3]);
    assert_eq!(page(archive, Listing { status: Some(1), ..ALL }), [5, 3, 1]);
    assert_eq!(page(archive, Listing { status: Some(1), after, ..ALL }), [3, 1]);
    assert!(page(archive, Listing { status: Some(7), ..ALL }).is_empty());
    assert_eq!(page(archive, Listing { merchant: 2, ..ALL }), [7]);
    assert!(page(archive, Listing { limit: 0, ..ALL }).is_empty());
    let mut seen = 0;
    let visit = &mut |_| {
        seen += 1;
        ControlFlow::Break(())
    };
    archive.list(ALL, visit).unwrap();
    assert_eq!(seen, 1);
}

fn rows_of_one_microsecond_are_in_the_order_of_their_ids(archive: &dyn ArchiveStore) {
    for number in [3, 1, 2] {
        archive.put(vec![Archived { created_at: -5, ..payout(number) }]).unwrap();
    }
    let mut found = Vec::new();
    let after = Some((-5, [1; 16]));
    let visit = &mut |row: Row| {
        found.push((row.created_at, row.id[0], row.facets));
        ControlFlow::Continue(())
    };
    archive.list(Listing { after, ..ALL }, visit).unwrap();
    assert_eq!(found, [(-5, 2, payout(2).facets), (-5, 3, payout(3).facets)]);
}

fn replacing_leaves_no_old_row(archive: &dyn ArchiveStore) {
    archive.put(vec![payout(1), payout(2)]).unwrap();
    // The same again, then with everything changed, in one batch with the
    // older form, which must not win.
    archive.put(vec![payout(1)]).unwrap();
    assert_eq!(page(archive, ALL), [2, 1]);
    assert_eq!(archive.reference(1, [1; 16]).unwrap(), Some([1; 16]));
    let changed = Archived {
        facets: Facets(9),
        reference: Some([77; 16]),
        due: None,
        body: vec![],
        ..payout(1)
    };
    archive.put(vec![payout(1), changed]).unwrap();
    assert_eq!(archive.len(), 2);
    assert_eq!(archive.get([1; 16]).unwrap(), Some(vec![]));
    assert_eq!(page(archive, ALL), [2, 1]);
    assert!(page(archive, Listing { status: Some(1), ..ALL }).is_empty());
    assert_eq!(page(archive, Listing { status: Some(9), ..ALL }), [1]);
    assert_eq!(archive.reference(1, [1; 16]).unwrap(), None);
    assert_eq!(archive.reference(1, [77; 16]).unwrap(), Some([1; 16]));
    assert_eq!(archive.due_before(i64::MAX, 9).unwrap(), [(200, [2; 16])]);
}

fn a_reference_that_moved_on_is_not_taken_away(archive: &dyn ArchiveStore) {
    archive.put(vec![payout(1)]).unwrap();
    let freed = Archived { reference: None, ..payout(1) };
    let taken = Archived { reference: Some([1; 16]), ..payout(2) };
    archive.put(vec![taken.clone(), freed.clone()]).unwrap();
    assert_eq!(archive.reference(1, [1; 16]).unwrap(), Some([2; 16]));
    archive.put(vec![freed, taken]).unwrap();
    assert_eq!(archive.reference(1, [1; 16]).unwrap(), Some([2; 16]));
}

fn the_archiver_answers_once_a_payout_can_be_read(archive: Arc<dyn ArchiveStore>) {
    let thread = ArchiverThread::start(Arc::clone(&archive)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let archiver = thread.handle();
    let queued: Vec<_> = (0..=255).map(|number| archiver.put(payout(number))).collect();
    for (number, archiving) in (0..=255).zip(queued) {
        runtime.block_on(archiving).unwrap();
        assert!(archive.contains([number; 16]).unwrap());
    }
    thread.close();
    let refused = runtime.block_on(archiver.put(payout(1)));
    assert!(matches!(refused, Err(ArchiveError::Closed)));
}

/// Each test with each implementation, on a fresh archive.
macro_rules! conformance {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(#[test] fn $test() { super::$test(&super::MemoryArchive::new()); })*
        }
        mod in_fjall {
            $(#[test] fn $test() {
                let dir = tempfile::tempdir().unwrap();
                super::$test(&super::fjall_in(dir.path()));
            })*
        }
    };
}

conformance!(
    stores_and_finds,
    lists_newest_first_in_pages,
    rows_of_one_microsecond_are_in_the_order_of_their_ids,
    replacing_leaves_no_old_row,
    a_reference_that_moved_on_is_not_taken_away,
);

const ROOM: crate::options::Room =
    crate::options::Room { cache_bytes: 1 << 20, memtable_bytes: 1 << 24 };

fn fjall_in(dir: &std::path::Path) -> FjallArchive {
    FjallArchive::open(dir, 7, ROOM, Duration::from_secs(60)).unwrap()
}

#[test]
fn the_archiver_in_front_of_each() {
    the_archiver_answers_once_a_payout_can_be_read(Arc::new(MemoryArchive::new()));
    let dir = tempfile::tempdir().unwrap();
    the_archiver_answers_once_a_payout_can_be_read(Arc::new(fjall_in(dir.path())));
}

#[test]
fn fjall_remembers_across_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let archive = fjall_in(dir.path());
    assert_eq!(archive.covers().unwrap(), None);
    archive.put((1..=6).map(payout).collect()).unwrap();
    archive.set_covers(12, 3).unwrap();
    drop(archive);
    let archive = fjall_in(dir.path());
    assert_eq!(archive.len(), 6);
    assert_eq!(archive.covers().unwrap(), Some(12));
    assert_eq!(archive.covered_by().unwrap(), Some(3));
    assert_eq!(page(&archive, ALL), [6, 5, 4, 3, 2, 1]);
}

#[test]
fn payouts_that_stand_apart_from_their_keys_are_found_again_and_replaced() {
    const MANY: u16 = 4_000;
    let (dir, room) =
        (tempfile::tempdir().unwrap(), crate::options::Room { memtable_bytes: 1 << 16, ..ROOM });
    let open = || FjallArchive::open(dir.path(), 7, room, Duration::from_secs(60)).unwrap();
    let numbered = |number: u16, round: u8| {
        let [low, high] = number.to_le_bytes();
        let mut id = [0; 16];
        // Spread, as hashes are.
        (id[0], id[1]) = (low, high);
        Archived { id, reference: Some(id), body: vec![round; 300], ..payout(round) }
    };
    for round in 1..=3 {
        let archive = open();
        for first in (0..MANY).step_by(250) {
            archive.put((first..first + 250).map(|one| numbered(one, round)).collect()).unwrap();
        }
        archive.set_covers(u64::from(round), 1).unwrap();
        drop(archive);
        let archive = open();
        assert_eq!(archive.len(), usize::from(MANY));
        for number in 0..MANY {
            let wanted = numbered(number, round);
            assert_eq!(archive.get(wanted.id).unwrap(), Some(wanted.body));
        }
        let rows = archive.check_rows(&mut |amiss| panic!("{amiss:?}")).unwrap();
        assert_eq!(rows.payouts, u64::from(MANY));
    }
    let apart = |keyspace: std::fs::DirEntry| {
        let blobs = std::fs::read_dir(keyspace.path().join("blobs"));
        blobs.map_or(0, |files| files.count())
    };
    let keyspaces = std::fs::read_dir(dir.path().join("keyspaces")).unwrap();
    let files: usize = keyspaces.map(|one| apart(one.unwrap())).sum();
    assert!(files > 0, "nothing stands apart, and nothing was tried");
}

#[test]
fn an_archive_in_use_is_busy_and_not_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let _archive = fjall_in(dir.path());
    let second = FjallArchive::open(dir.path(), 7, ROOM, Duration::from_secs(60));
    assert!(matches!(second, Err(crate::guarded::Fault::Busy)));
}

#[test]
fn an_archive_of_another_log_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    drop(fjall_in(dir.path()));
    let other = FjallArchive::open(dir.path(), 8, ROOM, Duration::from_secs(60));
    let reason = "the archive is damaged: it belongs to another log".to_owned();
    assert_eq!(other.err(), Some(crate::guarded::Fault::Unusable(reason)));
}
