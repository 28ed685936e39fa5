//! Latencies: counted in microseconds, told as percentiles. Apart so that every scenario tells the same
//! ones, in whole numbers.

use hdrhistogram::{CreationError, Histogram};
use serde_json::{Value, json};
use std::time::Duration;

/// The percentiles that are told, with their names.
const TOLD: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];

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
