//! The export's tests: a log on a real directory, exported, read back, cut short and hurt.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::{
    log::{self, FrameSource, LogCopy, LogError, LogFrames},
    log::{LogSummary, Record, RecordRef},
};

/// Two payouts a commit, in segments of 4 KiB.
fn log(dir: &Path, commits: u32) -> LogSummary {
    fs::create_dir_all(dir).unwrap();
    let mut copy = LogCopy::begin(dir, 4096).unwrap();
    for version in 1..=commits {
        let body = |payout: u8| vec![payout ^ version as u8; 40 + version as usize];
        let record = |payout| Record { payout: [payout; 16], version, body: body(payout) };
        copy.append(&[record(1), record(2)]).unwrap();
    }
    copy.finish(&dir.join("anchor")).unwrap()
}

fn side_files() -> SideFiles {
    vec![("identity".into(), vec![7; 64]), ("webhook-endpoints.json".into(), b"{}".to_vec())]
}

fn about() -> ExportAbout {
    let snapshot = ExportedSnapshot { id: 3, base_sequence: 10, sealed_at: 20, payouts: 2 };
    ExportAbout { created_at: 1_790_000_000_000_000, snapshot: Some(snapshot) }
}

fn export(log_dir: &Path, through: u64, to: &Path) -> Result<ExportSummary, ExportError> {
    let mut frames = LogFrames::open(log_dir).unwrap();
    ExportWriter::write(&mut frames, through, about(), &side_files(), to, &mut |_| ())
}

fn records(source: &mut dyn FrameSource) -> Vec<(u64, Record)> {
    let mut found = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        found.extend(frame.records().map(|one: RecordRef| (one.sequence, one.to_record())));
    }
    found
}

/// Everything that can be asked of an export.
fn read(path: &Path) -> Result<ExportSummary, ExportError> {
    ExportFile::open(path)?.verify(&mut |_| ())
}

#[test]
fn a_log_of_several_segments_comes_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("bursar.export"));
    let whole = log(&log_dir, 100);
    assert!(log::first_sequences(&log_dir).unwrap().len() > 3);
    let mut told = Vec::new();
    let mut frames = LogFrames::open(&log_dir).unwrap();
    let about = about();
    let progress = &mut |sequence| told.push(sequence);
    let written =
        ExportWriter::write(&mut frames, 200, about, &side_files(), &path, progress).unwrap();
    let once: Vec<u64> = (1..=100).map(|commit| commit * 2).collect();
    assert_eq!(told, [once.clone(), once].concat(), "written, and read back");
    assert_eq!((written.frames, written.records, written.last_sequence), (100, 200, 200));
    assert_eq!((written.log_id, written.chain), (whole.log_id, whole.chain));
    assert_eq!(written.bytes, fs::metadata(&path).unwrap().len());

    let file = ExportFile::open(&path).unwrap();
    assert_eq!((file.summary(), file.about(), file.side_files()), (written, about, &side_files()));
    let mut frames = LogFrames::open(&log_dir).unwrap();
    assert_eq!(records(&mut file.frames().unwrap()), records(&mut frames));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|one| one.unwrap()).collect();
    assert_eq!(names.len(), 2, "nothing lies beside it: {names:?}");
}

#[test]
fn a_copy_of_an_export_is_a_log_with_the_same_records() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("export"));
    log(&log_dir, 30);
    export(&log_dir, 60, &path).unwrap();
    let restored = dir.path().join("restored");
    fs::create_dir(&restored).unwrap();
    let mut copy = LogCopy::begin(&restored, 4096).unwrap();
    let mut frames = ExportFile::open(&path).unwrap().frames().unwrap();
    while let Some(frame) = frames.next_frame().unwrap() {
        copy.take(&frame).unwrap();
    }
    copy.finish(&dir.path().join("anchor")).unwrap();
    let of = |dir: &Path| records(&mut LogFrames::open(dir).unwrap());
    assert_eq!(of(&restored), of(&log_dir));
}

#[test]
fn an_export_ends_with_the_last_commit_that_is_wholly_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let log_dir = dir.path().join("log");
    log(&log_dir, 20);
    for (through, last) in [(2, 2), (3, 2), (19, 18), (20, 20), (39, 38), (40, 40)] {
        let path = dir.path().join(format!("to-{through}"));
        assert_eq!(export(&log_dir, through, &path).unwrap().last_sequence, last);
        let summary = read(&path).unwrap();
        assert_eq!((summary.last_sequence, summary.frames), (last, last / 2));
        let mut frames = ExportFile::open(&path).unwrap().frames().unwrap();
        assert_eq!(records(&mut frames).len() as u64, last);
    }
}

#[test]
fn what_cannot_be_exported_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("out").join("export"));
    fs::create_dir(dir.path().join("out")).unwrap();
    log(&log_dir, 5);
    let refused = |through, side_files: SideFiles| {
        let mut frames = LogFrames::open(&log_dir).unwrap();
        ExportWriter::write(&mut frames, through, about(), &side_files, &path, &mut |_| ())
            .unwrap_err()
            .to_string()
    };
    let named = |name: &str| vec![(name.to_owned(), vec![1])];
    let rows = [
        (refused(11, vec![]), "the log ends at sequence 10; an export through 11"),
        (refused(1, vec![]), "no whole commit up to sequence 1"),
        (refused(10, named("../keys")), "\"../keys\" cannot name a file"),
        (refused(10, named("")), "\"\" cannot name a file"),
        (refused(10, [named("keys"), named("keys")].concat()), "\"keys\" cannot name a file"),
    ];
    for (found, wanted) in rows {
        assert!(found.contains(wanted), "{found}");
        assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 0, "{found}");
    }
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("export"));
    log(&log_dir, 5);
    fs::write(&path, "somebody's").unwrap();
    assert!(matches!(export(&log_dir, 10, &path), Err(ExportError::Exists(_))));
    assert_eq!(fs::read(&path).unwrap(), b"somebody's");
    // It may also appear while the export is being written.
    fs::remove_file(&path).unwrap();
    let mut frames = LogFrames::open(&log_dir).unwrap();
    let written =
        ExportWriter::write(&mut frames, 10, about(), &side_files(), &path, &mut |sequence| {
            if sequence == 4 {
                fs::write(&path, "somebody's").unwrap();
            }
        });
    assert!(matches!(written, Err(ExportError::Exists(_))));
    assert_eq!(fs::read(&path).unwrap(), b"somebody's");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn what_a_killed_export_left_is_begun_anew_and_what_another_writes_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("export"));
    log(&log_dir, 5);
    let part = dir.path().join("export.part");
    fs::write(&part, vec![1; 100_000]).unwrap();
    let other = fs::File::open(&part).unwrap();
    other.lock().unwrap();
    assert!(matches!(export(&log_dir, 10, &path), Err(ExportError::Busy(_))));
    assert!(part.exists());
    drop(other);
    export(&log_dir, 10, &path).unwrap();
    read(&path).unwrap();
    assert!(!part.exists());
}

#[test]
fn no_flipped_bit_and_no_missing_byte_passes() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("export"));
    log(&log_dir, 12);
    export(&log_dir, 24, &path).unwrap();
    let sound = fs::read(&path).unwrap();
    let hurt = dir.path().join("hurt");
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&hurt, bytes).unwrap();
        let error = read(&hurt).expect_err(what);
        assert!(error.is_damage(), "{what}: {error}");
        let text = error.to_string();
        assert!(text.contains("hurt") && text.contains("byte "), "{what}: {text}");
    };
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        refused(&bytes, &format!("byte {at} of {} flipped", sound.len()));
    }
    for length in (0..sound.len()).step_by(11) {
        refused(&sound[..length], &format!("cut to {length} bytes"));
    }
    refused(&[&sound[..], b"x"].concat(), "a byte too many");
    refused(&[&sound[..sound.len() - 96], &sound[..]].concat(), "twice, one behind the other");
}

/// The bytes with a closing hash that fits them: what a writer with a fault could leave.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 32);
    let hash = blake3::hash(&bytes);
    [bytes, hash.as_bytes().to_vec()].concat()
}

#[test]
fn a_hash_that_fits_does_not_make_up_for_what_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("export"));
    log(&log_dir, 3);
    export(&log_dir, 6, &path).unwrap();
    let sound = fs::read(&path).unwrap();
    let end = sound.len() - 96;
    let flipped = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        resealed(bytes)
    };
    assert_eq!(resealed(sound.clone()), sound);
    let between = [&sound[..end], b"more", &sound[end..]].concat();
    let rows = [
        (flipped(end + 8), "more frames than it announces"),
        (flipped(end + 9), "few frames"),
        (flipped(end + 16), "not those that it announces"),
        (flipped(end + 24), "not those that it announces"),
        (flipped(end + 40), "not those that it announces"),
        (resealed(between), "bytes follow the log's last frame"),
    ];
    for (bytes, wanted) in rows {
        fs::write(&path, bytes).unwrap();
        let text = read(&path).unwrap_err().to_string();
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn the_files_beside_the_log_are_never_handed_out_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (log_dir, path) = (dir.path().join("log"), dir.path().join("export"));
    log(&log_dir, 3);
    // Nothing that packs, so that what is flipped is in the file as it is.
    let mut random = vec![0; 2048];
    blake3::Hasher::new().finalize_xof().fill(&mut random);
    let side_files: SideFiles = vec![("keys".into(), random)];
    let mut frames = LogFrames::open(&log_dir).unwrap();
    ExportWriter::write(&mut frames, 6, about(), &side_files, &path, &mut |_| ()).unwrap();
    let sound = fs::read(&path).unwrap();
    let mut told = 0;
    for at in (0..sound.len()).step_by(5) {
        let mut bytes = sound.clone();
        bytes[at] ^= 4;
        fs::write(&path, bytes).unwrap();
        match ExportFile::open(&path) {
            Ok(file) => assert_eq!(file.side_files(), &side_files, "byte {at}"),
            Err(error) => told += u32::from(error.to_string().contains("the file keys in it")),
        }
    }
    assert!(told > 300, "{told}");
}

#[test]
fn frames_of_another_log_or_in_another_order_are_no_export() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    log(&one, 6);
    log(&other, 6);
    /// Two logs taken for one.
    struct Mixed(LogFrames, LogFrames, u32);
    impl FrameSource for Mixed {
        fn next_frame(&mut self) -> Result<Option<log::Frame<'_>>, LogError> {
            self.2 += 1;
            // Both go on, so that the sequences fit.
            match (self.0.next_frame()?, self.1.next_frame()?) {
                (first, _) if self.2 < 4 => Ok(first),
                (_, second) => Ok(second),
            }
        }
    }
    let mut mixed = Mixed(LogFrames::open(&one).unwrap(), LogFrames::open(&other).unwrap(), 0);
    let path = dir.path().join("export");
    let written = ExportWriter::write(&mut mixed, 12, about(), &side_files(), &path, &mut |_| ());
    let text = written.unwrap_err().to_string();
    assert!(text.contains("belongs to another log"), "{text}");
    assert!(!path.exists() && !dir.path().join("export.part").exists());
}
