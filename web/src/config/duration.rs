//! Durations as an operator writes them: `"500ms"`, `"2s"`, `"5m"`, `"12h"`, `"2d"`. Apart so that every
//! section spells time in the same way; used as `#[serde(with = "duration")]`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use std::time::Duration;

/// The units, longest first, each in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// What is said of anything else.
const WANTED: &str =
    "expected a whole number and a unit (ms, s, m, h or d), such as \"500ms\" or \"5m\"";

/// Reads a duration.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a duration, {WANTED}");
    let unit_begins = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_begins);
    let (_, millis_each) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let count: u64 = number.parse().map_err(|_| wrong())?;
    count.checked_mul(millis_each).map(Duration::from_millis).ok_or_else(wrong)
}

/// Writes a duration in the longest unit that tells it exactly.
pub fn text(duration: Duration) -> String {
    let millis = duration.as_millis();
    let exact = |each: u64| millis >= u128::from(each) && millis.is_multiple_of(u128::from(each));
    match UNITS.into_iter().find(|(_, each)| exact(*each)) {
        Some((unit, each)) => format!("{}{unit}", millis / u128::from(each)),
        None => "0s".to_owned(),
    }
}

/// For serde.
pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*duration))
}

/// For serde.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        let table =
            [("500ms", 500), ("2s", 2_000), ("90s", 90_000), ("5m", 300_000), ("2d", 172_800_000)];
        for (written, millis) in table {
            assert_eq!(parse(written).unwrap(), Duration::from_millis(millis), "{written}");
            assert_eq!(text(Duration::from_millis(millis)), written);
        }
        assert_eq!(text(Duration::from_secs(172_800)), "2d");
        assert_eq!(text(Duration::ZERO), "0s");
    }

    #[test]
    fn anything_else_is_refused_with_what_is_allowed() {
        for wrong in ["", "5", "s", "1.5s", "-1s", "5 m", "5 minutes", "99999999999999999999h"] {
            assert!(parse(wrong).unwrap_err().contains("ms, s, m, h or d"), "{wrong}");
        }
    }
}
