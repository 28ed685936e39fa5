//! A payout as its readers see it: one function, for answers, lists, events and the console alike.
//! Apart from the handlers so that no two places can show the same payout differently.

mod attempts;
mod event;
mod operator;
mod outcome;
mod record;
mod snapshot;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod time;
mod verification;
mod words;

pub use attempts::AttemptOut;
pub use event::{EventDataOut, EventOut, event};
pub use operator::{IncidentOut, OperatorPayoutOut, ProposalOut, SampleOut, amounts};
pub use outcome::{FailureCodeOut, FailureOut, ModerationOut, QuoteOut, RateOut, SettlementOut};
pub use record::{HistoryRowOut, StatementOut, history, statement, statements};
pub use snapshot::{SnapshotOut, TallyRowOut, snapshot, tally};
pub use time::TimeOut;
pub use verification::{
    CheckedOut, DivergenceOut, ProgressOut, ReportOut, VerificationOut, report, verification,
};
pub use words::{AmountOut, MetadataOut, PayoutIdOut, RecipientOut};

use domain::entry::Request;
use domain::payout::Payout;
use domain::standing::Standing;
use domain::status::Status;
use engine::View;
use serde::Serialize;
use utoipa::ToSchema;

/// One payout.
#[derive(Serialize, ToSchema)]
#[schema(as = Payout)]
pub struct PayoutOut<'p> {
    /// The payout's id.
    #[schema(value_type = String, example = "po_3k8z2m5v7q9x1c4b6n8d0f2g4h")]
    pub id: PayoutIdOut,
    /// Always "payout".
    #[schema(example = "payout")]
    pub object: &'static str,
    /// Made with a live key.
    pub livemode: bool,
    /// Rises with everything that happens to the payout.
    #[schema(example = 4)]
    pub version: u32,
    /// At what stage it is: one of the 18 codes.
    #[schema(example = "PROCESSED")]
    pub status: &'static str,
    /// The status in four words: pending, processing, completed, failed.
    #[schema(example = "completed")]
    pub state: &'static str,
    /// Nothing leaves this status any more.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// How the last request to the provider ended: one of the 27 codes.
    #[schema(example = "OK")]
    pub resolution: Option<&'static str>,
    /// Where the money is: not_sent, unknown, in_flight, paid, returned.
    #[schema(example = "paid")]
    pub money: &'static str,
    /// How much was asked for.
    pub amount: AmountOut,
    /// In what: ISO 4217.
    #[schema(example = "EUR")]
    pub currency: &'p str,
    /// How much was verified as paid.
    pub amount_processed: Option<AmountOut>,
    /// The provider's fee, where it names one.
    pub fee: Option<AmountOut>,
    /// Held: nothing is sent until evidence or an operator releases it.
    pub moderation_required: bool,
    /// Why it is held.
    pub moderation: Option<ModerationOut>,
    /// How the money travels.
    #[schema(example = "bank_transfer")]
    pub method: &'static str,
    /// To whom, masked.
    pub recipient: RecipientOut,
    /// The merchant's own reference.
    #[schema(example = "order-1001")]
    pub reference: Option<&'p str>,
    /// Shown to the recipient where the rail can.
    pub description: Option<&'p str>,
    /// The merchant's own pairs.
    pub metadata: MetadataOut<'p>,
    /// Sent without a process command.
    pub autoprocess: bool,
    /// Details that are wanted before anything is sent.
    pub details_required: Vec<&'static str>,
    /// The provider account it went to, or must go to.
    #[schema(example = "sandbox")]
    pub provider_account: Option<&'p str>,
    /// Every submission; one that was sent again is the same attempt.
    pub attempts: Vec<AttemptOut<'p>>,
    /// The rate at its creation, for methods that convert.
    pub quote: Option<QuoteOut<'p>>,
    /// The conversion as it was sent, for methods that convert.
    pub settlement: Option<SettlementOut<'p>>,
    /// Why it failed, when its state is failed.
    pub failure: Option<FailureOut>,
    /// When the provider is asked next.
    pub next_check_at: Option<TimeOut>,
    /// It expires then while it waits for its merchant. Once asked to be sent it expires no more;
    /// once sent it is recalled, where the provider can, this long after its creation and as much
    /// later as it waited in the gateway's own queue.
    pub expires_at: TimeOut,
    /// When it was made.
    pub created_at: TimeOut,
    /// When something last happened to it.
    pub updated_at: TimeOut,
}

/// Renders a payout.
pub fn payout(view: &View) -> PayoutOut<'_> {
    let View { payout, next_check_at } = view;
    // What only steers the engine is not shown, and must be named here to be left out.
    let Standing {
        status,
        money,
        resolution,
        hold,
        amount_processed,
        sought_since: _,
        attempt: _,
        sends: _,
        open_send: _,
        in_doubt: _,
        process_asked: _,
        resubmit_asked: _,
        not_before: _,
        rate_missed: _,
        queued_since: _,
        queued_for: _,
        settled_at: _,
        proposed: _,
    } = payout.standing();
    let Request {
        merchant: _,
        livemode,
        body: _,
        amount,
        currency,
        method,
        recipient: _,
        reference,
        description,
        metadata,
        autoprocess,
        expires_at,
        provider_account: _,
        max_slippage_bps: _,
    } = payout.request().as_ref();
    PayoutOut {
        id: PayoutIdOut(payout.id()),
        object: "payout",
        livemode: *livemode,
        version: payout.version(),
        status: status.code(),
        state: payout.state().word(),
        is_final: status.is_final(),
        resolution: resolution.map(|one| one.code()),
        money: money.word(),
        amount: AmountOut(amount.value()),
        currency: currency.code(),
        amount_processed: amount_processed.map(|amount| AmountOut(amount.value())),
        fee: payout.fee().map(|fee| AmountOut(fee.value())),
        moderation_required: hold.is_some(),
        moderation: ModerationOut::of(payout),
        method: method.word(),
        recipient: RecipientOut(payout.recipient().masked()),
        reference: reference.as_deref(),
        description: description.as_deref(),
        metadata: MetadataOut(metadata),
        autoprocess: *autoprocess,
        details_required: details_required(payout),
        provider_account: payout.account(),
        attempts: attempts::of(payout),
        quote: QuoteOut::of(payout),
        settlement: payout
            .last_intent()
            .and_then(|intent| SettlementOut::of(intent, currency.code())),
        failure: FailureOut::of(payout),
        next_check_at: next_check_at.map(TimeOut),
        expires_at: TimeOut(*expires_at),
        created_at: TimeOut(payout.created_at()),
        updated_at: TimeOut(payout.updated_at()),
    }
}

/// Wanted only while it could still be sent.
fn details_required(payout: &Payout) -> Vec<&'static str> {
    match payout.status() {
        Status::Created => payout.recipient().missing_details(),
        _ => Vec::new(),
    }
}
