//! Latencies: counted in microseconds, told as percentiles. Apart so that every scenario tells the same
//! ones, in whole numbers.

use hdrhistogram::{CreationError, Histogram};
use serde_json::{Value, json};
use std::time::Duration;

/// The percentiles that are told, with their names.
const TOLD: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];

/// The percentiles that are plotted, with their place: log10(1 / (1 - p)) in thousandths.
const PLOTTED: [(u64, f64); 17] = [
    (0, 0.0),
    (125, 25.0),
    (301, 50.0),
    (602, 75.0),
    (1_000, 90.0),
    (1_301, 95.0),
    (1_602, 97.5),
    (1_824, 98.5),
    (2_000, 99.0),
    (2_301, 99.5),
    (2_602, 99.75),
    (3_000, 99.9),
    (3_301, 99.95),
    (3_602, 99.975),
    (4_000, 99.99),
    (4_301, 99.995),
    (5_000, 99.999),
];

/// A minute: whatever takes longer counts as that.
const LONGEST_MICROS: u64 = 60_000_000;

/// Latencies of one kind.
pub struct Latency(Histogram<u64>);

impl Latency {
    /// None yet.
    pub fn new() -> Result<Latency, CreationError> {
        Histogram::new_with_bounds(1, LONGEST_MICROS, 3).map(Latency)
    }

    /// One more.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(LONGEST_MICROS);
        self.0.saturating_record(micros.clamp(1, LONGEST_MICROS));
    }

    /// Those of another run as well.
    pub fn join(&mut self, other: &Latency) {
        // Both have the same bounds.
        let _ = self.0.add(&other.0);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// In microseconds, at a percentile.
    pub fn at(&self, percentile: f64) -> u64 {
        self.0.value_at_percentile(percentile)
    }

    /// For a plot: place on the scale of nines in thousandths of a decade, and microseconds. Not further
    /// than there were requests to say anything about.
    pub fn curve(&self) -> impl Iterator<Item = (u64, u64)> {
        let known = u64::from(self.count().max(1).ilog10()) * 1_000 + 700;
        let told = PLOTTED.into_iter().filter(move |(place, _)| *place <= known);
        told.filter(|_| !self.0.is_empty()).map(|(place, percentile)| (place, self.at(percentile)))
    }

    /// For people: milliseconds.
    pub fn text(&self) -> String {
        let one = |(name, micros): (&str, u64)| {
            format!("{name} {}.{:02} ms", micros / 1_000, micros % 1_000 / 10)
        };
        self.percentiles().map(one).collect::<Vec<_>>().join("  ")
    }

    /// For programs: microseconds.
    pub fn json(&self) -> Value {
        self.percentiles().map(|(name, micros)| (format!("{name}_us"), json!(micros))).collect()
    }

    fn percentiles(&self) -> impl Iterator<Item = (&'static str, u64)> {
        TOLD.into_iter().map(|(name, place)| (name, self.0.value_at_percentile(place)))
    }
}

/// How many in a second.
pub fn per_second(count: u64, time: Duration) -> u64 {
    let micros = time.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

/// A count with its thousands apart: 1,234,567.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_they_should() {
        let mut latency = Latency::new().unwrap();
        for micros in 1..=1_000 {
            latency.record(Duration::from_micros(micros));
        }
        assert!(latency.text().starts_with("p50 0.50 ms  p90 0.90 ms"), "{}", latency.text());
        assert_eq!(latency.json()["max_us"], 1_000);
        assert_eq!(per_second(500, Duration::from_millis(250)), 2_000);
        assert_eq!(
            [grouped(0), grouped(999), grouped(1_000), grouped(12_345_678)],
            ["0", "999", "1,000", "12,345,678"]
        );
    }
}
