//! `bursar verify --online` as a shell sees it: a gateway that serves reads everything again, and says
//! where a byte has changed under it. Apart from `proof`, whose directories are at rest.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod rig;

use rig::Place;
use serde_json::{Value, json};
use snapshots::{Archived, Store, StoreOptions};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// With small segments, so that the store opens here as it does there.
fn place() -> Place {
    Place::with(|_| "[store]\nsegment_bytes = 4_194_304\n".to_owned())
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn first_segment(place: &Place) -> PathBuf {
    let found = fs::read_dir(place.path("data/log")).unwrap();
    let mut paths = found.map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|kind| kind == "seg")).unwrap()
}

#[test]
fn a_gateway_that_serves_is_verified_beside_what_it_does() {
    let place = place();
    let (code, answer) = place.run(&["verify", "--online"]);
    assert_eq!(code, Some(1), "there is no gateway: {answer}");
    let (gateway, url) = place.serve("data");
    let paid = place.send(&url, 1);
    place.until_paid(&url, &paid);
    place.create(&url, 2..4);
    place.good(&["snapshot", "create", "--url", &url]);
    let seen = place.good(&["verify", "--online", "--url", &url, "--reason", "by hand"]);
    assert_eq!((&seen["sound"], &seen["divergences"]), (&json!(true), &json!(0)), "{seen:#}");
    let checked = &seen["checked"];
    assert_eq!((&checked["payouts"], &checked["snapshot_states"]), (&json!(3), &json!(2)));
    assert!(checked["live"].as_u64() >= Some(2) && checked["events"].as_u64() > Some(2), "{seen}");
    let (code, told) = place.told(&["verify", "--online", "--url", &url]);
    assert_eq!(code, Some(0), "{told}");
    for line in ["payouts    3 folded from ", "everything is there"] {
        assert!(told.lines().any(|one| one.starts_with(line)), "{told}");
    }
    let audit = place.audit("data", &url, "by hand");
    assert!(audit.contains("\"verify\"") && audit.contains("dev-operator"), "{audit}");

    let (code, answer) = place.run(&["verify", "--online", "--url", &url, "--key", "ok_wrong"]);
    assert_eq!(code, Some(2), "{answer}");
    let merchant = place.key("data", "merchant_key");
    let (code, answer) = place.run(&["verify", "--online", "--url", &url, "--key", &merchant]);
    assert_eq!(code, Some(2), "{answer}");
    for wrong in [&["--scratch", "/tmp"][..], &["--reason", ""]] {
        let args = [&["verify", "--online", "--url", &url], wrong].concat();
        assert_eq!(place.told(&args).0, Some(2), "{wrong:?}");
    }
    let (code, told) = place.told(&["verify", "--url", &url]);
    assert_eq!(code, Some(2), "an address is for --online: {told}");
    assert_eq!(gateway.stop("TERM"), Some(0));

    // The same words as of a directory at rest, and the same form.
    let rest = place.good(&["verify"]);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&rest), names(&seen));
    assert_eq!(names(&rest["checked"]), names(&seen["checked"]));
}

/// Changes a byte of a snapshot's chunk in sled itself.
fn hurt_snapshot(data: &Path, id: u64) {
    let db = sled::open(data.join("sled")).unwrap();
    let chunks = db.open_tree("snapshots").unwrap();
    let (key, piece) = chunks.scan_prefix(id.to_be_bytes()).next().unwrap().unwrap();
    let mut piece = piece.to_vec();
    piece[20] ^= 1;
    chunks.insert(key, piece).unwrap();
    db.flush().unwrap();
}

/// Changes a byte of the only finished payout, under the archive's own checksums.
fn hurt_archive(data: &Path) {
    let options = StoreOptions {
        data_dir: data.to_owned(),
        segment_bytes: 4 << 20,
        ..StoreOptions::default()
    };
    let store = Store::open(options).unwrap().start().unwrap();
    let mut found: Vec<Archived> = Vec::new();
    let visited = store.archive.visit(&mut |archived| {
        found.push(archived);
        ControlFlow::Continue(())
    });
    visited.unwrap();
    let middle = found[0].body.len() / 2;
    found[0].body[middle] ^= 1;
    store.archive.put(found).unwrap();
    store.close();
}

#[test]
fn a_byte_that_changes_under_a_gateway_is_found_wherever_it_is() {
    let place = place();
    let (gateway, url) = place.serve("data");
    let paid = place.send(&url, 1);
    place.until_paid(&url, &paid);
    place.create(&url, 2..4);
    place.good(&["snapshot", "create", "--url", &url]);
    assert_eq!(gateway.stop("TERM"), Some(0));
    // The one that no start looks at, because there is a newer one.
    hurt_snapshot(&place.path("data"), 1);
    hurt_archive(&place.path("data"));

    let (gateway, url) = place.serve("data");
    flip(&place.path("data/identity"), 20);
    let (code, seen) = place.run(&["verify", "--online", "--url", &url]);
    assert_eq!((code, &seen["sound"]), (Some(3), &json!(false)), "{seen:#}");
    let told = seen["told"].as_array().unwrap();
    let names = |word: &str| {
        told.iter().any(|one| one["place"].as_str().is_some_and(|place| place.contains(word)))
    };
    for word in ["sled, snapshot 1", &format!("archive, payout {paid}"), "data/identity"] {
        assert!(names(word), "{word}: {seen:#}");
    }
    let segment = first_segment(&place);
    flip(&segment, 400);
    let (code, told) = place.told(&["verify", "--online", "--url", &url]);
    let name = segment.file_name().unwrap().to_str().unwrap();
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains(&format!("{name}, byte ")), "it names file and byte: {told}");
    // It serves on, and says so.
    place.create(&url, 4..5);
    let figures = process::get(&url, "/metrics");
    let counted = figures.lines().find(|line| line.starts_with("bursar_scrub_divergences_total "));
    assert!(counted.is_some_and(|line| !line.ends_with(" 0")), "{counted:?}");
    gateway.stop("KILL");
}
