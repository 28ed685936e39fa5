//! Opening, finding, closing; and who may not.

use snapshots::{Archived, Durability, Facets, Found, FoundIn, OpenError};

use super::{lines::lines, *};

#[test]
fn a_new_store_is_empty_and_says_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (store, said) = lines(|| open(data.path()));
    assert_eq!(said, Vec::<String>::new());
    assert!(!store.sled_rebuilt() && !store.archive_rebuilt());
    assert_eq!(replayed(&store), (vec![], vec![]));
    drop(store);
    let (store, said) = lines(|| open(data.path()));
    assert_eq!((store.last_sequence(), said), (0, vec![]));
}

#[test]
fn an_empty_store_that_has_a_snapshot_is_whole() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    running.snapshots.begin(0).unwrap().finish().unwrap();
    close(running);
    let (store, said) = lines(|| open(data.path()));
    assert_eq!((store.archive_rebuilt(), said), (false, vec![]));
}

#[test]
fn a_second_open_of_the_same_directory_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let store = open(data.path());
    let refused = Store::open(options(data.path())).err().unwrap();
    assert!(matches!(refused, OpenError::InUse(_)));
    assert!(refused.to_string().contains("in use by another process"));
    let running = store.start().unwrap();
    assert!(matches!(Store::open(options(data.path())).err(), Some(OpenError::InUse(_))));
    close(running);
    open(data.path());
}

#[test]
fn without_fsync_the_start_says_so_loudly() {
    let data = tempfile::tempdir().unwrap();
    let quick = StoreOptions { durability: Durability::None, ..options(data.path()) };
    let (store, said) = lines(|| Store::open(quick).unwrap());
    assert!(said.len() == 1 && said[0].contains("not fsynced"), "{said:?}");
    let running = store.start().unwrap();
    append(&running, 1, 1..=200);
    close(running);
    assert_eq!(open(data.path()).last_sequence(), 200);
}

#[test]
fn a_payout_is_found_wherever_it_is() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=2);
    append(&running, 2, 1..=1);
    let finished = Archived {
        id: [2; 16],
        merchant: 1,
        created_at: 1,
        facets: Facets(1),
        reference: None,
        due: None,
        body: b"archived".to_vec(),
    };
    running.archive.put(vec![finished]).unwrap();
    let mut writer = running.snapshots.begin(3).unwrap();
    writer.push([1; 16], b"live").unwrap();
    writer.finish().unwrap();
    append(&running, 1, 3..=4);
    append(&running, 3, 1..=1);

    let found = |payout: u8| running.find([payout; 16]).unwrap();
    let records = vec![(4, record(1, 3)), (5, record(1, 4))];
    let state = Some((FoundIn::Snapshot, b"live".to_vec()));
    assert_eq!(found(1), Some(Found { state, records }));
    let state = Some((FoundIn::Archive, b"archived".to_vec()));
    assert_eq!(found(2), Some(Found { state, records: vec![] }));
    assert_eq!(found(3), Some(Found { state: None, records: vec![(6, record(3, 1))] }));
    assert_eq!(found(4), None);
}

#[test]
fn a_start_interrupted_at_any_time_ends_like_a_clean_one() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=10);
    running.snapshots.begin(4).unwrap().finish().unwrap();
    // Copies of a running store, each opened and killed again, twice.
    let mut copy = copy_of(data.path());
    for _ in 0..3 {
        let store = open(copy.path());
        assert_eq!(store.last_sequence(), 10);
        copy = copy_of(copy.path());
        let running = store.start().unwrap();
        assert_eq!(running.journal.durable_sequence(), 10);
    }
    close(running);
}
