//! The log is archived while the store runs, and nobody waits for it.

use std::{thread, time::Duration};

use snapshots::{
    log::{FrameSource, LogFrames},
    log_archive::{
        ArchivedFrames, LogArchive, LogArchiveError, LogArchiveOptions, LogArchiveStatus, logs,
        verify,
    },
};

use super::*;

fn to(directory: &Path) -> LogArchiveOptions {
    LogArchiveOptions {
        url: format!("file://{}", directory.display()),
        every: Duration::from_millis(5),
        piece_bytes: 8 * 1024,
        ..LogArchiveOptions::default()
    }
}

fn archive(running: &Running, options: &LogArchiveOptions) -> LogArchive {
    let side_files = || Ok(vec![("identity".to_owned(), b"who we are".to_vec())]);
    running.archive_log(options, Box::new(side_files)).unwrap()
}

/// Waits for a condition; whoever never meets it fails by the test's own time.
fn until(archive: &LogArchive, met: impl Fn(&LogArchiveStatus) -> bool) -> LogArchiveStatus {
    loop {
        let status = archive.status();
        if met(&status) {
            return status;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn read(source: &mut dyn FrameSource) -> Vec<(u64, Record)> {
    let mut found = Vec::new();
    while let Some(frame) = source.next_frame().unwrap() {
        found.extend(frame.records().map(|record| (record.sequence, record.to_record())));
    }
    found
}

fn assert_same(data: &Path, options: &LogArchiveOptions) {
    let mut frames = ArchivedFrames::open(options, None).unwrap();
    let mut local = LogFrames::open(&data.join("data/log")).unwrap();
    assert_eq!(read(&mut frames), read(&mut local));
    assert_eq!(frames.side_files().unwrap()[0].1, b"who we are");
    let verified = verify(options, None, &mut |_| ()).unwrap();
    assert_eq!(logs(options).unwrap(), [verified]);
}

#[test]
fn what_is_durable_is_archived_and_an_orderly_stop_ships_the_rest() {
    let (data, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = to(backups.path());
    let running = start(data.path());
    append(&running, 1, 1..=50);
    let archived = archive(&running, &options);
    assert!(running.log_archive().is_some());
    until(&archived, |status| status.through == 50 && status.lag_records == 0);
    append(&running, 2, 1..=200);
    close(running);
    let status = archived.status();
    assert_eq!((status.through, status.lag_records, status.errors), (250, 0, 0));
    assert_same(data.path(), &options);
    // The next start goes on where this one ended; here the stop alone ships.
    let running = start(data.path());
    let unhurried = LogArchiveOptions { every: Duration::from_secs(3600), ..options.clone() };
    let archived = archive(&running, &unhurried);
    until(&archived, |status| status.through == 250);
    append(&running, 3, 1..=20);
    assert_eq!(archived.status().lag_records, 20);
    close(running);
    assert_eq!(archived.status().through, 270);
    assert_same(data.path(), &options);
}

#[test]
fn a_store_that_is_away_keeps_nobody_waiting_and_catches_up() {
    let (data, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let backups = disk.path().join("mount");
    let options = to(&backups);
    let running = start(data.path());
    let archived = archive(&running, &options);
    // Appends are acknowledged all the while.
    append(&running, 1, 1..=100);
    let status = until(&archived, |status| status.errors >= 2);
    assert_eq!((status.through, status.lag_records, status.stopped), (0, 100, false));
    assert!(status.last_error.unwrap().contains("is it mounted?"));
    assert!(!status.lag.is_zero());
    fs::create_dir(&backups).unwrap();
    let status = until(&archived, |status| status.lag_records == 0 && status.last_error.is_none());
    assert_eq!(status.through, 100);
    // Away once more, in the middle, and there again with what it had.
    let aside = disk.path().join("aside");
    fs::rename(&backups, &aside).unwrap();
    append(&running, 2, 1..=100);
    until(&archived, |status| status.last_error.is_some());
    fs::rename(&aside, &backups).unwrap();
    until(&archived, |status| status.through == 200);
    close(running);
    assert_same(data.path(), &options);
}

#[test]
fn a_store_that_stays_away_does_not_keep_the_end_waiting() {
    let (data, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = start(data.path());
    let archived = archive(&running, &to(&disk.path().join("nowhere")));
    append(&running, 1, 1..=10);
    close(running);
    assert_eq!(archived.status().lag_records, 10);
    assert_eq!(sequences(&open(data.path())).len(), 10);
}

#[test]
fn a_log_with_another_past_is_not_archived_and_goes_on() {
    let (data, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = to(backups.path());
    let running = start(data.path());
    append(&running, 1, 1..=5);
    close(running);
    let earlier = copy_of(data.path());
    let running = start(data.path());
    archive(&running, &options);
    append(&running, 1, 6..=30);
    close(running);
    let running = start(earlier.path());
    let archived = archive(&running, &options);
    let status = until(&archived, |status| status.stopped);
    let error = status.last_error.unwrap();
    assert!(error.contains("sequence 30 is archived, and the log here ends at 5"), "{error}");
    append(&running, 2, 1..=100);
    close(running);
    assert!(archived.status().stopped);
    assert_same(data.path(), &options);
}

#[test]
fn what_is_no_place_or_archived_already_is_refused_at_once() {
    let (data, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = start(data.path());
    let nowhere = LogArchiveOptions { url: "backups".to_owned(), ..to(backups.path()) };
    let none = || Box::new(|| Ok(Vec::new()));
    let refused = running.archive_log(&nowhere, none()).err().unwrap();
    assert!(matches!(refused, LogArchiveError::Option { key: "url", .. }), "{refused}");
    archive(&running, &to(backups.path()));
    assert!(running.archive_log(&to(backups.path()), none()).is_err());
    running.close();
    assert!(running.archive_log(&to(backups.path()), none()).is_err());
}
