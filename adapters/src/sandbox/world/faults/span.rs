//! A stretch of time read from text such as "40ms", and a distribution of them. Apart because the
//! shape of a slow provider is drawn here, in whole numbers.

use super::Chance;
use serde::Deserialize;
use std::str::FromStr;
use std::time::Duration;

/// A stretch of time, written as a whole number and a unit: "40ms", "2s", "10m", "24h".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Span, InvalidSpan> {
        let unit_begins = text.find(|c: char| !c.is_ascii_digit()).ok_or(InvalidSpan)?;
        let (number, unit) = text.split_at(unit_begins);
        let millis_each: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(InvalidSpan),
        };
        let count: u64 = number.parse().map_err(|_| InvalidSpan)?;
        count
            .checked_mul(millis_each)
            .map(|millis| Span(Duration::from_millis(millis)))
            .ok_or(InvalidSpan)
    }
}

impl TryFrom<String> for Span {
    type Error = InvalidSpan;

    fn try_from(text: String) -> Result<Span, InvalidSpan> {
        text.parse()
    }
}

/// Not a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a stretch of time is a whole number with ms, s, m or h after it, such as \"40ms\"")]
pub struct InvalidSpan;

/// How long something takes: half of the times less than `p50`, one time in a hundred `p99` or more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The median.
    pub p50: Span,
    /// The 99th percentile.
    pub p99: Span,
}

/// Where the two named percentiles stand among a million draws.
const MEDIAN: u64 = 500_000;
const LATE: u64 = 990_000;

impl Spread {
    /// The time at a draw below a million. Grows with the draw; between the percentiles it grows by
    /// equal factors for equal steps, which makes the long right tail of a log-normal distribution.
    pub fn at(&self, draw: u32) -> Duration {
        let draw = u64::from(draw.min(Chance::CERTAIN.millionths()));
        let (median, late) = (micros(self.p50), micros(self.p99).max(micros(self.p50)));
        let time = if draw < MEDIAN {
            // From a quarter of the median: no network answers at once.
            between((0, median / 4), (MEDIAN, median), draw)
        } else if draw < LATE {
            between((MEDIAN, median), (LATE, late), draw)
        } else {
            between(
                (LATE, late),
                (u64::from(Chance::CERTAIN.millionths()), late.saturating_mul(2)),
                draw,
            )
        };
        Duration::from_micros(time)
    }
}

fn micros(span: Span) -> u64 {
    u64::try_from(span.0.as_micros()).unwrap_or(u64::MAX)
}

/// The value at `place` on the curve from one point to another, by halving: halfway in place is the
/// geometric mean in value, which takes a square root and no float.
fn between(from: (u64, u64), to: (u64, u64), place: u64) -> u64 {
    let (mut low, mut high) = (from, to);
    for _ in 0..16 {
        let middle = (low.0 + (high.0 - low.0) / 2, geometric_mean(low.1, high.1));
        if place < middle.0 { high = middle } else { low = middle }
    }
    low.1
}

fn geometric_mean(a: u64, b: u64) -> u64 {
    let root = (u128::from(a) * u128::from(b)).isqrt();
    // The root of a product of two u64 fits a u64.
    u64::try_from(root).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::Lots;
    use super::*;

    fn span(text: &str) -> Span {
        text.parse().unwrap()
    }

    #[test]
    fn spans_are_read_exactly() {
        let table = [("40ms", 40), ("2s", 2_000), ("10m", 600_000), ("24h", 86_400_000), ("0s", 0)];
        for (text, millis) in table {
            assert_eq!(span(text).0, Duration::from_millis(millis), "{text}");
        }
        for wrong in ["", "40", "s", "1.5s", "-1s", "1 s", "2d", "99999999999999999999h"] {
            assert_eq!(wrong.parse::<Span>(), Err(InvalidSpan), "{wrong}");
        }
    }

    #[test]
    fn draws_fall_as_the_percentiles_say() {
        let spread = Spread { p50: span("40ms"), p99: span("900ms") };
        let lots = Lots::new(7);
        let mut times: Vec<_> =
            (0..10_000).map(|n| spread.at(lots.draw("latency", "r", n))).collect();
        times.sort();
        let near = |place: usize, wanted: u64| {
            let micros = times[place].as_micros();
            let wanted = u128::from(wanted) * 1_000;
            assert!(micros * 10 > wanted * 8 && micros * 10 < wanted * 12, "{place}: {micros}");
        };
        near(5_000, 40);
        near(9_900, 900);
        assert!(
            times[0] >= Duration::from_millis(9) && times[9_999] <= Duration::from_millis(1_800)
        );
    }

    #[test]
    fn time_never_falls_as_the_draw_rises() {
        let spread = Spread { p50: span("1s"), p99: span("1s") };
        let mut last = Duration::ZERO;
        for draw in (0..=1_000_000).step_by(997) {
            let time = spread.at(draw);
            assert!(time >= last);
            last = time;
        }
    }
}
