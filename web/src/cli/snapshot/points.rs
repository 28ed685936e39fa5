//! Points in the log that have a name: a snapshot's id, `latest`, `now`. Read from the list of snapshots,
//! which a running gateway and a store at rest give in the same form.

use crate::cli::Failure;
use serde::Deserialize;
use serde_json::Value;
use snapshots::export::ExportedSnapshot;

/// What a snapshot says of its place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Point {
    /// The snapshot's id.
    pub id: u64,
    /// Each of its payouts is as of here or later.
    pub base_sequence: u64,
    /// None of them is later than this.
    pub sealed_at: u64,
    /// How many they are.
    pub payouts: u64,
}

impl From<Point> for ExportedSnapshot {
    fn from(Point { id, base_sequence, sealed_at, payouts }: Point) -> ExportedSnapshot {
        ExportedSnapshot { id, base_sequence, sealed_at, payouts }
    }
}

/// All of a list, the newest first.
pub fn of_list(list: &Value) -> Result<Vec<Point>, Failure> {
    let points = Vec::deserialize(&list["data"]);
    points.map_err(|_| Failure::failed("the gateway's list of snapshots cannot be read"))
}

/// The id of the newest, if there is one.
pub fn newest(list: &Value) -> Result<Option<u64>, Failure> {
    Ok(of_list(list)?.first().map(|point| point.id))
}

/// The one that is meant.
pub fn find(list: &Value, which: &str) -> Result<Point, Failure> {
    let points = of_list(list)?;
    let found = match which {
        "latest" => points.first(),
        id => {
            let id: u64 = id.parse().map_err(|_| {
                Failure::usage(format!("\"{id}\" is no snapshot: give an id or \"latest\""))
            })?;
            points.iter().find(|point| point.id == id)
        }
    };
    found.copied().ok_or_else(|| {
        let known: Vec<String> = points.iter().map(|point| point.id.to_string()).collect();
        let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
        Failure::failed(format!("there is no snapshot {which}; known: {known}"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_snapshot_is_found_by_its_id_or_as_the_latest() {
        let one = |id: u64| json!({"id": id, "base_sequence": id * 10, "sealed_at": id * 10 + 1, "payouts": 2});
        let list = json!({ "data": [one(7), one(3)] });
        for (which, id) in
            [("latest", Some(7)), ("7", Some(7)), ("3", Some(3)), ("4", None), ("x", None)]
        {
            assert_eq!(find(&list, which).ok().map(|point| point.id), id, "{which}");
        }
        assert_eq!(newest(&json!({ "data": [] })).unwrap(), None);
        assert!(find(&json!({ "data": [] }), "latest").is_err());
        assert!(of_list(&json!({ "data": [{}] })).is_err());
    }
}
