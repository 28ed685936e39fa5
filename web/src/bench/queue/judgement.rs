//! What the provider was called with, held against what it allows and against equal turns. Apart because it is
//! arithmetic over instants and measures nothing.

use super::shares::Shares;
use super::witness::Call;
use crate::bench::latency::grouped;
use crate::bench::report::permille;
use domain::id::MerchantId;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The provider counts the calls of any second.
const SECOND: Duration = Duration::from_secs(1);

/// What came of it.
pub struct Judgement {
    /// Allowed in any second.
    rate: u64,
    /// Calls in the window.
    calls: u64,
    window: Duration,
    /// The calls by those that were due, in thousandths.
    rate_permille: u64,
    /// The most calls of any second.
    busiest: u64,
    /// The longest time without a call.
    pause: Duration,
    /// Of the merchants.
    pub shares: Shares,
}

impl Judgement {
    /// Of the calls from `opened` on; `merchants` with how many payouts each had.
    pub fn of(
        calls: &[Call],
        opened: Instant,
        window: Duration,
        rate: u64,
        merchants: &[(MerchantId, u64)],
    ) -> Judgement {
        let end = opened + window;
        let within = |call: &&Call| call.at >= opened && call.at < end;
        let calls: Vec<&Call> = calls.iter().filter(within).collect();
        let times: Vec<Duration> = calls.iter().map(|call| call.at - opened).collect();
        let due = u128::from(rate) * window.as_micros() / SECOND.as_micros();
        let pauses = times.windows(2).map(|two| two[1] - two[0]);
        let had = |merchant: &MerchantId| {
            let theirs = |call: &&&Call| call.sent.is_some_and(|(whose, _)| whose == *merchant);
            calls.iter().filter(theirs).count() as u64
        };
        let turns: Vec<_> = merchants.iter().map(|(whose, made)| (had(whose), *made)).collect();
        Judgement {
            rate,
            calls: times.len() as u64,
            window,
            rate_permille: permille(times.len() as u64, u64::try_from(due).unwrap_or(u64::MAX)),
            busiest: busiest(&times),
            pause: pauses.max().unwrap_or(window),
            shares: Shares::of(&turns),
        }
    }

    /// What breaks a promise, each a sentence. That the rate is not used up breaks none.
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        if self.busiest > self.rate {
            let (busiest, rate) = (self.busiest, self.rate);
            findings
                .push(format!("queue: {busiest} calls in a second, of which {rate} are allowed"));
        }
        findings.extend(self.shares.finding());
        findings
    }

    /// For people.
    pub fn text(&self) -> String {
        let tenths = self.rate_permille;
        format!(
            "{}.{} % of {} calls/s used ({} in {} ms); at most {} in any second; longest pause {} ms",
            tenths / 10,
            tenths % 10,
            grouped(self.rate),
            grouped(self.calls),
            grouped(u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX)),
            grouped(self.busiest),
            self.pause.as_millis(),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        json!({
            "rate": self.rate,
            "window_ms": millis(self.window),
            "calls": self.calls,
            "rate_permille": self.rate_permille,
            "busiest_second": self.busiest,
            "allowed_in_a_second": self.rate,
            "longest_pause_us": micros(self.pause),
            "shares": self.shares.json(),
        })
    }
}

/// The most calls of any half-open second; the times are in order.
fn busiest(times: &[Duration]) -> u64 {
    let (mut first, mut most) = (0, 0);
    for (place, time) in times.iter().enumerate() {
        while *time - times[first] >= SECOND {
            first += 1;
        }
        most = most.max(place + 1 - first);
    }
    most as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::PayoutId;

    const MERCHANTS: [(MerchantId, u64); 2] = [(MerchantId(1), 90), (MerchantId(2), 10)];

    /// Calls at these milliseconds, each with its merchant; 0 asks.
    fn judged(calls: &[(u64, u64)], seconds: u64, rate: u64) -> Judgement {
        let opened = Instant::now();
        let call = |(millis, merchant): &(u64, u64)| Call {
            at: opened + Duration::from_millis(*millis),
            sent: (*merchant > 0).then_some((MerchantId(*merchant), PayoutId([0; 16]))),
        };
        let calls: Vec<Call> = calls.iter().map(call).collect();
        Judgement::of(&calls, opened, Duration::from_secs(seconds), rate, &MERCHANTS)
    }

    #[test]
    fn a_rate_that_is_kept_in_turns_is_nothing_to_tell() {
        let calls = [(0, 1), (500, 2), (1_000, 0), (1_500, 1), (2_000, 2), (2_900, 0), (3_000, 1)];
        let judged = judged(&calls, 3, 2);
        assert_eq!((judged.calls, judged.rate_permille, judged.busiest), (6, 1_000, 2));
        assert_eq!((judged.pause, judged.shares.submissions), (Duration::from_millis(900), 4));
        assert!(judged.findings().is_empty());
    }

    #[test]
    fn a_second_with_too_many_calls_is_found_wherever_it_begins() {
        let calls = [(400, 1), (900, 2), (1_399, 0), (1_400, 0)];
        let judged = judged(&calls, 2, 2);
        assert_eq!((judged.rate_permille, judged.busiest), (1_000, 3));
        let told = ["queue: 3 calls in a second, of which 2 are allowed"];
        assert_eq!(judged.findings(), told);
    }

    #[test]
    fn a_merchant_that_is_passed_over_is_told() {
        let calls: Vec<_> = (0..6).map(|number| (number * 100, 1)).collect();
        let told = judged(&calls, 1, 10).findings();
        assert_eq!(told, ["queue: of 2 merchants one had 6 turns and another 0"]);
    }
}
