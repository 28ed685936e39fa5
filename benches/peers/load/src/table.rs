//! The figures of all peers side by side, with how many times as much the first does as each.

use serde_json::Value;
use std::error::Error;

/// Reads what `drive` printed into these files, and prints it as a table of Markdown.
pub fn print(files: &[String]) -> Result<(), Box<dyn Error>> {
    let read = |file: &String| -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
    };
    let peers = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = peers.first() else { return Err("files of figures are wanted".into()) };
    let number = |peer: &Value, name: &str| peer[name].as_u64().unwrap_or(0);
    let base = first["peer"].as_str().unwrap_or("?");
    println!(
        "| | creates/s | p50, p99 | lives/s | p50, p99 of a create meanwhile | {base} does: creates, lives |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for peer in &peers {
        println!(
            "| {} | {} | {}, {} ms | {} | {}, {} ms | {} ×, {} × |",
            peer["peer"].as_str().unwrap_or("?"),
            number(peer, "creates_per_second"),
            millis(number(peer, "create_p50_us")),
            millis(number(peer, "create_p99_us")),
            number(peer, "lives_per_second"),
            millis(number(peer, "life_create_p50_us")),
            millis(number(peer, "life_create_p99_us")),
            ratio(number(first, "creates_per_second"), number(peer, "creates_per_second")),
            ratio(number(first, "lives_per_second"), number(peer, "lives_per_second")),
        );
    }
    Ok(())
}

fn millis(micros: u64) -> String {
    format!("{}.{}", micros / 1_000, micros % 1_000 / 100)
}

/// How often `other` goes into `first`, to one digit.
fn ratio(first: u64, other: u64) -> String {
    let tenths = first * 10 / other.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}
