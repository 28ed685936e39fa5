//! A whole data directory verified: what the engine keeps, and the files that only this crate knows.
//! Apart from the command, because the same is asked of it at the command line and in tests.

use crate::identity::check_identity;
use crate::keys::KeyStore;
use crate::render::{DivergenceOut, ReportOut};
use crate::webhooks::check_endpoints;
use engine::scrub::Beside;
use engine::verify::{Divergence, Report, VerifyOptions, verify};
use snapshots::{OpenError, StoreOptions};
use std::path::{Path, PathBuf};

/// Verifies the store and the files beside it. Changes nothing.
///
/// # Errors
/// The directory is in use, is none, or the file system refuses.
pub fn whole(store: &StoreOptions, options: &VerifyOptions) -> Result<Report, OpenError> {
    let mut report = verify(store, options)?;
    look_at_files(&store.data_dir, &mut report);
    Ok(report)
}

/// The same files beside a running gateway, which verifies what it keeps by itself.
pub fn look_beside(data_dir: Option<PathBuf>) -> Beside {
    Box::new(move |report| {
        if let Some(data_dir) = data_dir {
            look_at_files(&data_dir, report);
        }
    })
}

fn look_at_files(data_dir: &Path, report: &mut Report) {
    for amiss in files(data_dir, &mut report.notes) {
        report.divergences += 1;
        report.told.push(amiss);
    }
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
pub fn lines(report: &ReportOut) -> Vec<String> {
    let ReportOut { last_sequence, checked, passes, .. } = report;
    let counted = [
        format!(
            "log        {} frames, {} bytes, up to sequence {last_sequence}",
            checked.frames, checked.bytes
        ),
        format!(
            "payouts    {} folded from {} entries, in {passes} pass(es)",
            checked.payouts, checked.entries
        ),
        format!("desk       {} decisions", checked.decisions),
        format!("snapshots  {}, {} states", checked.snapshots, checked.snapshot_states),
        format!("mirror     {} frames", checked.mirrored),
        format!("archive    {} payouts, {} index rows", checked.archived, checked.index_rows),
        format!("events     {}", checked.events),
    ];
    let mut lines = counted.to_vec();
    if checked.live > 0 {
        lines.push(format!("memory     {} payouts", checked.live));
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines
}

/// One divergence for people.
pub fn line(divergence: &DivergenceOut) -> String {
    let DivergenceOut { place, payout, what } = divergence;
    match payout {
        Some(payout) if !place.contains(payout) => format!("{place}, {payout}: {what}"),
        _ => format!("{place}: {what}"),
    }
}
