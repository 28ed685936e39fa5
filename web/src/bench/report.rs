//! What a scenario found: lines for people, JSON for programs, curves for plots. Apart so that every
//! scenario tells in the same way.

use super::latency::Latency;
use super::plots::{self, Curve, Growth};
use serde_json::{Value, json};
use std::io;
use std::path::Path;

/// The word by which `compare` knows its files.
pub const FORMAT: &str = "bursar-bench";

/// One scenario's figures.
pub struct Figures {
    /// For people.
    pub lines: Vec<String>,
    /// For programs; whole numbers only, ratios in thousandths.
    pub json: Value,
    /// What was measured holds together; if not, the figures are worth nothing.
    pub sound: bool,
    /// What was found to be worse than it must be, each a sentence; the run fails with them.
    pub findings: Vec<String>,
    latencies: Vec<Curve>,
    throughput: Vec<Curve>,
    growths: Vec<Growth>,
}

impl Figures {
    /// Without plots.
    pub fn new(lines: Vec<String>, mut json: Value, sound: bool) -> Figures {
        json["sound"] = json!(sound);
        let (latencies, throughput) = (Vec::new(), Vec::new());
        Figures {
            lines,
            json,
            sound,
            findings: Vec::new(),
            latencies,
            throughput,
            growths: Vec::new(),
        }
    }

    /// This grows, and is plotted.
    pub fn grows(&mut self, growth: Growth) {
        self.growths.push(growth);
    }

    /// These latencies are plotted.
    pub fn percentiles(&mut self, all: &[(&str, &Latency)]) {
        let curve =
            |(name, latency): &(&str, &Latency)| Curve::new(name, latency.curve().collect());
        self.latencies.extend(all.iter().map(curve));
    }

    /// So many were finished in each tenth of a second.
    pub fn over_time(&mut self, all: &[(&str, &[u64])]) {
        let curve = |(name, tenths): &(&str, &[u64])| Curve::new(name, plots::smoothed(tenths));
        self.throughput.extend(all.iter().map(curve));
    }

    /// Writes what there is to plot.
    pub fn plot(&self, folder: &Path) -> io::Result<()> {
        let name = self.json["name"].as_str().unwrap_or("scenario");
        if self.latencies.iter().any(|curve| !curve.points.is_empty()) {
            let text = plots::latency(&format!("{name}: latency"), &self.latencies);
            std::fs::write(folder.join(format!("{name}-latency.svg")), text)?;
        }
        if self.throughput.iter().any(|curve| !curve.points.is_empty()) {
            let text = plots::throughput(&format!("{name}: throughput"), &self.throughput);
            std::fs::write(folder.join(format!("{name}-throughput.svg")), text)?;
        }
        for growth in &self.growths {
            std::fs::write(folder.join(format!("{name}-{}.svg", growth.name)), growth.draw())?;
        }
        Ok(())
    }
}

/// `one` by `other`, in thousandths; 0 where there is nothing to divide by.
pub fn permille(one: u64, other: u64) -> u64 {
    let ratio = u128::from(one) * 1_000 / u128::from(other.max(1));
    if other == 0 { 0 } else { u64::try_from(ratio).unwrap_or(u64::MAX) }
}

/// Thousandths as people read them: 0.75.
pub fn ratio(permille: u64) -> String {
    let hundredths = (permille + 5) / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The one in the middle; 0 of none.
pub fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_whole_numbers_and_read_well() {
        assert_eq!((permille(3, 4), permille(5, 0), permille(0, 5)), (750, 0, 0));
        assert_eq!([ratio(750), ratio(1_004), ratio(1_996)], ["0.75", "1.00", "2.00"]);
        assert_eq!((median(vec![9, 1, 5]), median(vec![])), (5, 0));
    }
}
