//! What goes wrong by chance: how often, and how slow. Apart from `behaviour.rs`, where a recipient
//! asks for one fault by name; here the seed and the reference decide, so that a run can be repeated.
//!
//! There is no float in it: chances are parts per million, delays are whole microseconds.

mod chance;
mod span;

pub use chance::{Chance, InvalidChance};
pub use span::{InvalidSpan, Span, Spread};

use serde::Deserialize;

/// Everything that can go wrong by chance; nothing does by default.
///
/// Faults that change what becomes of a payout strike only where the recipient chose nothing: a
/// magic suffix always does what its row says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// How long answers take.
    pub latency: Option<Spread>,
    /// An internal error; of submissions, half are accepted all the same.
    pub http_500: Chance,
    /// No answer, and no payout.
    pub timeout_before_accept: Chance,
    /// No answer, and a payout.
    pub timeout_after_accept: Chance,
    /// The connection breaks, and there is a payout.
    pub reset_after_accept: Chance,
    /// A web page in place of an answer; half of the submissions are accepted all the same.
    pub garbage_200: Chance,
    /// Calls per second of virtual time; more are turned away. 0 is no limit.
    pub rate_limit: u32,
    /// Lookups miss a new payout for so long.
    pub visibility_lag: Option<Span>,
    /// How long settlement takes, in place of the fixed time.
    pub finalise: Option<Spread>,
    /// Fails after acceptance.
    pub fail: Chance,
    /// Settles, and the money comes back.
    pub late_return: Chance,
    /// Settles in part.
    pub partial: Chance,
    /// What happens to callbacks.
    pub callback: CallbackFaults,
    /// When nothing answers at all.
    pub outages: Vec<Outage>,
}

/// What can happen to a callback.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallbackFaults {
    /// Never sent.
    pub lost: Chance,
    /// Sent twice.
    pub duplicate: Chance,
    /// Held back until later ones have overtaken it.
    pub reordered: Chance,
    /// The longest that one is under way; most take far less.
    pub delay_p99: Option<Span>,
    /// Signed with another secret.
    pub bad_signature: Chance,
    /// The payout settles, and the callback is sent, before the submission is answered.
    pub before_response: Chance,
}

/// A stretch of virtual time that comes back, in which every call fails.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// From one beginning to the next, counted from 1970.
    pub every: Span,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Span,
    /// What callers see.
    pub kind: OutageKind,
}

/// What callers see of an outage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum OutageKind {
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

impl Faults {
    /// Whether any fault can change what becomes of a payout; asked before drawing, because drawing
    /// costs more than everything else about a plain payout.
    pub fn touch_payouts(&self) -> bool {
        let chances = [
            self.http_500,
            self.timeout_before_accept,
            self.timeout_after_accept,
            self.reset_after_accept,
            self.garbage_200,
            self.fail,
            self.late_return,
            self.partial,
            self.callback.before_response,
        ];
        self.visibility_lag.is_some() || chances.iter().any(|chance| *chance != Chance::NEVER)
    }

    /// Whether any fault touches callbacks.
    pub fn touch_callbacks(&self) -> bool {
        let faults = &self.callback;
        let chances = [faults.lost, faults.duplicate, faults.reordered, faults.bad_signature];
        faults.delay_p99.is_some() || chances.iter().any(|chance| *chance != Chance::NEVER)
    }
}

/// Draws that come out the same in every run: a function of seed, purpose, reference and number.
#[derive(Clone, Copy, Debug)]
pub struct Lots(u64);

impl Lots {
    /// The draws of that seed.
    pub const fn new(seed: u64) -> Lots {
        Lots(seed)
    }

    /// A number below a million, every one as likely as any other.
    pub fn draw(self, purpose: &str, reference: &str, number: u32) -> u32 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0.to_le_bytes());
        hasher.update(&number.to_le_bytes());
        hasher.update(purpose.as_bytes());
        hasher.update(b"\0");
        hasher.update(reference.as_bytes());
        let mut low = [0; 8];
        hasher.finalize_xof().fill(&mut low);
        (u64::from_le_bytes(low) % u64::from(Chance::CERTAIN.millionths())) as u32
    }

    /// Whether a chance comes true here.
    pub fn strikes(self, chance: Chance, purpose: &str, reference: &str, number: u32) -> bool {
        chance != Chance::NEVER && self.draw(purpose, reference, number) < chance.millionths()
    }
}
