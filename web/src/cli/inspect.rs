//! `bursar inspect`: one payout out of the journal's files, with every record's place. Reads beside a
//! gateway that runs; who the recipient is stays masked.

use super::{Failure, Output, data_dir};
use crate::config::Config;
use crate::render::{self, TimeOut};
use clap::Args;
use domain::id::PayoutId;
use domain::time::Timestamp;
use engine::View;
use engine::inspect::{InspectError, Inspected, Written, inspect, word_of};
use serde_json::{Value, json};
use snapshots::log::LogError;

/// What `inspect` takes.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// The payout: po_…
    #[arg(value_name = "ID")]
    id: PayoutId,
    /// As it was then: an RFC 3339 time such as 2026-11-20T09:30:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
}

/// Prints the payout.
pub fn run(config: &Config, args: &InspectArgs, output: &Output) -> Result<(), Failure> {
    data_dir::must_be_one(&config.store.data_dir)?;
    let log = config.store.data_dir.join("log");
    let until = args.at.map(|at| Timestamp(at.as_microsecond()));
    let found = inspect(&log, args.id, until).map_err(refused)?.ok_or_else(|| match args.at {
        Some(at) => Failure::failed(format!("the journal knew no payout {} at {at}", args.id)),
        None => Failure::failed(format!("the journal knows no payout {}", args.id)),
    })?;
    let document = document(&found).map_err(Failure::failed)?;
    output.json_only(&document);
    if output.is_read_as_text() {
        show(&found, &document, output);
    }
    Ok(())
}

fn refused(error: InspectError) -> Failure {
    match error {
        InspectError::Log(LogError::Io { .. }) => Failure::failed(error),
        InspectError::Log(_) | InspectError::Record { .. } => Failure::damaged(error),
    }
}

fn document(found: &Inspected) -> serde_json::Result<Value> {
    let view = View { payout: found.payout.clone(), next_check_at: None };
    Ok(json!({
        "payout": serde_json::to_value(render::payout(&view))?,
        "history": serde_json::to_value(render::history(&view.payout))?,
        "statements": serde_json::to_value(render::statements(&view.payout))?,
        "journal": found.records.iter().map(record).collect::<serde_json::Result<Vec<_>>>()?,
        "state_hash": blake3::Hash::from_bytes(found.state_hash).to_hex().as_str(),
    }))
}

fn record(written: &Written) -> serde_json::Result<Value> {
    let Written { sequence, file, offset, bytes, entry } = written;
    Ok(json!({
        "sequence": sequence,
        "file": file.display().to_string(),
        "offset": offset,
        "bytes": bytes,
        "version": entry.version,
        "at": serde_json::to_value(TimeOut(entry.at))?,
        "by": entry.by.word(),
        "what": word_of(&entry.fact),
        "to": entry.moved.map(|step| step.to.code()),
    }))
}

fn show(found: &Inspected, document: &Value, output: &Output) {
    let payout = &document["payout"];
    for name in ["id", "status", "money", "amount", "amount_processed", "currency", "method"] {
        output.text_only(&format!("{name:<16} {}", plain(&payout[name])));
    }
    output.text_only(&format!("{:<16} {}", "recipient", payout["recipient"]));
    output.text_only(&format!("{:<16} {}", "version", found.payout.version()));
    output.text_only(&format!("{:<16} {}", "state_hash", plain(&document["state_hash"])));
    table(output, "history", &document["history"], &["seq", "at", "from", "to", "cause", "by"]);
    let columns = ["at", "source", "outcome", "resolution", "raw_status", "amount", "by"];
    table(output, "statements", &document["statements"], &columns);
    let columns = ["number", "provider_account", "provider_reference", "effect", "sent_at"];
    table(output, "attempts", &payout["attempts"], &columns);
    let columns = ["sequence", "version", "at", "what", "to", "by", "file", "offset", "bytes"];
    table(output, "journal", &document["journal"], &columns);
}

fn table(output: &Output, name: &str, rows: &Value, columns: &[&str]) {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    output.text_only(&format!("\n{name} ({})", rows.len()));
    for row in rows {
        let cells: Vec<String> = columns.iter().map(|column| plain(&row[*column])).collect();
        output.text_only(&format!("  {}", cells.join("  ")));
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
