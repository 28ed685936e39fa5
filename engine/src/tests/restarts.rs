//! What comes back: the same payouts from the log, from a snapshot, and from a snapshot with a log
//! behind it, by however many partitions.

use super::scripted::{Manner, Scripted};
use super::{MERCHANT, Rig, signed};
use crate::clock::Clock;
use crate::clock::TurnedClock;
use crate::gateway::MerchantDoor;
use crate::listing::ListQuery;
use crate::payout_actor::{Answer, Precaution, Turn};
use crate::payout_supervisor::{Adopt, Deliver, WakeAll};
use crate::recovery::Kept;
use crate::{Engine, EngineOptions};
use domain::command::Command;
use domain::decide::create;
use domain::entry::Deed;
use domain::id::{IdKey, PayoutId};
use domain::payout::Payout;
use domain::status::Status;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tempfile::TempDir;

/// Copies the directory as it is, as a kill would leave it.
pub fn copy_of(from: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(from, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else if let Err(error) = std::fs::copy(entry.path(), target) {
            // A database may drop a file between the listing and the copy.
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
}

/// Payouts that wait, that were sent and are in doubt, that a person holds, and that are over.
async fn lived(rig: &Rig, keys: std::ops::Range<u32>) -> Vec<PayoutId> {
    let mut ids = Vec::new();
    for number in keys {
        let view = rig
            .create(&format!("k{number}"), |request| {
                request.autoprocess = number % 4 == 1;
                request.reference = Some(format!("invoice {number}").into());
            })
            .await;
        let id = view.payout.id();
        match number % 4 {
            1 => drop(rig.until(id, |view| view.payout.moderation_required()).await),
            2 => drop(rig.door().command(id, Command::Terminate, None).await.unwrap()),
            3 => {
                let gateway = rig.engine.gateway();
                gateway.operate(id, Deed::Pause, signed("ann")).await.unwrap();
            }
            _ => {}
        }
        ids.push(id);
    }
    ids
}

async fn payouts(door: &MerchantDoor, ids: &[PayoutId]) -> Vec<Payout> {
    let mut found = Vec::new();
    for id in ids {
        found.push(door.get(*id).await.unwrap().payout);
    }
    found
}

/// Starts on a copy of `dir`, and compares what is there with what was.
async fn comes_back(
    dir: &Path,
    partitions: usize,
    ids: &[PayoutId],
    expected: &[Payout],
    live: u64,
) {
    let dir = copy_of(dir);
    let mut options = EngineOptions::new(dir.path(), IdKey([3; 32]));
    (options.partitions, options.store.segment_bytes) = (partitions, 1 << 20);
    let engine = Engine::prepare(options, Arc::new(TurnedClock::default()));
    let recovered = engine.recover(vec![Scripted::new(Manner::Deaf)]).await.unwrap();
    assert_eq!(recovered.live, live, "by {partitions}");
    let door = engine.gateway().for_merchant(MERCHANT);
    for (now, was) in payouts(&door, ids).await.iter().zip(expected) {
        // Whoever is in doubt has been asked about since.
        assert_eq!(now.as_of(was.version()), *was, "by {partitions}");
    }
    let listed = ListQuery { limit: 100, ..ListQuery::default() };
    assert_eq!(door.list(&listed).await.unwrap().views.len(), ids.len());
    for (number, id) in ids.iter().enumerate() {
        let reference = Some(format!("invoice {number}"));
        let found = door.list(&ListQuery { reference, ..listed.clone() }).await.unwrap().views;
        assert_eq!(found.iter().map(|view| view.payout.id()).collect::<Vec<_>>(), [*id]);
    }
    let held = engine.gateway().parts().unwrap().book.held_count();
    assert_eq!(held, expected.iter().filter(|payout| payout.moderation_required()).count());
    engine.stop().await;
}

#[actix_rt::test]
async fn every_payout_comes_back_whatever_it_is_read_from_and_by_however_many() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Deaf)).await;
    let mut ids = lived(&rig, 0..24).await;
    rig.engine.snapshot().await.unwrap();
    // Some of the snapshot's payouts go on behind it, and others begin.
    for id in ids.iter().step_by(8) {
        rig.door().command(*id, Command::Terminate, None).await.unwrap();
    }
    ids.extend(lived(&rig, 24..40).await);
    let expected = payouts(&rig.door(), &ids).await;
    let over = |payout: &&Payout| payout.status().is_final();
    let live = (ids.len() - expected.iter().filter(over).count()) as u64;
    let counters = rig.engine.gateway();
    while counters.counters().live.load(Ordering::Relaxed) > live {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let killed = copy_of(dir.path());
    let log_alone = copy_of(dir.path());
    std::fs::remove_dir_all(log_alone.path().join("sled")).unwrap();
    std::fs::remove_dir_all(log_alone.path().join("archive")).unwrap();
    rig.stop().await;
    for partitions in 1..=3 {
        for found in [killed.path(), log_alone.path(), dir.path()] {
            comes_back(found, partitions, &ids, &expected, live).await;
        }
    }
}

#[actix_rt::test]
async fn who_is_asked_for_before_he_is_called_is_called_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let owner = gateway.parts().unwrap().owner(PayoutId([9; 16])).supervisor.clone();
    // A start finds a payout that wants its permit.
    let (id, asked) = (PayoutId([9; 16]), super::request(&rig.clock));
    let made = create(id, asked.clone(), None, rig.clock.now());
    let awake = vec![Payout::from_entries(id, made.entries).unwrap()];
    owner.send(Adopt(Kept { awake, ..Kept::default() })).await.unwrap();
    // Its merchant repeats the request before anybody else comes to it: it falls asleep again.
    let turn = Turn::Create(Box::new(asked), None, Precaution::None);
    let answer = owner.send(Deliver { id, turn }).await.unwrap();
    assert!(matches!(answer, Ok(Answer::Replayed(_))));
    owner.send(WakeAll).await.unwrap();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.stop().await;
}
