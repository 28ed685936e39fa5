//! What is nobody else's business: keys for trying things out, files with recipients and secrets in them, and a
//! key that is shown once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod rig;

use process::{Running, bursar, command, exchange, stderr, stdout};
use rig::Place;
use serde_json::Value;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

const KEYS: [&str; 4] = ["merchant_key", "merchant_key_2", "operator_key", "operator_key_2"];

/// Whether a key opens the door that is meant for it.
fn is_let_in(url: &str, key: &str) -> bool {
    let path = if key.starts_with("ok_") { "/v1/ops/moderation" } else { "/v1/payouts" };
    let answer =
        exchange(url, &format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {key}"), "", "");
    assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 401"), "{answer}");
    answer.starts_with("HTTP/1.1 200")
}

/// The keys that a gateway of this place is tried out with.
fn trial_keys(place: &Place) -> Vec<String> {
    let (gateway, url) = place.serve("data");
    let keys: Value =
        serde_json::from_slice(&fs::read(place.path("data/dev-keys.json")).unwrap()).unwrap();
    let keys: Vec<String> = KEYS.map(|name| keys[name].as_str().unwrap().to_owned()).into();
    assert!(keys.iter().all(|key| is_let_in(&url, key)));
    assert_eq!(gateway.stop("TERM"), Some(0));
    keys
}

#[test]
fn keys_for_trying_things_out_end_where_others_call_or_merchants_are_configured() {
    for (bind, settings) in
        [("0.0.0.0:0", ""), ("127.0.0.1:0", "[merchants.acme]\nlivemode = true\n")]
    {
        let place = Place::new();
        let keys = trial_keys(&place);
        fs::write(place.path("bursar.toml"), settings).unwrap();
        let (data, file, log) =
            (place.text("data"), place.text("bursar.toml"), place.path("stderr"));
        let args = ["--bind", bind, "--data-dir", &data, "--config", &file];
        let mut gateway = Running::heard_in(&log, &args);
        let url = gateway.line("listening on http://");
        gateway.line("make one with: bursar keys create");
        for key in &keys {
            assert!(!is_let_in(&url, key), "{bind}");
        }
        assert_eq!(gateway.stop("TERM"), Some(0));
        assert!(!place.path("data/dev-keys.json").exists());
        let said = fs::read_to_string(&log).unwrap();
        assert_eq!(said.matches("keys for trying things out are ended").count(), 1, "{said}");
        assert_eq!(said.contains("no payout moves any money"), settings.contains("true"), "{said}");
        assert!(keys.iter().all(|key| !said.contains(key)), "{said}");

        // Back on loopback alone, others are made: the old ones stay ended.
        let others = trial_keys(&place);
        assert!(keys.iter().all(|key| !others.contains(key)));
    }
}

#[test]
fn keys_for_trying_things_out_end_where_somebody_has_a_live_key() {
    let place = Place::new();
    let keys = trial_keys(&place);
    let data = place.text("data");
    let create = ["keys", "create", "--merchant", "acme", "--live", "--data-dir", &data];
    let live = stdout(&bursar(&create));
    let mut gateway = Running::start(&["--bind", "127.0.0.1:0", "--data-dir", &data]);
    let url = gateway.line("listening on http://");
    gateway.line("make one with: bursar keys create");
    assert!(is_let_in(&url, live.trim()));
    assert!(keys.iter().all(|key| !is_let_in(&url, key)));
    assert_eq!(gateway.stop("TERM"), Some(0));
}

#[test]
fn whoever_removes_the_file_of_the_trial_keys_ends_them() {
    let place = Place::new();
    let keys = trial_keys(&place);
    fs::remove_file(place.path("data/dev-keys.json")).unwrap();
    let (gateway, url) = place.serve("data");
    assert!(keys.iter().all(|key| !is_let_in(&url, key)));
    assert_eq!(gateway.stop("TERM"), Some(0));
}

/// Everything below a directory, and it.
fn all_in(path: PathBuf) -> Vec<PathBuf> {
    let mut found = vec![path];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        let inside = fs::read_dir(path).into_iter().flatten();
        found.extend(inside.map(|entry| entry.unwrap().path()));
        next += 1;
    }
    found
}

fn is_open_to_others(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o077 != 0
}

#[test]
fn what_holds_recipients_is_its_owners_alone() {
    let place = Place::with(|place| {
        let (ledger, archive) = (place.text("intents"), place.text("archive"));
        format!("[store]\nintent_ledger = {ledger:?}\n[log_archive]\nurl = \"file://{archive}\"\n")
    });
    for name in ["data", "archive"] {
        fs::create_dir(place.path(name)).unwrap();
        fs::set_permissions(place.path(name), Permissions::from_mode(0o755)).unwrap();
    }
    let (gateway, url) = place.serve("data");
    let id = place.send(&url, 1);
    place.until_paid(&url, &id);
    assert_eq!(gateway.stop("TERM"), Some(0));
    let export = place.text("copy.export");
    place.good(&["snapshot", "export", "now", "--to", &export]);

    let places = ["data", "intents", "copy.export"].map(|name| all_in(place.path(name)));
    let archived = all_in(place.path("archive")).split_off(1);
    for path in places.iter().flatten().chain(&archived) {
        assert!(!is_open_to_others(path), "{}", path.display());
    }
    let names: Vec<_> = archived.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert!(names.contains(&"manifest.json"), "{names:?}");
    let manifest = archived.iter().find(|path| path.ends_with("manifest.json")).unwrap();
    let manifest = fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("\"keys.json\"") && !manifest.contains("dev-keys"), "{manifest}");
    assert!(names.iter().all(|name| !name.contains("dev-keys")), "{names:?}");
}

#[test]
fn a_key_that_nobody_can_have_seen_opens_nothing() {
    let place = Place::new();
    let data = place.text("data");
    let create = ["keys", "create", "--merchant", "acme", "--data-dir", &data];
    let into =
        |out: Stdio, args: &[&str]| -> Output { command(args).stdout(out).output().unwrap() };
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for args in [&create[..], &[&create[..], &["--json"]].concat()] {
        let lost = into(full(), args);
        assert_eq!(lost.status.code(), Some(1));
        let said = stderr(&lost);
        assert!(said.contains("is ended again"), "{said}");
        let listed = bursar(&["keys", "list", "--data-dir", &data]);
        let id = said.split_whitespace().find(|word| word.starts_with("key_")).unwrap();
        let line = stdout(&listed).lines().find(|line| line.starts_with(id)).unwrap().to_owned();
        assert!(line.contains("ended"), "{line}");
    }
    let made = || stdout(&bursar(&["keys", "list", "--data-dir", &data])).lines().count();
    let before = made();
    let nowhere = into(Stdio::null(), &create);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(stderr(&nowhere).contains("no key was made"), "{}", stderr(&nowhere));
    assert_eq!(made(), before);
    let unread = into(full(), &["keys", "list", "--data-dir", &data]);
    assert_eq!(unread.status.code(), Some(1), "a list that nobody could read");
    assert!(stderr(&unread).contains("standard output: "), "{}", stderr(&unread));
}

#[test]
fn a_live_key_comes_with_the_word_that_no_money_moves() {
    let place = Place::new();
    let data = place.text("data");
    for (live, told) in [(&["--live"][..], true), (&[], false)] {
        let create = ["keys", "create", "--merchant", "acme", "--data-dir", &data];
        let made = bursar(&[&create[..], live].concat());
        assert_eq!(made.status.code(), Some(0));
        assert_eq!(stderr(&made).contains("it moves no money"), told, "{}", stderr(&made));
    }
}
