//! `bursar bench compare`: the figures of two runs beside each other, and the ratio of each. Apart from the
//! measuring because it runs nothing: two files in, a table out.

use super::latency::grouped;
use super::report::{FORMAT, permille, ratio};
use crate::cli::{Failure, Output};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Reads both, and prints them.
pub fn run(a: &Path, b: &Path, output: &Output) -> Result<(), Failure> {
    let (first, second) = (read(a)?, read(b)?);
    let rows = rows(&first, &second);
    if rows.is_empty() {
        return Err(Failure::failed("the two runs have no scenario in common"));
    }
    let told: Vec<String> = differences(&first, &second);
    told.iter().for_each(|line| output.text_only(line));
    output.text_only(&format!("{:<58} {:>16} {:>16} {:>8}", "", "A", "B", "B/A"));
    for Row { name, a, b } in &rows {
        let by = if *a == 0 { "-".to_owned() } else { ratio(permille(*b, *a)) };
        output.text_only(&format!("{name:<58} {:>16} {:>16} {by:>8}", grouped(*a), grouped(*b)));
    }
    let rows = rows.iter().map(|Row { name, a, b }| {
        json!({ "figure": name, "a": a, "b": b, "ratio_permille": permille(*b, *a) })
    });
    output.json_only(&json!({ "differ": told, "figures": rows.collect::<Vec<_>>() }));
    Ok(())
}

struct Row {
    name: String,
    a: u64,
    b: u64,
}

fn read(path: &Path) -> Result<Value, Failure> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::failed(format!("{name}: {error}")))?;
    let found: Option<Value> = serde_json::from_str(&text).ok();
    let known = found.filter(|found| found["format"] == FORMAT && found["scenarios"].is_array());
    let what = || Failure::failed(format!("{name} is no result of `bursar bench --json`"));
    known.ok_or_else(what)
}

/// What makes two runs hard to compare.
fn differences(a: &Value, b: &Value) -> Vec<String> {
    let places = [
        ("the machines differ", "/machine"),
        ("durability differs", "/durability"),
        ("the file systems differ", "/data/file_system"),
        ("the builds differ", "/version"),
        ("optimisation differs", "/optimised"),
    ];
    let differ = places.into_iter().filter_map(|(what, place)| {
        let (a, b) = (a.pointer(place)?, b.pointer(place)?);
        (a != b).then(|| format!("{what}: {a} and {b}"))
    });
    let unsound = [("A", a), ("B", b)].into_iter().filter_map(|(name, run)| {
        let sound = run["scenarios"].as_array()?.iter().all(|one| one["sound"] != false);
        (!sound).then(|| format!("{name} is not sound: its figures are worth nothing"))
    });
    differ.chain(unsound).collect()
}

/// Every figure that both have, in the order of the first run's scenarios.
fn rows(a: &Value, b: &Value) -> Vec<Row> {
    let named = |run: &Value, name: &Value| {
        let all = run["scenarios"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().rev().find(|one| one["name"] == *name).cloned()
    };
    let mut rows = Vec::new();
    for scenario in a["scenarios"].as_array().into_iter().flatten() {
        let Some(other) = named(b, &scenario["name"]) else { continue };
        let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
        let name = scenario["name"].as_str().unwrap_or_default();
        figures(name, scenario, &mut ours);
        figures(name, &other, &mut theirs);
        rows.extend(ours.into_iter().filter_map(|(name, a)| {
            let b = *theirs.get(&name)?;
            Some(Row { name, a, b })
        }));
    }
    rows
}

/// All whole numbers within, by their path.
fn figures(path: &str, value: &Value, found: &mut BTreeMap<String, u64>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                figures(&format!("{path}.{name}"), inner, found);
            }
        }
        Value::Number(number) => found.extend(number.as_u64().map(|it| (path.to_owned(), it))),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn run_of(durability: &str, rate: u64) -> Value {
        json!({
            "format": FORMAT, "machine": { "cores": 2 }, "durability": durability,
            "scenarios": [
                { "name": "create", "creates_per_second": rate, "latency": { "p99_us": 900 } },
                { "name": "list", "sound": rate > 20 },
            ],
        })
    }

    #[test]
    fn figures_stand_beside_each_other_and_what_differs_is_said() {
        let (a, b) = (run_of("fsync", 200), run_of("none", 20));
        let rows = rows(&a, &b);
        let told: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.a, row.b)).collect();
        assert_eq!(
            told,
            [("create.creates_per_second", 200, 20), ("create.latency.p99_us", 900, 900)]
        );
        let differ = differences(&a, &b);
        assert_eq!(differ.len(), 2, "{differ:?}");
        assert!(differ[0].starts_with("durability differs: \"fsync\""), "{differ:?}");
        assert!(differ[1].starts_with("B is not sound"), "{differ:?}");
        assert!(differences(&a, &a).is_empty());
    }

    #[test]
    fn what_is_no_result_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("a.json", "{}"), ("b.json", "not json"), ("c.json", r#"{"format":"x"}"#)]
        {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let refused = format!("{:?}", read(&path).unwrap_err());
            assert!(refused.contains(name) && refused.contains("no result"), "{refused}");
        }
        assert!(read(&folder.path().join("none.json")).is_err());
    }
}
