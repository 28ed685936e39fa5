//! What the sandbox's answers mean, in the words that payouts understand. Total: every answer has a
//! meaning, and what is on no list is doubt. Apart from transport, so that HTTP and the transport
//! without it cannot mean different things.

pub mod code;
mod listed;
pub mod order;
mod payout;
mod rate;

pub use listed::listed;
pub use payout::{found, found_in};
pub use rate::{SOURCE as RATE_SOURCE, rated};

use super::wire::{Deferred, PayoutBody, Problem, QuoteBody, Said};
use crate::provider::{Lookup, Quote};
use code::{failure, refusal, undo_refusal};
use domain::entry::Settlement;
use domain::failure::{Failure, Origin};
use domain::money::{Asset, AssetAmount};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use domain::time::Timestamp;
use rust_decimal::Decimal;
use std::time::Duration;

/// What a transport heard after it spoke, or tried to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one lives for one call; a box would cost every good answer an allocation"
)]
pub enum Heard {
    /// An answer of some kind.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body, if it is one of the sandbox's.
        said: Option<Said>,
        /// How long to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// Nothing in time.
    TimedOut,
    /// The connection broke, or what came was no answer.
    Broken,
    /// There was no connection: not a byte left.
    Unreached,
}

impl Heard {
    /// The code in the body of an error.
    pub fn code(&self) -> Option<&str> {
        match self {
            Heard::Answer { said: Some(Said::Problem(Problem { code, .. })), .. } => Some(code),
            _ => None,
        }
    }

    /// The sandbox turned the call away for an old token: nothing came of it.
    pub fn token_expired(&self) -> bool {
        matches!(self, Heard::Answer { status: 401, .. }) && self.code() == Some("token_expired")
    }

    /// What is wrong with it as far as anyone can tell, whatever was asked.
    pub fn doubt(&self) -> Failure {
        let (resolution, origin) = match self {
            Heard::TimedOut => (Resolution::ConnectionTimeoutError, Origin::Transport),
            Heard::Broken | Heard::Unreached => (Resolution::ConnectionError, Origin::Transport),
            Heard::Answer { status, .. } => match status {
                429 => (Resolution::GeneralError, Origin::Provider),
                500..=599 => (Resolution::ProviderInternalError, Origin::Provider),
                400..=499 => (Resolution::Unknown, Origin::Provider),
                // A success or a redirect that is not the sandbox's own is somebody else's.
                _ => (Resolution::ConnectionError, Origin::Transport),
            },
        };
        let why = Failure::new(resolution, origin);
        let why =
            if let Heard::Answer { status, .. } = self { why.with_http(*status) } else { why };
        match self.code() {
            Some(code) => why.with_code(code),
            None => why,
        }
    }
}

/// What became of a submission.
pub fn submitted(heard: Heard, reference: &str) -> SubmitOutcome {
    let why = heard.doubt();
    match heard {
        Heard::Unreached => SubmitOutcome::NotSent { why, retry_after: None },
        Heard::TimedOut | Heard::Broken => SubmitOutcome::Ambiguous { why },
        // Turned away at the door, before anyone looked at what was asked.
        Heard::Answer { status: 429, retry_after, .. } => {
            SubmitOutcome::NotSent { why, retry_after }
        }
        Heard::Answer { status, said: Some(Said::Problem(problem)), .. } => {
            refused(status, &problem, why)
        }
        Heard::Answer { status: 200..=202, said: Some(Said::Payout(told)), .. }
            if told.reference == reference =>
        {
            accepted(told)
        }
        Heard::Answer { .. } => SubmitOutcome::Ambiguous { why },
    }
}

/// What a submission becomes that had no token to go with: it was never sent.
pub fn unsent(heard: Heard) -> SubmitOutcome {
    let why = heard.doubt();
    match heard {
        Heard::Answer { status, said: Some(Said::Problem(problem)), retry_after } => {
            match refusal(status, &problem) {
                Some(why) => SubmitOutcome::Refused { why },
                None => SubmitOutcome::NotSent { why, retry_after },
            }
        }
        _ => SubmitOutcome::NotSent { why, retry_after: None },
    }
}

fn accepted(told: PayoutBody) -> SubmitOutcome {
    if told.status == "rejected" {
        let code = told.code.as_deref().unwrap_or("declined_error");
        return SubmitOutcome::Refused {
            why: failure(code, told.origin.as_deref()).with_http(200),
        };
    }
    let provider_id = told.id.map(String::into_boxed_str);
    SubmitOutcome::Accepted { provider_id, raw_status: Some(told.status.into()) }
}

fn refused(status: u16, problem: &Problem, doubt: Failure) -> SubmitOutcome {
    match (status, &*problem.code) {
        (409, "duplicate_reference") => {
            SubmitOutcome::Duplicate { why: failure("duplicate_reference", None).with_http(409) }
        }
        // A second old token in a row: still nothing came of it, but there is no sense in a third.
        (401, "token_expired") => {
            SubmitOutcome::NotSent { why: doubt, retry_after: Some(Duration::from_secs(1)) }
        }
        _ => match refusal(status, problem) {
            Some(why) => SubmitOutcome::Refused { why },
            None => SubmitOutcome::Ambiguous { why: doubt },
        },
    }
}

/// What a lookup found.
pub fn fetched(heard: Heard, lookup: &Lookup) -> FetchOutcome {
    let why = heard.doubt();
    match heard {
        Heard::Answer { status: 200, said: Some(Said::Payout(told)), .. }
            if told.reference == lookup.reference =>
        {
            FetchOutcome::Found(found_in(lookup.currency, told))
        }
        Heard::Answer {
            status: 202, said: Some(Said::Deferred(Deferred { deferred })), ..
        } => FetchOutcome::Deferred { token: deferred.into() },
        // Only the sandbox's own word: a proxy's 404 knows nothing.
        Heard::Answer { status: 404, .. } if why.provider_code.as_deref() == Some("not_found") => {
            FetchOutcome::NotFound
        }
        Heard::Answer { retry_after, .. } => FetchOutcome::Unknown { why, retry_after },
        Heard::TimedOut | Heard::Broken | Heard::Unreached => {
            FetchOutcome::Unknown { why, retry_after: None }
        }
    }
}

/// What became of a recall or undo.
pub fn undone(heard: Heard, reference: &str) -> UndoOutcome {
    let why = heard.doubt();
    match heard {
        Heard::Answer { status: 200..=202, said: Some(Said::Payout(told)), .. }
            if told.reference == reference =>
        {
            match &*told.status {
                "revoked" | "reversed" => UndoOutcome::Done,
                "revoking" | "reversing" => UndoOutcome::Pending,
                _ => UndoOutcome::Ambiguous {
                    why: Failure { resolution: Resolution::Unknown, ..why },
                },
            }
        }
        Heard::Answer { status, said: Some(Said::Problem(problem)), .. } => {
            match undo_refusal(status, &problem) {
                Some(why) => UndoOutcome::Refused { why },
                None => UndoOutcome::Ambiguous { why },
            }
        }
        _ => UndoOutcome::Ambiguous { why },
    }
}

/// A conversion on offer; what cannot be read to the last digit is none.
pub fn quoted(heard: Heard) -> Result<Quote, Failure> {
    let why = heard.doubt();
    match heard {
        Heard::Answer { status: 200, said: Some(Said::Quote(offer)), .. } => {
            read_quote(offer).ok_or(why)
        }
        Heard::Answer { status, said: Some(Said::Problem(problem)), .. } => {
            Err(refusal(status, &problem).unwrap_or(why))
        }
        _ => Err(why),
    }
}

fn read_quote(offer: QuoteBody) -> Option<Quote> {
    let asset: Asset = offer.asset.parse().ok()?;
    let settlement = Settlement {
        amount: AssetAmount::parse(&offer.asset_amount, asset).ok()?,
        asset,
        rate: Decimal::from_str_exact(&offer.rate).ok()?,
        source: offer.source.into(),
        at: Timestamp(0).plus(Duration::from_secs(u64::try_from(offer.at).ok()?)),
        quote: Some(offer.id.into()),
    };
    Some(Quote { settlement, valid_until: offer.valid_until })
}
