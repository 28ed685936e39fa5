//! `[sandbox.faults]`: what goes wrong by chance at the sandbox. Apart from the other sections because it
//! is flat where the sandbox's own settings are nested: one key, one line, one environment variable.

use super::duration;
use adapters::sandbox::world::faults::{
    CallbackFaults, Chance, Faults, Outage, OutageKind, Span, Spread,
};
use serde::{Deserialize, Serialize, Serializer};
use std::time::Duration;

/// What goes wrong by chance. A chance of 0 and a time of 0 mean "not at all".
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct FaultsSection {
    #[serde(with = "duration")]
    pub latency_p50: Duration,
    #[serde(with = "duration")]
    pub latency_p99: Duration,
    #[serde(serialize_with = "chance")]
    pub http_500: Chance,
    #[serde(serialize_with = "chance")]
    pub timeout_before_accept: Chance,
    #[serde(serialize_with = "chance")]
    pub timeout_after_accept: Chance,
    #[serde(serialize_with = "chance")]
    pub reset_after_accept: Chance,
    #[serde(serialize_with = "chance")]
    pub garbage_200: Chance,
    pub rate_limit: u32,
    #[serde(with = "duration")]
    pub lookup_misses_for: Duration,
    #[serde(with = "duration")]
    pub finalise_p50: Duration,
    #[serde(with = "duration")]
    pub finalise_p99: Duration,
    #[serde(serialize_with = "chance")]
    pub fail: Chance,
    #[serde(serialize_with = "chance")]
    pub late_return: Chance,
    #[serde(serialize_with = "chance")]
    pub partial: Chance,
    #[serde(serialize_with = "chance")]
    pub callback_lost: Chance,
    #[serde(serialize_with = "chance")]
    pub callback_duplicate: Chance,
    #[serde(serialize_with = "chance")]
    pub callback_reordered: Chance,
    #[serde(with = "duration")]
    pub callback_delay_p99: Duration,
    #[serde(serialize_with = "chance")]
    pub callback_bad_signature: Chance,
    #[serde(serialize_with = "chance")]
    pub callback_before_response: Chance,
    #[serde(with = "duration")]
    pub outage_every: Duration,
    #[serde(with = "duration")]
    pub outage_for: Duration,
    pub outage_kind: OutageWord,
}

/// What callers see of an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum OutageWord {
    /// 503 at once.
    #[serde(rename = "503")]
    Unavailable,
    /// No answer.
    #[serde(rename = "timeout")]
    Silence,
    /// The connection breaks.
    #[serde(rename = "reset")]
    Reset,
}

impl FaultsSection {
    /// As the sandbox takes them. Every key is named, so that none can be read and then forgotten.
    pub fn settings(&self) -> Faults {
        let callback = CallbackFaults {
            lost: self.callback_lost,
            duplicate: self.callback_duplicate,
            reordered: self.callback_reordered,
            delay_p99: some_time(self.callback_delay_p99),
            bad_signature: self.callback_bad_signature,
            before_response: self.callback_before_response,
        };
        Faults {
            latency: spread(self.latency_p50, self.latency_p99),
            http_500: self.http_500,
            timeout_before_accept: self.timeout_before_accept,
            timeout_after_accept: self.timeout_after_accept,
            reset_after_accept: self.reset_after_accept,
            garbage_200: self.garbage_200,
            rate_limit: self.rate_limit,
            visibility_lag: some_time(self.lookup_misses_for),
            finalise: spread(self.finalise_p50, self.finalise_p99),
            fail: self.fail,
            late_return: self.late_return,
            partial: self.partial,
            callback,
            outages: self.outage().into_iter().collect(),
        }
    }

    fn outage(&self) -> Option<Outage> {
        let kind = match self.outage_kind {
            OutageWord::Unavailable => OutageKind::Unavailable,
            OutageWord::Silence => OutageKind::Silence,
            OutageWord::Reset => OutageKind::Reset,
        };
        let (every, lasts) = (some_time(self.outage_every)?, some_time(self.outage_for)?);
        Some(Outage { every, lasts, kind })
    }
}

fn some_time(time: Duration) -> Option<Span> {
    (!time.is_zero()).then_some(Span(time))
}

fn spread(p50: Duration, p99: Duration) -> Option<Spread> {
    (!p99.is_zero()).then_some(Spread { p50: Span(p50), p99: Span(p99) })
}

fn chance<S: Serializer>(chance: &Chance, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(chance)
}
