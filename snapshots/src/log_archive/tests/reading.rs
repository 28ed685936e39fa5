//! What was archived is read back as it was, or not at all.

use super::*;

fn archived() -> World {
    let mut world = World::in_memory();
    let mut shipper = world.shipper();
    world.commits(40);
    ship(&mut shipper).unwrap();
    for _ in 0..3 {
        world.commit();
        ship(&mut shipper).unwrap();
    }
    world.assert_same();
    world
}

/// Everything, as a restore would read it.
fn read(world: &World) -> Result<usize, String> {
    let mut frames = world.frames().map_err(|error| error.to_string())?;
    let files = frames.side_files().map_err(|error| error.to_string())?;
    assert_eq!(files, *world.side_files.lock().unwrap(), "handed out changed");
    records(&mut frames).map(|records| records.len()).map_err(|error| error.to_string())
}

#[test]
fn a_flipped_bit_is_told_with_the_name_of_its_object() {
    let world = archived();
    assert_eq!(read(&world), Ok(86));
    let sound = contents(&world.store);
    assert!(sound.len() > 4);
    for (name, bytes) in &sound {
        for at in (0..bytes.len()).step_by(if name.ends_with(".json") { 1 } else { 37 }) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            put(&world.store, name, flipped.clone());
            match read(&world) {
                Err(text) => {
                    // A flip in the manifest may show in an object that it names wrongly.
                    let told = text.contains(name.rsplit('/').next().unwrap());
                    assert!(told || name.ends_with(".json"), "{name}: {text}");
                }
                // The manifest is JSON: a space more or less says nothing else, and how many
                // frames and bytes there were is told and not believed.
                Ok(many) => assert!(name.ends_with(".json") && many == 86, "{name}: byte {at}"),
            }
        }
        put(&world.store, name, bytes[..bytes.len() / 2].to_vec());
        assert!(read(&world).is_err(), "{name} cut in half");
        put(&world.store, name, bytes.clone());
    }
    for (name, bytes) in sound {
        remove(&world.store, &name);
        let text = read(&world).unwrap_err();
        assert!(text.contains("missing") || text.contains("no archived log"), "{text}");
        put(&world.store, &name, bytes);
    }
    assert_eq!(read(&world), Ok(86));
}

#[test]
fn a_sound_object_in_the_wrong_place_is_told_too() {
    let world = archived();
    let pieces: Vec<_> =
        contents(&world.store).into_iter().filter(|(name, _)| name.contains("segments")).collect();
    put(&world.store, &pieces[0].0, pieces[1].1.clone());
    let text = read(&world).unwrap_err();
    assert!(text.contains(pieces[0].0.rsplit('/').next().unwrap()), "{text}");
}

#[test]
fn what_was_made_into_one_piece_meanwhile_is_found_in_it() {
    let mut world = World::in_memory();
    let mut shipper = world.shipper();
    shipper.piece_bytes = 1 << 20;
    for _ in 0..15 {
        world.commit();
        ship(&mut shipper).unwrap();
    }
    let mut frames = world.frames().unwrap();
    for _ in 0..5 {
        frames.next_frame().unwrap().unwrap();
    }
    world.commit();
    ship(&mut shipper).unwrap();
    assert_eq!(world.manifest().objects.len(), 1, "they became one");
    let rest = records(&mut frames).unwrap();
    let sequences: Vec<u64> = rest.iter().map(|(sequence, _)| *sequence).collect();
    assert_eq!(sequences, (11..=30).collect::<Vec<u64>>(), "what there was when it was opened");
}

#[test]
fn of_several_logs_one_has_to_be_named() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut worlds = [World::new(Arc::clone(&store)), World::new(store)];
    let none = worlds[0].frames().err().unwrap();
    assert!(matches!(none, LogArchiveError::NoLog(_)), "{none}");
    for world in &mut worlds {
        world.commits(3);
        ship(&mut world.shipper()).unwrap();
    }
    let several = worlds[0].frames().err().unwrap().to_string();
    for world in &worlds {
        let id = world.log_id();
        assert!(several.contains(&format!("{id:016x}")), "{several}");
        let mut frames = ArchivedFrames::of(world.place(), Some(id)).unwrap();
        let mut local = LogFrames::open(&world.log_dir()).unwrap();
        assert_eq!(records(&mut frames).unwrap(), records(&mut local).unwrap());
    }
}
