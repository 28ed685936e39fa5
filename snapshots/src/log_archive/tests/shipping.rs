//! What is durable arrives, whole and once, whatever happens on the way.

use super::{mortal::Mortal, *};
use object_store::local::LocalFileSystem;

/// Sixteen commits shipped one by one, so that pieces become one, then many at once.
fn live(world: &mut World, shipper: &mut Shipper) -> Result<(), LogArchiveError> {
    while world.version < 16 {
        world.commit();
        ship(shipper)?;
    }
    if world.version == 16 {
        world.commits(34);
    }
    ship(shipper)
}

#[test]
fn a_log_comes_back_from_every_kind_of_store() {
    let directory = tempfile::tempdir().unwrap();
    let local = LocalFileSystem::new_with_prefix(directory.path()).unwrap().with_fsync(true);
    let stores: [Arc<dyn ObjectStore>; 2] = [Arc::new(InMemory::new()), Arc::new(local)];
    for store in stores {
        let mut world = World::new(store);
        let mut shipper = world.shipper();
        live(&mut world, &mut shipper).unwrap();
        world.assert_same();
        let objects = world.manifest().objects;
        assert!((3..20).contains(&objects.len()), "several pieces: {}", objects.len());
        assert!(objects.iter().any(|object| object.frames >= 10), "some became one");
        let status = shipper.archive.status();
        assert_eq!((status.through, status.lag_records), (100, 0));
        assert_eq!((status.lag, status.objects), (Default::default(), objects.len() as u64));
    }
}

#[test]
fn killed_after_any_call_it_goes_on_without_loss_and_without_leftovers() {
    for last_words in [false, true] {
        let mut calls = 0;
        loop {
            let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            let mut world = World::new(Arc::clone(&inner));
            let left = Arc::new(AtomicU64::new(calls + 1));
            world.store = Arc::new(Mortal { inner: Arc::clone(&inner), left, last_words });
            let mut mortal = world.shipper();
            let ended = live(&mut world, &mut mortal);
            world.store = inner;
            // Another process, which may find that there is more to ship than the first one saw.
            if calls % 3 == 0 {
                world.commit();
            }
            let mut next = world.shipper();
            live(&mut world, &mut next).unwrap();
            ship(&mut next).unwrap();
            world.assert_same();
            if ended.is_ok() {
                break;
            }
            calls += 1;
        }
        assert!(calls > 40, "killed {calls} times");
    }
}

#[test]
fn the_same_process_goes_on_too() {
    for last_words in [false, true] {
        for calls in 1..30 {
            let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            let mut world = World::new(Arc::clone(&inner));
            let left = Arc::new(AtomicU64::new(calls));
            let store = Mortal { inner: Arc::clone(&inner), left: Arc::clone(&left), last_words };
            world.store = Arc::new(store);
            let mut shipper = world.shipper();
            assert!(live(&mut world, &mut shipper).is_err());
            let status = shipper.archive.status();
            assert!(status.lag_records > 0 || calls > 1);
            left.store(u64::MAX, Ordering::Release);
            shipper.session = None;
            live(&mut world, &mut shipper).unwrap();
            world.store = inner;
            world.assert_same();
        }
    }
}

#[test]
fn a_torn_object_without_a_manifest_is_written_again() {
    let mut world = World::in_memory();
    world.commits(3);
    let folder = format!("backups/bursar/{:016x}", world.log_id());
    let name = format!("{folder}/segments/{:020}-{:020}.frames.zst", 1, 6);
    for torn in [vec![], vec![0; 300]] {
        put(&world.store, &name, torn);
        ship(&mut world.shipper()).unwrap();
        world.assert_same();
        for (name, _) in contents(&world.store) {
            remove(&world.store, &name);
        }
    }
}

#[test]
fn the_files_beside_the_log_are_as_they_were_last() {
    let mut world = World::in_memory();
    world.commit();
    let mut shipper = world.shipper();
    ship(&mut shipper).unwrap();
    world.assert_same();
    let changed = vec![("identity".into(), vec![7; 40]), ("keys".into(), b"[]".to_vec())];
    *world.side_files.lock().unwrap() = changed;
    ship(&mut shipper).unwrap();
    world.side_files.lock().unwrap()[1].1 = b"[1]".to_vec();
    ship(&mut shipper).unwrap();
    assert_eq!(world.frames().unwrap().side_files().unwrap()[1].1, b"[1]");
    // What was replaced goes with the next start.
    ship(&mut world.shipper()).unwrap();
    world.assert_same();
}

#[test]
fn nothing_new_costs_no_call() {
    let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut world = World::new(Arc::clone(&inner));
    let left = Arc::new(AtomicU64::new(1000));
    world.store = Arc::new(Mortal { inner, left: Arc::clone(&left), last_words: false });
    world.commit();
    let mut shipper = world.shipper();
    ship(&mut shipper).unwrap();
    let before = left.load(Ordering::Acquire);
    ship(&mut shipper).unwrap();
    assert_eq!(left.load(Ordering::Acquire), before);
}
