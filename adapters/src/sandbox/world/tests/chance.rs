//! Faults by chance: the same seed makes the same day, and money never moves twice whatever strikes.

use super::*;
use crate::sandbox::world::faults::Faults;

/// As an operator would write them down.
fn faults(json: &str) -> Faults {
    serde_json::from_str(json).unwrap()
}

fn settings(seed: u64, json: &str) -> SandboxSettings {
    SandboxSettings { seed, faults: faults(json), ..SandboxSettings::default() }
}

const STORM: &str = r#"{
    "latency": {"p50": "40ms", "p99": "900ms"}, "http_500": "0.1", "timeout_before_accept": "0.1",
    "timeout_after_accept": "0.1", "reset_after_accept": "0.1", "garbage_200": "0.1",
    "visibility_lag": "3s", "finalise": {"p50": "3s", "p99": "10m"}, "fail": "0.2", "late_return": "0.1",
    "partial": "0.1", "callback": {"lost": "0.2", "duplicate": "0.3", "reordered": "0.2",
    "delay_p99": "30s", "bad_signature": "0.1", "before_response": "0.1"}
}"#;

/// Everything that is said and called back over an hour of 200 payouts, each sent until it is taken.
fn a_day(seed: u64) -> (Vec<String>, World) {
    let mut stage = Stage::with(0, &settings(seed, STORM));
    let mut log = Vec::new();
    for number in 0..200_u8 {
        stage.payout = PayoutId([number; 16]);
        let reference = format!("ref-{number}");
        for _ in 0..3 {
            let reply = stage.submit_as(&reference, "10.00", "EUR");
            log.push(format!("{} after {:?}", said(&reply), reply.delay));
        }
        log.push(said(&stage.world.fetch(stage.now, &reference)));
        stage.pass(100);
    }
    stage.pass(3_600_000);
    log.extend(stage.callbacks());
    (log, stage.world)
}

#[test]
fn the_same_seed_makes_the_same_day() {
    let (first, _) = a_day(1);
    assert_eq!(first, a_day(1).0);
    assert_ne!(first, a_day(2).0);
    for expected in [
        "silence",
        "reset",
        "page",
        "500 internal",
        "201 processing",
        "!",
        "after callbacks",
        "404",
    ] {
        assert!(first.iter().any(|line| line.contains(expected)), "never: {expected}");
    }
}

#[test]
fn whatever_strikes_nothing_is_paid_twice() {
    let (_, world) = a_day(3);
    let rows = world.ledger(None, 0, 1_000).data;
    assert_eq!(rows.len(), 200, "sent three times, every payout is taken");
    assert!(rows.iter().all(|row| row.paid <= 1 && row.returned <= row.paid));
    let count = |wanted: fn(&LedgerRow) -> bool| rows.iter().filter(|row| wanted(row)).count();
    assert!(count(|row| row.paid == 0) > 10, "some fail");
    assert!(count(|row| row.returned == 1) > 3, "some come back");
    assert!(count(|row| row.paid == 1 && row.amount == "6.00") > 3, "some are paid in part");
}

#[test]
fn nothing_strikes_by_default_and_a_magic_suffix_is_left_alone() {
    assert!(!Faults::default().touch_payouts() && !Faults::default().touch_callbacks());
    let mut stage = Stage::with(20, &settings(1, r#"{"fail": 1000000, "http_500": "1"}"#));
    assert_eq!(said(&stage.submit()), "201 processing");
    stage.pass(1_000);
    assert_eq!(stage.money(), [1, 0, 0]);
}

#[test]
fn outages_come_and_go() {
    let every = r#"{"outages": [{"every": "10m", "for": "30s", "kind": "503"}]}"#;
    let mut stage = Stage::with(0, &settings(1, every));
    // The stage opens 200 seconds into a period of ten minutes; this is 20 into the next.
    stage.pass(420_000);
    assert_eq!(said(&stage.submit()), "503 unavailable");
    stage.pass(11_000);
    assert_eq!(said(&stage.submit()), "201 processing");
    stage.pass(9 * 60_000 + 30_000);
    assert_eq!(said(&stage.fetch()), "503 unavailable");
}

#[test]
fn calls_over_the_limit_are_turned_away_until_the_next_second() {
    let mut stage = Stage::with(0, &settings(1, r#"{"rate_limit": 2}"#));
    assert_eq!(said(&stage.submit()), "201 processing");
    assert_eq!(said(&stage.fetch()), "200 processing");
    assert_eq!(said(&stage.fetch()), "429 rate_limited");
    assert_eq!(stage.fetch().retry_after, Some(1));
    stage.pass(1_000);
    assert_eq!(said(&stage.fetch()), "200 settled");
}

#[test]
fn unknown_faults_are_refused() {
    assert!(serde_json::from_str::<Faults>(r#"{"http_5000": "0.1"}"#).is_err());
    assert!(serde_json::from_str::<Faults>(r#"{"http_500": 0.1}"#).is_err(), "no floats");
}
