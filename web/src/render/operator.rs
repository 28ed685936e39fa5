//! What only operators see beside the payout itself: whose it is, what is proposed about it, what had
//! best be done, and the incidents that held payouts make.

use super::{AmountOut, PayoutOut, StatementOut, TimeOut, payout, statement};
use crate::app::AppState;
use domain::money::Currency;
use domain::standing::Proposed;
use engine::View;
use engine::moderation_book::Incident;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A payout as operators see it.
#[derive(Serialize, ToSchema)]
#[schema(as = OperatorPayout)]
pub struct OperatorPayoutOut<'p> {
    #[serde(flatten)]
    payout: PayoutOut<'p>,
    /// Whose it is: the merchant's configured name, while a key of it is known.
    #[schema(example = "acme")]
    merchant: Option<String>,
    /// What had best be done about it, while it is held: verify, resubmit, statement or release.
    #[schema(example = "verify")]
    recommended: Option<&'static str>,
    /// The outcome that an operator proposed, until it is decided or voided.
    proposal: Option<ProposalOut<'p>>,
}

/// An outcome that waits for a second person.
#[derive(Serialize, ToSchema)]
#[schema(as = Proposal)]
pub struct ProposalOut<'p> {
    /// The version of the payout that proposes it; the payout has it for as long as it stands.
    #[schema(example = 5)]
    version: u32,
    /// paid, failed, returned or not_sent.
    #[schema(example = "paid")]
    outcome: &'static str,
    /// Why, when it failed.
    resolution: &'static str,
    /// How much was paid, when it was not all.
    amount: Option<AmountOut>,
    /// Who proposes it.
    by: &'p str,
    /// The evidence, in their words.
    reason: &'p str,
    /// When.
    at: TimeOut,
}

/// Held payouts with the same trouble.
#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentOut {
    /// The incident's id.
    #[schema(example = "inc_3k8z2m5v7q9x1c4b6n8d0f2g4h")]
    id: String,
    /// The provider account.
    #[schema(example = "sandbox")]
    provider_account: String,
    /// The resolution that raised it.
    #[schema(example = "CONNECTION_TIMEOUT_ERROR")]
    resolution: &'static str,
    /// doubt, provider_hold, overdue, discrepancy, quarantine, paused or restored.
    #[schema(example = "doubt")]
    cause: &'static str,
    /// How many payouts are held.
    count: u64,
    /// How much, by currency.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"EUR": "250.80"}))]
    amounts: BTreeMap<String, AmountOut>,
    /// When the longest held of them was held.
    first_at: TimeOut,
    /// When the last of them was.
    last_at: TimeOut,
    /// What had best be done: verify, resubmit, statement or release.
    #[schema(example = "verify")]
    recommended: &'static str,
    /// The newest evidence of a few of them. Carries no recipient.
    #[schema(value_type = Vec<SampleOut>)]
    samples: Vec<serde_json::Value>,
}

/// One of an incident's payouts with what its provider last said.
#[derive(Serialize, ToSchema)]
#[schema(as = SampleExchange)]
pub struct SampleOut<'p> {
    /// The payout.
    payout: String,
    /// Our reference of its attempt, for asking the provider's people.
    provider_reference: String,
    /// The newest evidence.
    statement: Option<StatementOut<'p>>,
}

impl<'p> OperatorPayoutOut<'p> {
    /// The payout with what operators see beside it.
    pub fn of(view: &'p View, state: &AppState) -> OperatorPayoutOut<'p> {
        let merchant = state.keys.merchant_name(view.payout.request().merchant);
        let recommended = state.gateway.recommended(&view.payout).map(|one| one.word());
        let proposal = view.payout.standing().proposed.as_deref().map(ProposalOut::of);
        OperatorPayoutOut { payout: payout(view), merchant, recommended, proposal }
    }
}

impl<'p> ProposalOut<'p> {
    fn of(proposed: &'p Proposed) -> ProposalOut<'p> {
        let Proposed { version, proposal, by, reason, at } = proposed;
        ProposalOut {
            version: *version,
            outcome: proposal.outcome.word(),
            resolution: proposal.resolution.code(),
            amount: proposal.amount.map(|amount| AmountOut(amount.value())),
            by,
            reason,
            at: TimeOut(*at),
        }
    }
}

impl IncidentOut {
    /// The incident, with what the providers of a few of its payouts last said.
    pub fn of(incident: &Incident, sample: &[View], state: &AppState) -> IncidentOut {
        let Incident { id, key, count, amounts: sums, first_at, last_at, sample: _ } = incident;
        let recommended = sample.iter().find_map(|view| state.gateway.recommended(&view.payout));
        let shown = sample.iter().map(|view| {
            let newest = view.payout.learned().next_back();
            SampleOut {
                payout: view.payout.id().to_string(),
                provider_reference: view.payout.provider_reference(),
                statement: newest.map(|(entry, learned)| statement(entry, &learned.statement)),
            }
        });
        IncidentOut {
            id: id.to_string(),
            provider_account: key.account.to_string(),
            resolution: key.reason.code(),
            cause: key.cause.word(),
            count: *count,
            amounts: amounts(sums.iter().copied()),
            first_at: TimeOut(*first_at),
            last_at: TimeOut(*last_at),
            recommended: recommended.map_or("verify", |one| one.word()),
            samples: shown.filter_map(|one| serde_json::to_value(one).ok()).collect(),
        }
    }
}

/// Sums by currency, in the currencies' own spelling.
pub fn amounts(sums: impl Iterator<Item = (Currency, Decimal)>) -> BTreeMap<String, AmountOut> {
    sums.map(|(currency, sum)| (currency.code().to_owned(), AmountOut(sum))).collect()
}
