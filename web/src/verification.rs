//! A whole data directory verified: what the engine keeps, and the files that only this crate knows.
//! Apart from the command, because the same is asked of it at the command line and in tests.

use crate::identity::check_identity;
use crate::keys::KeyStore;
use crate::webhooks::check_endpoints;
use engine::verify::{Divergence, Report, VerifyOptions, verify};
use serde_json::{Value, json};
use snapshots::{OpenError, StoreOptions};
use std::path::Path;

/// Verifies the store and the files beside it. Changes nothing.
///
/// # Errors
/// The directory is in use, is none, or the file system refuses.
pub fn whole(store: &StoreOptions, options: &VerifyOptions) -> Result<Report, OpenError> {
    let mut report = verify(store, options)?;
    for amiss in files(&store.data_dir, &mut report.notes) {
        report.divergences += 1;
        report.told.push(amiss);
    }
    Ok(report)
}

/// The files that cannot be made again from the log.
fn files(data_dir: &Path, notes: &mut Vec<String>) -> Vec<Divergence> {
    let at = |name: &str| data_dir.join(name).display().to_string();
    let amiss = |name: &str, what: String| Divergence { place: at(name), payout: None, what };
    let mut found = Vec::new();
    match check_identity(data_dir) {
        Ok(true) => {}
        Ok(false) => found.push(amiss(
            "identity",
            "it is missing: a repeated idempotency key would make a second payout".to_owned(),
        )),
        Err(error) => found.push(amiss("identity", error.to_string())),
    }
    match KeyStore::check(&data_dir.join("keys.json"), &data_dir.join("pepper")) {
        Ok(true) => {}
        Ok(false) => notes.push("there are no API keys".to_owned()),
        Err(error) => found.push(amiss("keys.json", error.to_string())),
    }
    if let Err(error) = check_endpoints(data_dir) {
        found.push(amiss("webhook-endpoints.json", error.to_string()));
    }
    found
}

/// The report for people, line by line; the divergences are not among them.
pub fn lines(report: &Report) -> Vec<String> {
    let Report { last_sequence, frames, bytes, entries, payouts, passes, .. } = report;
    let counted = [
        format!("log        {frames} frames, {bytes} bytes, up to sequence {last_sequence}"),
        format!("payouts    {payouts} folded from {entries} entries, in {passes} pass(es)"),
        format!("desk       {} decisions", report.decisions),
        format!("snapshots  {}, {} states", report.snapshots, report.snapshot_states),
        format!("mirror     {} frames", report.mirrored),
        format!("archive    {} payouts, {} index rows", report.archived, report.index_rows),
        format!("events     {}", report.events),
    ];
    let mut lines = counted.to_vec();
    if report.live > 0 {
        lines.push(format!("memory     {} payouts", report.live));
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines
}

/// One divergence for people.
pub fn line(divergence: &Divergence) -> String {
    let Divergence { place, payout, what } = divergence;
    match payout {
        Some(payout) if !place.contains(&payout.to_string()) => {
            format!("{place}, {payout}: {what}")
        }
        _ => format!("{place}: {what}"),
    }
}

/// The report for programs.
pub fn document(report: &Report) -> Value {
    let divergences: Vec<Value> = report
        .told
        .iter()
        .map(|one| json!({ "place": one.place, "payout": one.payout.map(|id| id.to_string()), "what": one.what }))
        .collect();
    json!({
        "sound": report.is_sound(),
        "last_sequence": report.last_sequence,
        "anchored": report.anchored,
        "checked": {
            "frames": report.frames, "bytes": report.bytes, "entries": report.entries,
            "payouts": report.payouts, "decisions": report.decisions,
            "snapshots": report.snapshots, "snapshot_states": report.snapshot_states,
            "mirrored": report.mirrored, "archived": report.archived,
            "index_rows": report.index_rows, "events": report.events, "live": report.live,
        },
        "passes": report.passes,
        "notes": report.notes,
        "divergences": report.divergences,
        "told": divergences,
    })
}
