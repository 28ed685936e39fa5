//! `bench start`: an empty gateway, from the begin of its process to ready, several times.

use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::report::{Figures, median};
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::json;

/// How often.
const RUNS: usize = 5;

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let mut millis = Vec::new();
    let mut resident = 0;
    for _ in 0..RUNS {
        let gateway = Gateway::start(site, &Setting::default()).await?;
        millis.push(u64::try_from(gateway.start.ready.as_millis()).unwrap_or(u64::MAX));
        resident = gateway.usage().resident;
    }
    let middle = median(millis.clone());
    let (best, worst) = (millis.iter().min().copied(), millis.iter().max().copied());
    let lines = vec![format!(
        "start        an empty gateway is ready in {middle} ms  (median of {RUNS}, {} to {}; {} MiB)",
        best.unwrap_or(0),
        worst.unwrap_or(0),
        resident >> 20,
    )];
    let json = json!({
        "name": "start",
        "ready_ms": middle,
        "ready_ms_min": best,
        "ready_ms_max": worst,
        "runs": RUNS,
        "resident_bytes": resident,
    });
    Ok(Figures::new(lines, json, true))
}
