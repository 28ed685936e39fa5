//! How it went: why a payout is held, why it failed, and what it was converted to.

use super::{AmountOut, TimeOut};
use domain::conversion::Rate;
use domain::entry::{Intent, Settlement};
use domain::failure::Failure;
use domain::incident::IncidentKey;
use domain::payout::{FailureCode, Payout};
use domain::resolution::Resolution;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a payout is held.
#[derive(Serialize, ToSchema)]
#[schema(as = Moderation)]
pub struct ModerationOut {
    /// The resolution that raised it, or PAUSED where an operator did.
    #[schema(example = "CONNECTION_TIMEOUT_ERROR")]
    pub reason: &'static str,
    /// doubt, provider_hold, overdue, discrepancy, quarantine, paused or restored.
    #[schema(example = "doubt")]
    pub cause: &'static str,
    /// Since when.
    pub since: TimeOut,
    /// The incident that it is part of: all payouts with the same trouble on one day.
    #[schema(example = "inc_3k8z2m5v7q9x1c4b6n8d0f2g4h")]
    pub incident: String,
    /// Who releases it: "verify", the provider's next clear word; or "operator", only a person.
    #[schema(example = "verify")]
    pub next_step: &'static str,
}

impl ModerationOut {
    pub(super) fn of(payout: &Payout) -> Option<ModerationOut> {
        let (hold, since) = payout.standing().hold?;
        let (key, _) = IncidentKey::of(payout)?;
        let verified = hold.cause.released_by_evidence();
        Some(ModerationOut {
            reason: hold.reason_code(),
            cause: hold.cause.word(),
            since: TimeOut(since),
            incident: key.id().to_string(),
            next_step: if verified { "verify" } else { "operator" },
        })
    }
}

/// Why a payout failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailureOut {
    /// The code with its category.
    pub code: FailureCodeOut,
    /// The code's sentence again.
    pub message: &'static str,
    /// The provider's own code, as it spelled it.
    pub provider_code: Option<Box<str>>,
    /// Who said no: platform, merchant, provider, network, recipient, transport.
    #[schema(example = "provider")]
    pub origin: &'static str,
    /// Whether the same payout, made anew, may go through without anybody mending anything.
    pub retryable: bool,
}

/// The code of a failure.
#[derive(Serialize, ToSchema)]
#[schema(as = FailureCode)]
pub struct FailureCodeOut {
    /// A resolution, or TERMINATED, REVOKED, CANCELLED.
    #[schema(example = "RECIPIENT_NOT_FOUND")]
    pub value: &'static str,
    /// One of seven, by who can mend it.
    #[schema(example = "RECIPIENT_ERROR")]
    pub category: &'static str,
    /// A sentence for a person.
    #[schema(example = "The recipient was not found.")]
    pub message: &'static str,
}

impl FailureOut {
    pub(super) fn of(payout: &Payout) -> Option<FailureOut> {
        let (code, category, why) = payout.failure()?;
        let Failure { resolution: _, origin, provider_code, http_status: _ } = why;
        let message = code.message();
        Some(FailureOut {
            code: FailureCodeOut { value: code.code(), category: category.code(), message },
            message,
            provider_code,
            origin: origin.word(),
            retryable: is_retryable(code),
        })
    }
}

/// Total over the resolutions, so that a new one must be judged.
const fn is_retryable(code: FailureCode) -> bool {
    use Resolution::*;
    let FailureCode::Resolution(resolution) = code else {
        // The merchant's own doing, or the recipient's.
        return false;
    };
    match resolution {
        ConnectionError | ProviderInternalError | ConnectionTimeoutError | GeneralError => true,
        InsufficientFunds | LimitViolation => true,
        InternalError | OperationExpired | ProcessingError => true,
        Ok | Unknown | DuplicatedId => false,
        InvalidDetails | InvalidRequest | RequestError | InvalidAmount | InvalidMethod => false,
        InvalidCredentials | ForbiddenIp | SignatureError | AccessError | AccessDenied => false,
        AntifraudError | DeclinedError | RecipientNotFound | InvalidRecipient => false,
        GeneralFatalError => false,
    }
}

/// What a payout was converted to when it was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Settlement)]
pub struct SettlementOut<'p> {
    /// How much is transmitted.
    #[schema(example = "0.00211000")]
    pub amount: AmountOut,
    /// Of which asset.
    #[schema(example = "BTC")]
    pub currency: &'static str,
    /// At which rate.
    pub rate: RateOut<'p>,
}

/// The rate when the payout was made, for methods that convert.
#[derive(Serialize, ToSchema)]
#[schema(as = Quote)]
pub struct QuoteOut<'p> {
    /// The rate then.
    pub rate: RateOut<'p>,
    /// How far the rate may be from it when the payout is sent, in basis points and either direction.
    #[schema(example = 50)]
    pub max_slippage_bps: Option<u32>,
    /// At its turn the rate was further away: the payout waits for a better one until it expires.
    pub missed: bool,
}

impl<'p> QuoteOut<'p> {
    pub(super) fn of(payout: &'p Payout) -> Option<QuoteOut<'p>> {
        let Rate { from, to, value, source, at } = payout.quoted()?;
        let (from, to) = (from.code(), to.symbol());
        Some(QuoteOut {
            rate: RateOut { value: AmountOut(*value), from, to, source, at: TimeOut(*at) },
            max_slippage_bps: payout.request().max_slippage_bps,
            missed: payout.standing().rate_missed,
        })
    }
}

/// A rate, as captured when the payout was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Rate)]
pub struct RateOut<'p> {
    /// Units of `to` for one unit of `from`.
    #[schema(example = "0.00001683")]
    pub value: AmountOut,
    /// The payout's currency.
    #[schema(example = "EUR")]
    pub from: &'p str,
    /// The asset.
    #[schema(example = "BTC")]
    pub to: &'static str,
    /// Where the rate came from.
    pub source: &'p str,
    /// When it was quoted.
    pub at: TimeOut,
}

impl<'p> SettlementOut<'p> {
    pub(super) fn of(intent: &'p Intent, from: &'p str) -> Option<SettlementOut<'p>> {
        let Settlement { amount, asset, rate, source, at, quote: _ } =
            intent.settlement.as_ref()?;
        let to = asset.symbol();
        let rate = RateOut { value: AmountOut(*rate), from, to, source, at: TimeOut(*at) };
        Some(SettlementOut { amount: AmountOut(amount.value()), currency: to, rate })
    }
}
