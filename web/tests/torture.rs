//! `bursar torture` as a shell sees it: what breaks, what is missing, and what is no world at all.

mod process;

use process::{bursar, stderr, stdout};
use serde_json::Value;
use std::fs;

/// One payout, whose provider nobody asks for two years.
const NOBODY_ASKS: &str = r#"# for this test
{"seed":7,"knobs":{"days":30,"accounts":[{"poll_first":63072000,"poll_cap":63072000,"give_up":63072000,"can_revoke":false,"can_cancel":false,"not_found_final_after":null,"visibility_lag":0,"resend_is_safe":true,"late_return":false,"believed":false,"calls":[0,1],"lies":{}}],"answer_lost":0,"tears":false,"slow_disk":0,"webhook_refused":0,"events_lost":0,"ledger":false}}
{"at":1000000,"what":{"Create":{"merchant":0,"key":1,"body":0}}}
{"at":2000000,"what":{"Command":{"merchant":0,"key":1,"order":"Process","token":1}}}
"#;

#[test]
fn a_broken_promise_is_told_with_its_seed_its_commit_and_its_script() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("7.txt");
    fs::write(&file, NOBODY_ASKS).unwrap();
    let script = file.to_str().unwrap();

    let told = bursar(&["torture", "--script", script]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("seed 7 of commit ") && stderr(&told).contains(": I-41 on day"));
    assert!(stdout(&told).contains(r#""what":{"Create""#), "the script is printed");
    assert!(stdout(&told).starts_with("1 world, on 1 thread"), "{}", stdout(&told));

    let told = bursar(&["torture", "--script", script, "--json"]);
    assert_eq!(told.status.code(), Some(1));
    let json: Value = serde_json::from_str(&stdout(&told)).unwrap();
    assert_eq!((&json["violations"], &json["violation"]["seed"]), (&1.into(), &7.into()));
    assert_eq!(json["violation"]["invariant"], "I-41");
    // What is printed fails again.
    fs::write(&file, json["violation"]["script"].as_str().unwrap()).unwrap();
    assert_eq!(bursar(&["torture", "--script", script]).status.code(), Some(1));
}

#[test]
fn what_never_came_is_named_and_fails_only_who_wants_everything() {
    let told = bursar(&["torture", "--seeds", "0..2"]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    assert!(
        stdout(&told).contains("never died at: ") && stdout(&told).contains("2 worlds, each twice")
    );
    let told = bursar(&["torture", "--seeds", "0..2", "--complete"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("never came"), "{}", stderr(&told));
}

#[test]
fn no_world_is_no_success() {
    for (args, word) in [
        (["--seed=-1", "--json"], "whole number"),
        (["--seed=18446744073709551615", "--json"], "whole number"),
        (["--minutes=0", "--json"], "minutes"),
        (["--minutes=18446744073709551615", "--json"], "minutes"),
        (["--seeds=5..5", "--json"], "0..10000"),
        (["--script=nowhere.txt", "--json"], "nowhere.txt"),
    ] {
        let ended = bursar(&["torture", args[0], args[1]]);
        assert_eq!(ended.status.code(), Some(2), "{args:?}: {}", stdout(&ended));
        assert!(stderr(&ended).contains(word), "{args:?}: {}", stderr(&ended));
    }
}
