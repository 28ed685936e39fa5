//! Snapshots through the whole engine: while payouts live, and of a directory that nobody serves from.

use super::scripted::{Manner, Scripted};
use super::{Rig, signed};
use crate::desk::DeskOrder;
use crate::offline::{self, OfflineError};
use crate::snapshot_seen::Why;
use crate::snapshotting::SnapshotError;
use domain::id::PayoutId;
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::StoreOptions;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn options(dir: &Path) -> StoreOptions {
    StoreOptions { data_dir: dir.to_owned(), segment_bytes: 1 << 20, ..StoreOptions::default() }
}

/// The directory as a kill would leave it.
fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            // A database may drop a file between the listing and the copy.
            let _ = std::fs::copy(entry.path(), target);
        }
    }
}

async fn waiting(rig: &Rig, key: &str) -> PayoutId {
    rig.create(key, |request| request.autoprocess = false).await.payout.id()
}

#[actix_rt::test]
async fn a_snapshot_at_rest_has_what_lives_and_what_finished_since_the_last() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let before = waiting(&rig, "before").await;
    rig.engine.snapshot().await.unwrap();
    let after = waiting(&rig, "after").await;
    let paid = rig.create("paid", |_| {}).await.payout.id();
    rig.until(paid, |view| view.payout.status() == Status::Processed).await;
    let killed = copy.path().join("killed");
    copy_into(dir.path(), &killed);
    rig.stop().await;

    let at = Timestamp(1_790_000_000_000_000);
    let seen = offline::take_snapshot(options(&killed), signed("ann"), at).unwrap();
    assert_eq!((seen.id, seen.payouts, seen.taken_at), (2, 3, Some(at)));
    assert!(matches!(&seen.why, Some(Why::Ordered { by, .. }) if &**by == "ann"));
    let stood: Vec<_> = seen.tally.rows().map(|row| (row.status, row.count)).collect();
    assert_eq!(stood, [(Status::Ready, 2), (Status::Processed, 1)]);

    let provider = Scripted::new(Manner::Pays);
    let rig = Rig::start(&killed, provider.clone()).await;
    for id in [before, after] {
        assert_eq!(rig.door().get(id).await.unwrap().payout.status(), Status::Ready);
    }
    assert_eq!(rig.door().get(paid).await.unwrap().payout.status(), Status::Processed);
    assert_eq!(provider.submissions(), 0, "nothing is sent again");
    for _ in 0..2_000 {
        if rig.engine.gateway().counters().live.load(Ordering::Relaxed) == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.stop().await;
    // What had finished is in the archive by now, and no snapshot needs to carry it.
    let store = offline::open(options(&killed)).unwrap();
    let newest = crate::SnapshotSeen::all(&store.snapshots).unwrap().remove(0);
    assert_eq!((newest.why, newest.payouts), (Some(Why::Stop), 2));
    assert!(store.archive.get(paid.0).unwrap().is_some());
}

#[actix_rt::test]
async fn orders_at_rest_are_numbered_behind_those_of_the_gateway() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    waiting(&rig, "k1").await;
    rig.engine.gateway().take_snapshot(signed("ann")).await.unwrap();
    rig.stop().await;
    for expected in 2..=3 {
        let order = DeskOrder::VerifySnapshot { id: 1 };
        let store = offline::order(options(dir.path()), order, signed("bob"), Timestamp(5));
        let store = store.unwrap();
        let record = store.find(crate::desk::DESK).unwrap().unwrap().records.pop().unwrap().1;
        assert_eq!(record.version, expected);
        store.close();
    }
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    rig.engine.gateway().take_snapshot(signed("eve")).await.unwrap();
    let mut rows = Vec::new();
    for _ in 0..2_000 {
        rows = rig.engine.gateway().audit(0, 10).unwrap();
        if rows.len() == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let by: Vec<_> = rows.iter().map(|row| (&*row.by, row.action)).collect();
    let (take, verify) = ("take_snapshot", "verify_snapshot");
    assert_eq!(by, [("ann", take), ("bob", verify), ("bob", verify), ("eve", take)]);
    rig.stop().await;
}

#[actix_rt::test]
async fn where_the_archive_is_missing_only_a_start_takes_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    waiting(&rig, "k1").await;
    rig.stop().await;
    std::fs::remove_dir_all(dir.path().join("archive")).unwrap();
    let refused = offline::take_snapshot(options(dir.path()), signed("ann"), Timestamp(5));
    assert!(matches!(refused, Err(OfflineError::ArchiveFirst)), "{refused:?}");
}

#[actix_rt::test]
async fn a_gateway_that_has_stopped_takes_none() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    rig.stop().await;
    let refused = gateway.take_snapshot(signed("ann")).await;
    assert!(matches!(refused, Err(SnapshotError::NotRunning)), "{refused:?}");
    assert!(matches!(gateway.snapshots().await, Err(SnapshotError::NotRunning)));
}
