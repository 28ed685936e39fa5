//! What the archive will not do: write over another past, or over another writer.

use super::*;

/// A store with forty commits in it, and what is in it.
fn archived() -> (World, Vec<(String, Vec<u8>)>) {
    let mut world = World::in_memory();
    world.commits(40);
    ship(&mut world.shipper()).unwrap();
    let before = contents(&world.store);
    (world, before)
}

/// Another past for the log of `world`: its first `commits`, and then others under the same id.
fn adopted(world: &World, commits: u64) -> PathBuf {
    let dir = world.dir.path().join(format!("adopted-{commits}"));
    std::fs::create_dir(&dir).unwrap();
    for segment in std::fs::read_dir(world.log_dir()).unwrap() {
        let segment = segment.unwrap();
        std::fs::copy(segment.path(), dir.join(segment.file_name())).unwrap();
    }
    let scan = log::scan(&dir, 1, 0, &[]).unwrap();
    let mut reader = log::LogReader::seek(&dir, 1).unwrap();
    while reader.next(commits * 2).unwrap().is_some() {}
    let position = reader.position().clone();
    // Behind the last frame that stays, the segment is blank; later segments are gone.
    let bytes = std::fs::read(&position.path).unwrap();
    let kept = [&bytes[..position.offset as usize], &vec![0; 8192][..]].concat();
    std::fs::write(&position.path, kept).unwrap();
    let mut path = position.path.clone();
    while let Some(next) = reader_following(&dir, &path) {
        std::fs::remove_file(&next).unwrap();
        path = position.path.clone();
    }
    assert!(scan.last_sequence() >= commits * 2);
    dir
}

fn reader_following(dir: &std::path::Path, path: &std::path::Path) -> Option<PathBuf> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|one| one.unwrap().path()).collect();
    names.sort();
    names
        .into_iter()
        .find(|other| other.as_path() > path && other.extension().is_some_and(|end| end == "seg"))
}

#[test]
fn a_log_that_was_rolled_back_is_not_archived_over_its_future() {
    let (world, before) = archived();
    let mut shipper = world.shipper();
    shipper.log_dir = adopted(&world, 10);
    let error = ship(&mut shipper).unwrap_err();
    assert!(error.is_final(), "{error}");
    let text = error.to_string();
    assert!(text.contains("sequence 80 is archived, and the log here ends at 20"), "{text}");
    assert!(contents(&world.store) == before, "nothing was touched");
}

#[test]
fn a_log_that_went_on_differently_is_not_archived_over_its_other_past() {
    let (world, before) = archived();
    // The same id and the same length, and another record in the middle.
    let dir = adopted(&world, 10);
    let tip = log::scan(&dir, 1, 0, &[]).unwrap().tip;
    let rules = log::SegmentRules { bytes: 16 * 1024, durable: false };
    let mut tail = log::Tail::resume(&dir, &tip, rules).unwrap();
    let mut other = World::in_memory();
    other.version = 1000;
    for _ in 0..50 {
        append(&mut tail);
    }
    drop(other);
    let mut shipper = world.shipper();
    shipper.log_dir = dir;
    let error = ship(&mut shipper).unwrap_err();
    assert!(error.is_final(), "{error}");
    assert!(error.to_string().contains("other frames at sequence 80"), "{error}");
    assert!(contents(&world.store) == before, "nothing was touched");
}

fn append(tail: &mut log::Tail) {
    let mut frame = log::FrameBuilder::default();
    frame.begin(tail.log_id(), tail.next_sequence(), tail.chain());
    for payout in [8, 9] {
        frame.push(&Record { payout: [payout; 16], version: 1, body: vec![payout; 30] });
    }
    let next = frame.next_sequence();
    let (bytes, chain) = frame.close();
    tail.write(bytes, next, chain).unwrap();
}

#[test]
fn another_past_under_a_name_that_is_needed_is_not_overwritten() {
    let mut world = World::in_memory();
    world.commits(3);
    // Somebody with the same beginning ships first and is killed before the manifest.
    let mut clone = world.shipper();
    clone.log_dir = adopted(&world, 2);
    let tip = log::scan(&clone.log_dir, 1, 0, &[]).unwrap().tip;
    let rules = log::SegmentRules { bytes: 16 * 1024, durable: false };
    append(&mut log::Tail::resume(&clone.log_dir, &tip, rules).unwrap());
    ship(&mut clone).unwrap();
    remove(&world.store, &format!("backups/bursar/{:016x}/manifest.json", world.log_id()));
    let before = contents(&world.store);
    let error = ship(&mut world.shipper()).unwrap_err();
    assert!(error.is_final() && error.to_string().contains("has other frames"), "{error}");
    assert!(contents(&world.store).iter().all(|one| before.contains(one)), "nothing was touched");
}

#[test]
fn two_writers_of_one_log_notice_each_other() {
    let mut world = World::in_memory();
    world.commit();
    let (mut one, mut other) = (world.shipper(), world.shipper());
    ship(&mut one).unwrap();
    ship(&mut other).unwrap();
    world.commit();
    ship(&mut one).unwrap();
    world.commit();
    let error = ship(&mut other).unwrap_err();
    assert!(matches!(error, LogArchiveError::Changed(_)), "{error}");
    assert!(!error.is_final(), "the log is the same, so it may go on from there");
    other.session = None;
    ship(&mut other).unwrap();
    ship(&mut world.shipper()).unwrap();
    world.assert_same();
}

#[test]
fn a_manifest_that_does_not_read_is_not_replaced() {
    let (world, before) = archived();
    let name = format!("backups/bursar/{:016x}/manifest.json", world.log_id());
    let sound = before.iter().find(|(found, _)| *found == name).unwrap().1.clone();
    let text = String::from_utf8(sound).unwrap();
    let rows = [
        (String::new(), "EOF"),
        (text[..text.len() / 2].to_owned(), "EOF"),
        (text.replacen("\"format\": 1", "\"format\": 2", 1), "format 2 is not known"),
        (text.replacen("\"last\": ", "\"last\": 1", 1), "does not continue the log"),
        (text.replacen("-000", "-001", 1), "does not continue the log"),
        (text.replacen("\"identity\"", "\"../identity\"", 1), "names no plain file"),
    ];
    for (damaged, wanted) in rows {
        put(&world.store, &name, damaged.clone().into_bytes());
        let errors = [ship(&mut world.shipper()).unwrap_err(), world.frames().err().unwrap()];
        for error in errors {
            assert!(error.is_damage() && error.to_string().contains(wanted), "{wanted}: {error}");
            assert!(error.to_string().contains("manifest.json"), "{error}");
        }
        let after = contents(&world.store).into_iter().find(|(found, _)| *found == name).unwrap();
        assert_eq!(after.1, damaged.into_bytes());
    }
}

#[test]
fn an_address_is_understood_or_refused() {
    let options = |url: &str| LogArchiveOptions { url: url.to_owned(), ..Default::default() };
    let s3 = |endpoint: &str, id: Option<&str>, allow_http| LogArchiveOptions {
        url: "s3://bucket/some/prefix".to_owned(),
        allow_http,
        s3: S3Options {
            endpoint: Some(endpoint.to_owned()),
            region: Some("eu-west-1".to_owned()),
            access_key_id: id.map(str::to_owned),
            secret_access_key: Some("s3cret".into()),
        },
        ..Default::default()
    };
    let rows = [
        (options("file:///var/backups/bursar"), None),
        (options("s3://bucket"), None),
        (options("https://dav.example.com/bursar"), None),
        (s3("https://s3.example.com", Some("id"), false), None),
        (s3("http://10.0.0.1:9000", Some("id"), true), None),
        (options("backups"), Some("url: ")),
        (options("ftp://example.com"), Some("url: \"ftp\" is no known kind of address")),
        (options("s3:///prefix"), Some("url: expected s3://bucket")),
        (options("http://dav.example.com/"), Some("url: frames name recipients")),
        (options("https://me:s3cret@dav.example.com/"), Some("url: a user or a password")),
        (s3("http://10.0.0.1:9000", Some("id"), false), Some("endpoint: frames name recipients")),
        (s3("10.0.0.1:9000", Some("id"), true), Some("endpoint: ")),
        (s3("https://s3.example.com", None, false), Some("access_key_id: access_key_id and")),
    ];
    for (options, wanted) in rows {
        let found = check(&options).err().map(|error| error.to_string());
        match (&found, wanted) {
            (None, None) => {}
            (Some(found), Some(wanted)) => assert!(found.starts_with(wanted), "{found}"),
            _ => panic!("{}: {found:?}", options.url),
        }
        assert!(!found.unwrap_or_default().contains("s3cret"));
        assert!(!format!("{options:?}").contains("s3cret") || options.url.contains("s3cret"));
    }
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let mut world = World::in_memory();
    world.commit();
    let missing = world.dir.path().join("mount").join("backups");
    let options =
        LogArchiveOptions { url: format!("file://{}", missing.display()), ..Default::default() };
    let mut shipper = world.shipper();
    shipper.place = Place::open(&options).unwrap();
    let error = ship(&mut shipper).unwrap_err();
    assert!(error.to_string().contains("is it mounted?"), "{error}");
    assert!(!missing.exists() && !error.is_final());
}
