//! Snapshots as lines for people, made of the JSON that programs get.

use serde_json::Value;

/// One that was just taken.
pub fn taken(one: &Value) -> String {
    format!(
        "snapshot {} of {} live payouts at sequence {}, {} bytes, in {} ms{}",
        one["id"],
        one["payouts"],
        one["base_sequence"],
        one["bytes"],
        one["took_ms"],
        sums(&one["live"])
    )
}

/// All of them.
pub fn list(list: &Value) -> String {
    let rows = list["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<String> = rows.iter().map(row).collect();
    if lines.is_empty() {
        lines.push("there are no snapshots".to_owned());
    }
    if list["under_way"] == true {
        lines.push("one is being taken or deleted".to_owned());
    }
    lines.join("\n")
}

fn row(one: &Value) -> String {
    let text = |name: &str, absent: &'static str| one[name].as_str().unwrap_or(absent).to_owned();
    let by = one["by"]
        .as_str()
        .map(|by| format!(" by {by}: {}", text("reason", "")))
        .unwrap_or_default();
    format!(
        "{:>6}  {}  {:>9} payouts  {:>12} bytes  sequence {}  {}{by}",
        one["id"].to_string(),
        text("taken_at", "(time not noted)"),
        one["payouts"].to_string(),
        one["bytes"].to_string(),
        one["base_sequence"],
        text("why", "(reason not noted)"),
    )
}

/// What was deleted, or would be.
pub fn pruned(pruned: &Value) -> String {
    let ids = |name: &str| {
        let ids = pruned[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let ids: Vec<String> = ids.iter().map(Value::to_string).collect();
        if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
    };
    let done = if pruned["dry_run"] == true { "would delete" } else { "deleted" };
    format!(
        "{done}: {} ({} bytes); kept: {}; the database file has {} bytes and does not shrink, what is \
         deleted makes room in it",
        ids("removed"),
        pruned["removed_bytes"],
        ids("kept"),
        pruned["file_bytes"],
    )
}

/// Counts and sums, one line each.
pub fn sums(rows: &Value) -> String {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |row: &Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        format!(
            "\n  {:<20} {:>9}  {} {}",
            text("status"),
            row["count"].to_string(),
            text("amount"),
            text("currency")
        )
    };
    rows.iter().map(line).collect()
}
