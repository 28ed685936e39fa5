//! `bursar bench`, quickly: every scenario plays and holds together, tells what it must, leaves nothing; two
//! results stand beside each other. How fast anything is, is nobody's business here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::{bursar, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Plays these scenarios, and gives their figures.
fn play(data: &Path, args: &[&str]) -> Value {
    let quick = ["bench", "--json", "--quick", "--connections", "8", "--concurrency", "8"];
    let place = ["--data-dir", data.to_str().unwrap()];
    let ended = bursar(&[&quick, args, &place[..]].concat());
    assert_eq!(ended.status.code(), Some(0), "{args:?}: {}{}", stdout(&ended), stderr(&ended));
    serde_json::from_str(&stdout(&ended)).unwrap()
}

/// The figures that each scenario must tell; `true` stands for a check that must hold.
const FIGURES: &[(&str, &[&str])] = &[
    (
        "create",
        &[
            "/creates_per_second",
            "/echo_per_second",
            "/ratio_to_echo_permille",
            "/latency/p99.9_us",
            "/open_loop/rate",
            "/open_loop/latency/p50_us",
            "/raw_log/frames_per_second",
            "/resident_bytes",
        ],
    ),
    (
        "life",
        &[
            "/lives_per_second",
            "/ratio_to_echo_permille",
            "/latency/p99_us",
            "/written_bytes_per_life",
            "/conservation/acknowledged",
        ],
    ),
    ("engine", &["/creates_per_second", "/lives_per_second", "/conservation/processed"]),
    ("get", &["/live_ratio_to_echo_permille", "/archived_ratio_to_echo_permille"]),
    ("list", &["/pages_per_second", "/latency/p99_us"]),
    ("recovery", &["/from_log/ready_ms", "/from_log/records", "/from_snapshot/ready_ms"]),
    ("snapshot", &["/p99_ratio_permille", "/snapshots", "/latency_with/max_us"]),
    ("live", &["/bytes_per_payout", "/idle_processor_hundredths_of_percent"]),
    ("start", &["/ready_ms"]),
    ("mixed", &["/rate", "/latency/p90_us", "/failed", "/conservation/acknowledged"]),
    (
        "queue",
        &[
            "/rate_permille",
            "/busiest_second",
            "/shares/least_permille",
            "/shares/most_permille",
            "/create_latency/p50_us",
            "/bytes_per_payout",
            "/processor_hundredths_of_percent",
            "/conservation/waiting",
        ],
    ),
    ("crash", &["/acknowledged", "/ready_ms", "/conservation/right"]),
    (
        "growth",
        &[
            "/empty/open_us",
            "/payouts/10/create_ratio_permille",
            "/payouts/100/open_us",
            "/payouts/150/resident_bytes",
            "/payouts/150/disk_bytes",
            "/payouts/150/page_latency/p99_us",
            "/payouts/150/archived_gets_per_second",
            "/merchants/1/create_ratio_permille",
            "/merchants/10/resident_bytes",
        ],
    ),
    (
        "overload",
        &[
            "/saturation_per_second",
            "/sent_permille",
            "/taken",
            "/refused",
            "/taken_latency/p99_us",
            "/memory/last_bytes",
            "/keys_in_use",
            "/conservation/acknowledged",
        ],
    ),
];

/// These are played only when they are asked for.
const UNASKED: [&str; 3] = ["crash", "growth", "overload"];

fn is_told(scenario: &Value) {
    let name = scenario["name"].as_str().unwrap();
    let (_, figures) = FIGURES.iter().find(|(one, _)| *one == name).unwrap();
    for figure in *figures {
        let found = scenario.pointer(figure).and_then(Value::as_u64);
        assert!(found.is_some(), "{name}{figure}: {scenario}");
    }
    assert_eq!(scenario["sound"], true, "{scenario}");
    let holds = scenario.pointer("/conservation/holds");
    assert!(holds.is_none_or(|holds| *holds == true), "{scenario}");
}

#[test]
fn every_scenario_plays_and_two_runs_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let plots = folder.path().join("plots");
    let args = ["--plots", plots.to_str().unwrap()];
    let all = play(&data, &args);
    let some = play(&data, &["start", "--crash"]);
    assert_eq!((&all["format"], &all["durability"]), (&"bursar-bench".into(), &"fsync".into()));
    let named = |run: &Value| -> Vec<String> {
        let scenarios = run["scenarios"].as_array().unwrap();
        scenarios.iter().for_each(is_told);
        scenarios.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let wanted: Vec<&str> = FIGURES.iter().map(|(name, _)| *name).collect();
    assert_eq!(named(&all), wanted[..wanted.len() - UNASKED.len()]);
    assert_eq!(wanted[wanted.len() - UNASKED.len()..], UNASKED);
    assert_eq!(named(&some), ["start", "crash"]);
    for plot in ["create-latency.svg", "create-throughput.svg", "mixed-latency.svg"] {
        let text = fs::read_to_string(plots.join(plot)).unwrap();
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"), "{plot}");
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "the bench left something behind");
    compared(folder.path(), &all, &some);
}

fn compared(folder: &Path, all: &Value, some: &Value) {
    let file = |name: &str, run: &Value| {
        let path = folder.join(name);
        fs::write(&path, run.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (a, b) = (file("a.json", all), file("b.json", some));
    let table = bursar(&["bench", "compare", &a, &b]);
    assert_eq!(table.status.code(), Some(0), "{}", stderr(&table));
    assert!(stdout(&table).contains("\nstart.ready_ms "), "{}", stdout(&table));
    assert!(!stdout(&table).contains("create."), "only what both have: {}", stdout(&table));
    let other = file("other.json", &serde_json::json!({ "scenarios": [] }));
    let refused = bursar(&["bench", "compare", &a, &other]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("other.json is no result of"), "{}", stderr(&refused));
}

#[test]
fn growth_goes_step_by_step_to_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plots) = (folder.path().join("data"), folder.path().join("plots"));
    let args = ["growth", "--payouts", "150", "--plots", plots.to_str().unwrap()];
    let told = play(&data, &args);
    let [growth] = told["scenarios"].as_array().unwrap().as_slice() else { panic!("{told}") };
    is_told(growth);
    let steps = |of: &str| growth[of].as_object().unwrap().len();
    assert_eq!((steps("payouts"), steps("merchants")), (3, 2), "{growth}");
    assert!(growth["worse_than_linear"].is_array(), "{growth}");
    for plot in ["payouts-creates", "payouts-open", "payouts-disk", "merchants-memory"] {
        let text = fs::read_to_string(plots.join(format!("growth-{plot}.svg"))).unwrap();
        assert!(text.starts_with("<svg ") && text.contains("<circle "), "{plot}");
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "the bench left something behind");
}

#[test]
fn what_an_overloaded_gateway_takes_it_finishes() {
    let folder = tempfile::tempdir().unwrap();
    let told = play(folder.path(), &["overload"]);
    let [overload] = told["scenarios"].as_array().unwrap().as_slice() else { panic!("{told}") };
    is_told(overload);
    assert_eq!(overload["keys_in_use"], 0, "{overload}");
}

#[test]
fn live_is_named_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let told = play(folder.path(), &["--live", "100"]);
    let [live] = told["scenarios"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert!(live["live"].as_u64() > Some(100) && live["bytes_per_payout"].is_u64(), "{live}");
}
