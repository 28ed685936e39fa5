//! `bursar snapshot` as a shell sees it: beside a running gateway, on a directory at rest, and the files
//! that it writes as another language reads them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod rig;

use process::{stderr, stdout};
use rig::Place;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn beside_a_running_gateway_it_is_asked_and_at_rest_the_store_is_opened() {
    let place = Place::new();
    let (code, answer) = place.run(&["snapshot", "list"]);
    assert_eq!(code, Some(1), "there is no data directory yet: {answer}");
    assert!(!place.path("data").exists(), "a look makes none");

    let (gateway, url) = place.serve("data");
    place.create(&url, 0..3);
    let taken = place.good(&["snapshot", "create", "--url", &url, "--reason", "by hand"]);
    assert_eq!((&taken["payouts"], &taken["why"]), (&json!(3), &json!("operator")));
    let (code, answer) = place.run(&["snapshot", "list", "--bind", "127.0.0.1:0"]);
    assert_eq!(code, Some(2), "the port is not in the configuration: {answer}");
    assert_eq!(place.good(&["snapshot", "list", "--url", &url])["data"][0], taken);
    assert_eq!(place.good(&["snapshot", "verify", "--url", &url])["good"], true);
    let (code, answer) = place.run(&["snapshot", "list", "--url", &url, "--key", "ok_wrong"]);
    assert_eq!((code, answer["error"]["exit_code"].as_u64()), (Some(2), Some(2)));
    assert!(!answer.to_string().contains("ok_wrong"), "a key is never shown");
    assert_eq!(gateway.stop("TERM"), Some(0));

    let list = place.good(&["snapshot", "list"]);
    let words: Vec<_> = list["data"].as_array().unwrap().iter().map(|one| &one["why"]).collect();
    assert_eq!(words, ["stop", "operator"]);
    let third = place.good(&["snapshot", "create", "--reason", "before the move"]);
    assert_eq!((&third["id"], &third["payouts"]), (&json!(3), &json!(3)));
    assert_eq!(third["live"][0]["amount"], "376.20");
    assert_eq!(place.good(&["snapshot", "verify", "all"])["good"], true);
    let would = place.good(&["snapshot", "prune", "--dry-run"]);
    assert_eq!((&would["removed"], &would["kept"]), (&json!([]), &json!([3, 2])));
    let (code, answer) = place.run(&["snapshot", "verify", "9"]);
    assert_eq!(code, Some(1), "{answer}");

    // What was done at rest is on the record like everything else.
    let (gateway, url) = place.serve("data");
    let answer = place.audit("data", &url, "before the move");
    assert!(answer.contains("before the move") && answer.contains("the command line"), "{answer}");
    assert!(answer.contains("verify_snapshot"), "{answer}");
    assert_eq!(gateway.stop("TERM"), Some(0));
}

/// Changes a byte of a snapshot's chunk in sled itself.
fn damage(data: &Path, id: u64) {
    let db = sled::open(data.join("sled")).unwrap();
    let chunks = db.open_tree("snapshots").unwrap();
    let (key, piece) = chunks.scan_prefix(id.to_be_bytes()).next().unwrap().unwrap();
    let mut piece = piece.to_vec();
    piece[20] ^= 1;
    chunks.insert(key, piece).unwrap();
    db.flush().unwrap();
}

#[test]
fn a_damaged_snapshot_ends_with_3() {
    let place = Place::new();
    let (gateway, url) = place.serve("data");
    place.create(&url, 0..2);
    place.good(&["snapshot", "create", "--url", &url]);
    assert_eq!(gateway.stop("TERM"), Some(0));
    damage(&place.path("data"), 2);
    let (code, answer) = place.run(&["snapshot", "verify", "all"]);
    assert_eq!(code, Some(3), "{answer}");
    let line = answer["error"]["lines"][0].as_str().unwrap();
    assert!(line.contains("snapshot 2") && line.contains("does not match its hash"), "{line}");
    assert_eq!(place.good(&["snapshot", "verify", "1"])["good"], true);
}

#[test]
fn an_export_travels_and_a_diff_tells_what_changed() {
    let place = Place::new();
    let (gateway, url) = place.serve("data");
    place.create(&url, 0..2);
    let first = place.good(&["snapshot", "create", "--url", &url]);
    place.create(&url, 2..5);
    let file = place.text("first.export");
    let told = place.good(&["snapshot", "export", "1", "--to", &file, "--url", &url]);
    assert_eq!((&told["snapshot"], &told["holds_secrets"]), (&json!(1), &json!(true)));
    assert_eq!(
        told["last_sequence"], first["sealed_at"],
        "up to the snapshot, not to the log's end"
    );
    let names = told["side_files"].as_array().unwrap();
    for name in ["identity", "pepper", "keys.json", "dev-keys.json"] {
        assert!(names.contains(&json!(name)), "{name}");
    }
    let (code, answer) = place.run(&["snapshot", "export", "1", "--to", &file, "--url", &url]);
    assert_eq!(code, Some(1), "nothing is overwritten: {answer}");

    let diff = place.good(&["snapshot", "diff", "1", "now", "--limit", "2", "--url", &url]);
    let counts = ["changed", "only_after", "only_before", "same"].map(|name| diff[name].clone());
    assert_eq!(counts, [json!(0), json!(3), json!(0), json!(2)]);
    assert_eq!(diff["differences"].as_array().unwrap().len(), 2);
    assert_eq!(diff["before"]["totals"][0]["amount"], "250.80");
    assert_eq!(diff["after"]["totals"][0]["amount"], "627.00");
    assert_eq!(gateway.stop("TERM"), Some(0));
    let diff = place.good(&["snapshot", "diff", &file, "latest"]);
    assert_eq!((&diff["only_after"], &diff["same"]), (&json!(3), &json!(2)));
    let (code, _) = place.run(&["snapshot", "diff", "1", "77"]);
    assert_eq!(code, Some(1));

    let there = place.text("there");
    let imported = place.good(&["snapshot", "import", &file, "--into", &there]);
    assert_eq!(imported["through"], told["last_sequence"]);
    assert_eq!(imported["known"], false, "the file cannot know what was sent after it was written");
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode(Path::new(&there)), mode(&place.path("there/identity"))), (0o700, 0o600));
    let (code, answer) = place.run(&["snapshot", "import", &file, "--into", &there]);
    assert_eq!(code, Some(1), "never over anything: {answer}");
    let (code, answer) = place.run_on("there", &["snapshot", "create"]);
    assert_eq!(code, Some(1), "the archive is made at the first start: {answer}");
    let (gateway, url) = place.serve("there");
    // The same keys make the same payouts: their secret came along, and so did the merchants' own.
    place.create(&url, 0..2);
    assert_eq!(place.good(&["snapshot", "create", "--url", &url])["payouts"], 2);
    assert_eq!(gateway.stop("TERM"), Some(0));

    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let bad = place.text("bad.export");
    fs::write(&bad, bytes).unwrap();
    let nowhere = place.text("nowhere");
    let (code, answer) = place.run(&["snapshot", "import", &bad, "--into", &nowhere]);
    assert_eq!(code, Some(3), "{answer}");
    assert!(!place.path("nowhere").exists() && !place.path("nowhere.restoring").exists());
}

/// What `tests/check_export.py` says of a file; none where there is no Python.
fn judged(file: &Path) -> Option<Result<String, String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/check_export.py");
    let ended = Command::new("python3").arg(script).arg(file).stdin(Stdio::null()).output();
    let Ok(ended) = ended else {
        println!("SKIPPED: the export as Python reads it: python3 is not installed");
        assert!(std::env::var_os("BURSAR_MUST_NOT_SKIP").is_none(), "python3 is missing");
        return None;
    };
    Some(if ended.status.success() { Ok(stdout(&ended)) } else { Err(stderr(&ended)) })
}

#[test]
fn another_language_agrees_with_the_lines_and_notices_every_change() {
    let place = Place::new();
    let (gateway, url) = place.serve("data");
    place.create(&url, 0..4);
    place.good(&["snapshot", "create", "--url", &url]);
    let path = place.path("journal.jsonl");
    let told = place.good(&[
        "snapshot",
        "export",
        "now",
        "--jsonl",
        path.to_str().unwrap(),
        "--url",
        &url,
    ]);
    assert_eq!(gateway.stop("TERM"), Some(0));
    let text = fs::read_to_string(&path).unwrap();
    for secret in ["Schmidt", "DE89", "iban"] {
        assert!(!text.contains(secret), "{secret} is in the lines");
    }
    let Some(verdict) = judged(&path) else { return };
    let verdict = verdict.unwrap();
    assert!(verdict.contains("of 4 payouts") && verdict.contains(told["hash"].as_str().unwrap()));

    let lines: Vec<&str> = text.lines().collect();
    let without = |nth: usize| {
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != nth).map(|(_, line)| *line);
        kept.collect::<Vec<_>>().join("\n")
    };
    let last = lines.len() - 1;
    let wrong = [
        (text.replacen("125.40", "125.41", 1), "a changed line"),
        (text.replacen("\"at\":\"2", "\"at\":\"3", 1), "a changed time"),
        (without(0), "no header"),
        (without(2), "a missing line"),
        (without(last), "no totals"),
        (text.replace("501.60", "501.61"), "a changed total"),
        (lines[..last].join("\n") + "\n" + lines[last - 1] + "\n" + lines[last], "a line twice"),
        (chained_again(&lines, |rows| rows[last]["totals"][0]["count"] = json!(5)), "a total"),
        (chained_again(&lines, |rows| rows[1]["amount"] = json!("1.00")), "an amount"),
        (chained_again(&lines, |rows| rows[2]["from"] = json!("PENDING")), "a step"),
        (chained_again(&lines, |rows| rows[2]["version"] = json!(7)), "a version"),
        (chained_again(&lines, |rows| drop(rows.remove(3))), "a sequence"),
    ];
    assert!(text.contains("501.60"), "the total of four payouts");
    let file = place.path("wrong.jsonl");
    fs::write(&file, chained_again(&lines, |_| {})).unwrap();
    assert!(judged(&file).unwrap().is_ok(), "the forger's own chain is sound");
    for (text, what) in wrong {
        fs::write(&file, text).unwrap();
        let verdict = judged(&file).unwrap();
        assert!(
            verdict.as_ref().is_err_and(|why| why.starts_with("wrong: ")),
            "{what}: {verdict:?}"
        );
    }
}

#[test]
fn an_empty_journal_is_lines_too() {
    let place = Place::new();
    let (gateway, _) = place.serve("data");
    assert_eq!(gateway.stop("TERM"), Some(0));
    let path = place.path("journal.jsonl");
    place.good(&["snapshot", "export", "now", "--jsonl", path.to_str().unwrap()]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.lines().count() == 2 && text.contains("bursar-journal-1"), "{text}");
    let Some(verdict) = judged(&path) else { return };
    assert!(verdict.unwrap().contains("0 records of 0 payouts"));
}

/// The lines as somebody forges them who also makes the chain again: only the sense of them is wrong.
fn chained_again(lines: &[&str], forge: impl FnOnce(&mut Vec<Value>)) -> String {
    use sha2::{Digest, Sha256};
    let mut rows: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    forge(&mut rows);
    let mut prev = "0".repeat(64);
    let chained = rows.into_iter().map(|mut row| {
        row.as_object_mut().unwrap().remove("hash");
        row["prev"] = json!(prev);
        let text = row.to_string();
        let digest = Sha256::new().chain_update(&prev).chain_update(&text).finalize();
        prev = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{},\"hash\":\"{prev}\"}}", text.strip_suffix('}').unwrap())
    });
    chained.collect::<Vec<_>>().join("\n") + "\n"
}
