//! `bench recovery`: payouts that are with their provider, kill -9, and the time until the gateway is ready
//! again: once from the log alone, once from a snapshot.

use crate::bench::client::{Answer, Connection, unwanted};
use crate::bench::fill::fill;
use crate::bench::gateway::{Gateway, Start};
use crate::bench::gateway_file::Setting;
use crate::bench::latency::{grouped, per_second};
use crate::bench::report::Figures;
use crate::bench::requests::{Mix, Requests};
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::{Value, json};

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    // They stay with their provider and are not asked about meanwhile; no snapshot comes in between.
    let setting = Setting { asks_seldom: true, no_snapshots: true, ..Setting::default() };
    let gateway = Gateway::start(site, &setting).await?;
    let count = site.args.payouts();
    fill(site, &gateway, Requests::lives("recovery", Mix::Stuck), count).await?;
    let sent = gateway.until(|now| now.get("bursar_submissions_total") >= count).await?;
    let gateway = gateway.killed_and_restarted(site).await?;
    let log = gateway.start;
    let taken = take_snapshot(&gateway).await?;
    let gateway = gateway.killed_and_restarted(site).await?;
    let snapshot = gateway.start;
    let sound = sent && log.live == count && snapshot.live == count;
    let entries = per_second(log.records, log.recovery);
    let lines = vec![
        format!(
            "recovery     {} live payouts after kill -9: ready in {} ms from the log ({} records, {}/s)",
            grouped(count),
            log.ready.as_millis(),
            grouped(log.records),
            grouped(entries),
        ),
        format!(
            "             ready in {} ms from a snapshot of {} KiB, which took {} ms to take",
            snapshot.ready.as_millis(),
            grouped(taken["bytes"].as_u64().unwrap_or(0) >> 10),
            grouped(taken["took_ms"].as_u64().unwrap_or(0)),
        ),
    ];
    let json = json!({
        "name": "recovery",
        "live": count,
        "from_log": told(&log),
        "records_per_second_from_log": entries,
        "from_snapshot": told(&snapshot),
        "snapshot_bytes": taken["bytes"],
        "snapshot_ms": taken["took_ms"],
        "resident_bytes": gateway.usage().resident,
    });
    Ok(Figures::new(lines, json, sound))
}

fn told(start: &Start) -> Value {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "ready_ms": millis(start.ready),
        "recovery_ms": millis(start.recovery),
        "records": start.records,
        "live": start.live,
    })
}

/// Has a snapshot taken, and waits for it.
pub async fn take_snapshot(gateway: &Gateway) -> Result<Value, Failure> {
    let door = &gateway.operator;
    let mut connection = Connection::open(door).await.map_err(Failure::failed)?;
    let body = br#"{"reason":"a measurement"}"#;
    door.post(format_args!("/v1/ops/snapshots"), "", body, connection.compose());
    let Answer { status, body } = connection.exchange().await.map_err(Failure::failed)?;
    if status != 201 {
        return Err(unwanted(status, body));
    }
    serde_json::from_slice(body).map_err(Failure::failed)
}
