//! `bursar verify`, `replay`, `inspect` and the ledger of intents, as a shell sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod rig;

use rig::Place;
use serde_json::json;
use std::fs;

/// With small segments, and a ledger and an archive of the log beside the data directory.
fn place() -> Place {
    Place::with(|place| {
        let (ledger, archive) =
            (place.text("intents"), format!("file://{}", place.text("archive")));
        fs::create_dir_all(place.path("archive")).unwrap();
        format!(
            "[store]\nsegment_bytes = 4_194_304\nintent_ledger = {ledger:?}\n\
             [log_archive]\nurl = {archive:?}\n"
        )
    })
}

#[test]
fn what_is_stored_is_held_against_the_log_and_a_changed_byte_is_told() {
    let place = place();
    let (gateway, url) = place.serve("data");
    let ids = [1, 2, 3].map(|number| place.send(&url, number));
    ids.iter().for_each(|id| place.until_paid(&url, id));
    let (code, answer) = place.run(&["verify"]);
    assert_eq!(code, Some(1), "a gateway serves from it: {answer}");
    let seen = place.good(&["inspect", &ids[0]]);
    assert!(seen.to_string().contains("PROCESSED") && !seen.to_string().contains("Anna"), "{seen}");
    place.good(&["snapshot", "create", "--reason", "for the record", "--url", &url]);
    assert_eq!(gateway.stop("TERM"), Some(0));

    place.good(&["verify"]);
    place.good(&["replay", "--all"]);
    place.good(&["replay", &ids[1]]);
    // The second is where the journal keeps what operators have done.
    for nobody in ["po_00000000000000000000000001", "po_00000000000000000000000000"] {
        for command in ["inspect", "replay"] {
            let (code, answer) = place.run(&[command, nobody]);
            assert_eq!(code, Some(1), "{command}: {answer}");
            assert!(answer.to_string().contains("knows no payout"), "{command}: {answer}");
        }
    }
    let (code, answer) = place.told(&["inspect", "nonsense"]);
    assert_eq!(code, Some(2), "{answer}");

    let segment = fs::read_dir(place.path("data/log")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[400] ^= 1;
    fs::write(&segment, bytes).unwrap();
    for command in [&["verify"][..], &["replay", "--all"]] {
        let (code, answer) = place.told(command);
        assert_eq!(code, Some(3), "{command:?}: {answer}");
        let name = segment.file_name().unwrap().to_str().unwrap();
        assert!(answer.contains(name), "it names the file: {answer}");
    }
}

#[test]
fn a_ledger_knows_what_was_sent_after_the_last_copy() {
    let place = place();
    let (gateway, url) = place.serve("data");
    let first = place.send(&url, 1);
    place.until_paid(&url, &first);
    let file = place.text("copy.export");
    place.good(&["snapshot", "export", "now", "--to", &file, "--url", &url]);
    let lost = place.send(&url, 2);
    place.until_paid(&url, &lost);
    assert_eq!(gateway.stop("TERM"), Some(0));

    let (into, ledger) = (place.text("restored"), place.text("intents"));
    let restored = place.good(&[
        "restore",
        "--snapshot",
        &file,
        "--ledger",
        &ledger,
        "--into",
        &into,
        "--yes",
    ]);
    assert_eq!((&restored["known"], &restored["orphans"]), (&json!(true), &json!(1)));
    assert_eq!(restored["carried"][0]["status"], "INVOKING", "it was sent, and is asked about");
    let (gateway, url) = place.serve("restored");
    let key = place.key("data", "merchant_key");
    let answer = rig::read(&url, &format!("/v1/payouts/{lost}"), &key);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"restored\""), "{answer}");
    assert_eq!(gateway.stop("TERM"), Some(0));

    let empty = place.text("empty");
    fs::create_dir(&empty).unwrap();
    let elsewhere = place.text("elsewhere");
    let (code, answer) = place.run(&[
        "restore",
        "--snapshot",
        &file,
        "--ledger",
        &empty,
        "--into",
        &elsewhere,
        "--yes",
    ]);
    assert_eq!(code, Some(3), "a ledger of another log says nothing: {answer}");
    assert!(!place.path("elsewhere").exists());

    // The machine is gone but for its archive, which had everything at the orderly stop.
    fs::remove_dir_all(place.path("data/log")).unwrap();
    let logs = fs::read_dir(place.path("archive")).unwrap();
    let logs: Vec<String> =
        logs.map(|log| log.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(logs.len(), 2, "the restored gateway has archived its own log there: {logs:?}");
    for log in logs {
        let source = format!("archive:{log}");
        let restored =
            place.good(&["restore", "--snapshot", &source, "--into", &elsewhere, "--yes"]);
        let kept = restored["kept"].as_array().unwrap();
        let count = kept.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>();
        assert_eq!((count, &restored["known"]), (2, &json!(false)), "{restored:#}");
        assert!(place.path("elsewhere/identity").exists(), "the secret of the ids came along");
        fs::remove_dir_all(&elsewhere).unwrap();
    }
}
