//! What a verification finds: nothing in a directory that is whole, and each kind of damage where it is.

use super::scripted::{Manner, Scripted};
use super::{Rig, signed};
use crate::verify::{Report, VerifyOptions, verify};
use crate::{codec, desk};
use adapters::adapter_actor::messages::Mode;
use domain::entry::{By, Entry, Fact, Hold, HoldCause, Move};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::resolution::Resolution;
use domain::status::Status;
use domain::time::Timestamp;
use domain::transition::Trigger;
use snapshots::{Happened, OpenError, Record, Running, Store, StoreOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn options(dir: &Path) -> StoreOptions {
    StoreOptions { data_dir: dir.to_owned(), segment_bytes: 1 << 20, ..StoreOptions::default() }
}

fn look(dir: &Path) -> Report {
    let several_passes = VerifyOptions { records_per_pass: 20, ..VerifyOptions::default() };
    let report = verify(&options(dir), &VerifyOptions::default()).unwrap();
    let again = verify(&options(dir), &several_passes).unwrap();
    assert!(again.passes > 1 || again.frames == 0, "{again:?}");
    let of = |report: &Report| {
        let Report { payouts, entries, events, archived, snapshot_states, divergences, .. } =
            report;
        [*payouts, *entries, *events, *archived, *snapshot_states, *divergences]
    };
    assert_eq!(of(&report), of(&again), "however many passes it takes");
    report
}

/// Payouts that are finished, that wait, and that are held; a snapshot; and more of each behind it.
async fn a_life(dir: &Path) {
    let provider = Scripted::new(Manner::Pays);
    let rig = Rig::start(dir, provider).await;
    for round in 0..2 {
        for number in 0..8 {
            let autoprocess = number % 2 == 0;
            let key = format!("{round}-{number}");
            let made = rig.create(&key, |request| {
                request.autoprocess = autoprocess;
                request.reference = Some(key.as_str().into());
            });
            let id = made.await.payout.id();
            if autoprocess {
                rig.until(id, |view| view.payout.status() == Status::Processed).await;
            }
        }
        // What is finished is in the archive before anything is counted.
        rig.until_live(4 * (round + 1)).await;
        let (mode, signed) = (Mode::VerifyOnly, signed("ann"));
        rig.engine.gateway().set_mode("scripted", mode, signed).await.unwrap();
        if round == 0 {
            let (mode, signed) = (Mode::Open, super::signed("ann"));
            rig.engine.gateway().set_mode("scripted", mode, signed).await.unwrap();
            rig.engine.snapshot().await.unwrap();
        }
    }
    rig.stop().await;
}

/// Every file with what is in it.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// All payouts, as a replay tells them.
fn payouts(dir: &Path) -> Vec<Payout> {
    let last = Store::open(options(dir)).unwrap().last_sequence();
    payouts_of(dir, last)
}

fn payouts_of(dir: &Path, last: u64) -> Vec<Payout> {
    let mut entries: BTreeMap<[u8; 16], Vec<Entry>> = BTreeMap::new();
    let mut reader = snapshots::log::LogReader::seek(&dir.join("log"), 1).unwrap();
    while let Some(frame) = reader.next(last).unwrap() {
        for record in frame.records().filter(|record| record.payout != [0; 16]) {
            entries.entry(record.payout).or_default().push(codec::entry(record.body).unwrap());
        }
    }
    let fold = |(id, entries)| Payout::from_entries(PayoutId(id), entries).unwrap();
    entries.into_iter().map(fold).collect()
}

/// Runs the store without the engine, and closes it.
fn meddle(dir: &Path, meddle: impl FnOnce(&Running)) {
    let running = Store::open(options(dir)).unwrap().start().unwrap();
    meddle(&running);
    running.close();
}

/// What is found after somebody meddled with a directory that was whole: places and sentences.
async fn found_after(damage: impl FnOnce(&Path)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    a_life(dir.path()).await;
    damage(dir.path());
    let told = look(dir.path()).told;
    told.into_iter().map(|one| format!("{}: {}", one.place, one.what)).collect()
}

#[track_caller]
fn one_says(found: &[String], words: &[&str]) {
    let says = |line: &String| words.iter().all(|word| line.contains(word));
    assert!(found.iter().any(says), "{words:?} in {found:#?}");
}

#[actix_rt::test]
async fn a_whole_directory_is_found_whole_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    a_life(dir.path()).await;
    let before = contents(dir.path());
    let report = look(dir.path());
    assert_eq!(report.told, []);
    assert_eq!((report.payouts, report.archived, report.snapshots), (16, 8, 2));
    assert!(report.events > 16 && report.index_rows == 8 * 4 && report.mirrored > 0, "{report:?}");
    assert!(report.snapshot_states >= 8, "{report:?}");
    assert_eq!(contents(dir.path()), before, "nothing was changed");
}

#[actix_rt::test]
async fn a_directory_in_use_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let refused = verify(&options(dir.path()), &VerifyOptions::default()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    rig.stop().await;
}

#[actix_rt::test]
async fn an_archived_payout_that_is_not_the_logs_is_found() {
    let found = found_after(|dir| {
        let all = payouts(dir);
        let finished = all.iter().find(|one| one.status() == Status::Processed).unwrap();
        let mut entries = finished.entries().to_vec();
        entries.last_mut().unwrap().at = Timestamp(i64::MAX);
        let changed = Payout::from_entries(finished.id(), entries).unwrap();
        let stranger =
            Payout::from_entries(PayoutId([9; 16]), finished.entries().to_vec()).unwrap();
        let archived = [changed, stranger].map(|one| codec::archived(&one, None).unwrap());
        meddle(dir, |running| running.archive.put(archived.to_vec()).unwrap());
    });
    one_says(&found.await, &["archive, payout", "is not the payout that the log tells"]);
}

#[actix_rt::test]
async fn a_stranger_in_the_archive_is_found_and_so_are_its_wrong_properties() {
    let found = found_after(|dir| {
        let all = payouts(dir);
        let finished = all.iter().find(|one| one.status() == Status::Processed).unwrap();
        let entries = finished.entries().to_vec();
        let stranger = Payout::from_entries(PayoutId([9; 16]), entries).unwrap();
        let stranger = codec::archived(&stranger, None).unwrap();
        let mut known = codec::archived(finished, None).unwrap();
        known.created_at += 1;
        meddle(dir, |running| running.archive.put(vec![stranger, known]).unwrap());
    });
    let found = found.await;
    one_says(&found, &["archive, payout", "the log knows no such payout"]);
    one_says(&found, &["archive, payout", "index properties are not the payout's"]);
    // The reference is the stranger's now.
    one_says(&found, &["archive, references", "something else"]);
}

#[actix_rt::test]
async fn an_archive_that_claims_more_than_it_has_is_found() {
    let found = found_after(|dir| {
        std::fs::remove_dir_all(dir.join("archive")).unwrap();
        meddle(dir, |running| {
            running.archive.set_covers(running.journal.durable_sequence(), 99).unwrap();
        });
    });
    let found = found.await;
    assert_eq!(found.len(), 4 + 8, "four for the first snapshot, eight for the other: {found:#?}");
    one_says(&found, &["archive: the payout is missing; the log has it at version"]);
}

#[actix_rt::test]
async fn a_snapshot_that_leaves_a_payout_out_or_changes_one_is_found() {
    let found = found_after(|dir| {
        let all = payouts(dir);
        let waiting = all.iter().find(|one| one.status() == Status::Ready).unwrap();
        let mut entries = waiting.entries().to_vec();
        entries.truncate(1);
        entries[0].at = Timestamp(3);
        let changed = Payout::from_entries(waiting.id(), entries).unwrap();
        meddle(dir, |running| {
            let base = running.journal.durable_sequence();
            let mut writer = running.snapshots.begin(base).unwrap();
            let body = desk::state_body(&Default::default()).unwrap();
            writer.push(desk::DESK, &body).unwrap();
            writer.push(waiting.id().0, &codec::body(&changed).unwrap()).unwrap();
            writer.finish().unwrap();
        });
    });
    let found = found.await;
    one_says(&found, &["sled, snapshot 3, payout", "is not the payout that the log tells"]);
    one_says(&found, &["sled, snapshot 3: the payout is missing; the log has it at version"]);
    one_says(&found, &["sled, snapshot 3: the payout is there at version 1 only"]);
}

#[actix_rt::test]
async fn a_snapshot_with_another_desk_is_found() {
    let found = found_after(|dir| {
        meddle(dir, |running| {
            let base = running.journal.durable_sequence();
            // Nothing is decided yet; what was decided first was another mode; it is not decided yet.
            for version in [0, 1, 99] {
                let state = desk::DeskState { version, ..desk::DeskState::default() };
                let mut writer = running.snapshots.begin(base).unwrap();
                writer.push(desk::DESK, &desk::state_body(&state).unwrap()).unwrap();
                writer.finish().unwrap();
            }
        });
    });
    let found = found.await;
    let desks: Vec<_> = found.iter().filter(|line| line.contains("the desk")).collect();
    let expected = [5, 4].map(|id| {
        format!("sled, snapshot {id}, the desk: it is not what the log says was decided")
    });
    assert_eq!(desks, expected.iter().collect::<Vec<_>>(), "{found:#?}");
}

#[actix_rt::test]
async fn events_that_are_not_the_logs_are_found() {
    let found = found_after(|dir| {
        std::fs::remove_dir_all(dir.join("events")).unwrap();
        let (mut happened, mut last) = (Vec::new(), 0);
        let store = Store::open(options(dir)).unwrap();
        let mut reader = snapshots::log::LogReader::seek(&dir.join("log"), 1).unwrap();
        while let Some(frame) = reader.next(store.last_sequence()).unwrap() {
            for record in frame.records().filter(|record| record.payout != [0; 16]) {
                let entry = codec::entry(record.body).unwrap();
                crate::event_feed::of_entry(record, &entry, super::MERCHANT.0, 0, &mut happened);
                last = record.sequence;
            }
        }
        // One in the middle is another, the last is missing, and there is one of somebody unknown.
        happened[5].kind = happened[5].kind.wrapping_add(1);
        happened.pop();
        let unknown = Happened { stream: 77, ..happened[0].clone() };
        store.events().append([happened, vec![unknown]].concat(), last).unwrap();
    });
    let found = found.await;
    one_says(&found, &["events, merchant 0000000000000007, event 6: the event is not the one"]);
    one_says(&found, &["events, merchant 0000000000000007", "the event is missing"]);
    one_says(&found, &["events, merchant 000000000000004d, event 1", "the log makes only 0"]);
    one_says(&found, &["events, audit list, row 1: the event is missing"]);
}

/// What a record that breaks a rule is answered: the first sentence that is found.
async fn told_of(break_a_rule: impl Fn(&Payout) -> Vec<Entry>) -> String {
    let found = found_after(|dir| {
        let all = payouts(dir);
        let waiting = all.iter().find(|one| one.status() == Status::Ready).unwrap();
        let records = codec::records(waiting.id(), &break_a_rule(waiting)).unwrap();
        append(dir, records);
    });
    let found = found.await;
    assert!(found[0].contains(".seg, byte "), "{found:?}");
    found[0].clone()
}

fn append(dir: &Path, records: Vec<Record>) {
    meddle(dir, |running| assert!(running.journal.append_blocking(records).is_ok()));
}

fn next(payout: &Payout, moved: Option<Move>, fact: Fact) -> Entry {
    let (version, at) = (payout.version() + 1, payout.updated_at());
    Entry { version, at, by: By::Engine, moved, fact }
}

#[actix_rt::test]
async fn a_history_that_breaks_a_rule_is_found_with_its_place_in_the_log() {
    let edge = told_of(|payout| {
        let step = Move { on: Trigger::ProviderPaid, to: Status::Processed };
        vec![next(payout, Some(step), Fact::Moved)]
    });
    assert!(edge.await.contains("does not lead from READY to PROCESSED (I-9)"));
    let gap = told_of(|payout| {
        vec![Entry { version: payout.version() + 2, ..next(payout, None, Fact::Released) }]
    });
    assert!(gap.await.contains("follows version"));
    let time =
        told_of(|payout| vec![Entry { at: Timestamp(1), ..next(payout, None, Fact::Released) }]);
    assert!(time.await.contains("is older than the one before it"));
    let unsent = told_of(|payout| vec![next(payout, None, Fact::UndoSent)]);
    assert!(unsent.await.contains("before any intent (I-4)"));
    let hold = Hold { cause: HoldCause::Paused, reason: Resolution::Ok };
    let twice = told_of(|payout| {
        let held = next(payout, None, Fact::Held(hold));
        vec![held.clone(), held]
    });
    assert!(twice.await.contains("follows version"));
}

#[actix_rt::test]
async fn a_flipped_bit_in_the_middle_of_the_log_is_found_at_its_frame() {
    let found = found_after(|dir| {
        let first = dir.join("log/00000000000000000001.seg");
        let mut bytes = std::fs::read(&first).unwrap();
        bytes[300] ^= 4;
        std::fs::write(&first, bytes).unwrap();
    });
    one_says(&found.await, &["00000000000000000001.seg, byte 64: "]);
}

#[actix_rt::test]
async fn a_gateway_that_runs_is_read_again_and_found_whole_and_damage_beside_it_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    a_life(dir.path()).await;
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let report = gateway.verify().await.unwrap();
    assert_eq!((report.told, report.payouts, report.live), (vec![], 16, 8));
    let figures = gateway.scrubbed().unwrap();
    let seen =
        |figure: &std::sync::atomic::AtomicU64| figure.load(std::sync::atomic::Ordering::Relaxed);
    assert!(seen(&figures.last_success) > 0 && seen(&figures.bytes) > 0);
    let all = payouts_of(dir.path(), report.last_sequence);
    let finished = all.iter().find(|one| one.status() == Status::Processed).unwrap();
    let mut entries = finished.entries().to_vec();
    entries.last_mut().unwrap().at = Timestamp(i64::MAX);
    let changed = Payout::from_entries(finished.id(), entries).unwrap();
    let store = gateway.store().unwrap();
    store.archive.put(vec![codec::archived(&changed, None).unwrap()]).unwrap();
    let report = gateway.verify().await.unwrap();
    assert_eq!((report.divergences, seen(&figures.divergences)), (1, 1), "{:?}", report.told);
    assert_eq!(report.told[0].payout, Some(finished.id()));
    rig.stop().await;
}

#[actix_rt::test]
async fn a_payout_is_told_from_the_files_beside_a_gateway_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let made = rig.create("k", |_| {}).await.payout;
    let paid = rig.until(made.id(), |view| view.payout.status() == Status::Processed).await.payout;
    let log = dir.path().join("log");
    let told = crate::inspect::inspect(&log, made.id(), None).unwrap().unwrap();
    assert_eq!(told.payout, paid);
    assert_eq!(Some(told.state_hash), crate::inspect::state_hash(&paid));
    for written in &told.records {
        let bytes = std::fs::read(&written.file).unwrap();
        let header = &bytes[written.offset as usize..][..40];
        assert_eq!((&header[..2], &header[12..28]), (b"BR".as_slice(), made.id().0.as_slice()));
    }
    let then = crate::inspect::inspect(&log, made.id(), Some(made.updated_at())).unwrap().unwrap();
    assert!(then.payout.version() >= made.version() && then.payout.version() <= paid.version());
    let before = crate::inspect::inspect(&log, made.id(), Some(Timestamp(1))).unwrap();
    assert!(before.is_none());
    rig.stop().await;
}
