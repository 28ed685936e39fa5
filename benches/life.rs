//! One ordinary life: a bank transfer that its provider takes, queues and pays.
//!
//! Apart from the benchmarks because all of them must mean the same payout.

use std::{error::Error, time::Duration};

use domain::{
    decide::{Input, create, decide},
    entry::Request,
    id::{Fingerprint, IdKey, MerchantId, PayoutId},
    method::Method,
    money::{Amount, Currency},
    payout::Payout,
    recipient::{Recipient, RecipientInput},
    report::{FetchOutcome, Found, ProviderState, Report, SubmitOutcome, Waited},
    schedule::{Policy, PollPlan, Watch},
    time::Timestamp,
};

/// 2026-01-01.
const BEGIN: Timestamp = Timestamp(1_767_225_600_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// The same request as its merchant sends it.
pub const BODY: &str = r#"{"amount": "125.40", "currency": "EUR", "method": "bank_transfer",
"recipient": {"type": "bank_account", "name": "Anna Schmidt", "iban": "DE89370400440532013000", "country": "DE"},
"reference": "INV-2026-000123", "description": "Refund of order 000123",
"metadata": {"order_id": "ord_8f14e45fceea"}}"#;

/// What the merchant asks for, and what then reaches the payout.
pub struct Life {
    pub id: PayoutId,
    pub request: Request,
    pub policy: Policy,
    pub inputs: Vec<Input>,
}

impl Life {
    /// The ordinary one.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let request = request()?;
        let id = PayoutId::derive(&IdKey([7; 32]), request.merchant, "order-2026-000123");
        let inputs = vec![
            Input::Permit { account: "sandbox-eu-1".into(), settlement: None },
            Input::Report(Report::Submitted {
                attempt: 1,
                outcome: SubmitOutcome::Accepted {
                    provider_id: Some("tr_01JH8Z4Q6N7V3K2M5P9R".into()),
                    raw_status: Some("PAYMENT_ACCEPTED".into()),
                },
            }),
            found(ProviderState::Queued, "PAYMENT_QUEUED"),
            found(ProviderState::Settled, "PAYMENT_SETTLED"),
        ];
        Ok(Self { id, request, policy: policy(), inputs })
    }

    /// Lives it from the first step to the last.
    pub fn live(&self) -> Result<Payout, Box<dyn Error>> {
        let mut now = BEGIN;
        let first = create(self.id, self.request.clone(), None, now);
        let mut payout = Payout::from_entries(self.id, first.entries)?;
        for input in &self.inputs {
            now = now.plus(SECOND);
            let step = decide(&payout, input.clone(), Watch::default(), now, &self.policy)?;
            for entry in step.entries {
                payout.apply(entry)?;
            }
        }
        Ok(payout)
    }
}

fn found(state: ProviderState, word: &str) -> Input {
    let found = Found { raw_status: Some(word.into()), ..Found::new(state) };
    // A payment that was found is believed however long it was waited for.
    let waited = Waited::default();
    Input::Report(Report::Fetched { waited, account: None, outcome: FetchOutcome::Found(found) })
}

fn request() -> Result<Request, Box<dyn Error>> {
    let currency: Currency = "EUR".parse()?;
    let recipient = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    Ok(Request {
        merchant: MerchantId::from_name("acme"),
        livemode: true,
        body: Fingerprint::of(b"the canonical body"),
        amount: Amount::parse("125.40", currency)?,
        currency,
        method: Method::BankTransfer,
        recipient: Recipient::build(recipient).map_err(|faults| format!("{faults:?}"))?,
        reference: Some("INV-2026-000123".into()),
        description: Some("Refund of order 000123".into()),
        metadata: Box::new([("order_id".into(), "ord_8f14e45fceea".into())]),
        autoprocess: true,
        expires_at: BEGIN.plus(SECOND * 86_400),
        provider_account: None,
        max_slippage_bps: None,
    })
}

fn policy() -> Policy {
    let poll = PollPlan { first: SECOND, factor: 2, cap: SECOND * 60, give_up: SECOND * 86_400 };
    Policy {
        poll,
        can_revoke: true,
        can_cancel: true,
        not_found_final_after: None,
        visibility_lag: SECOND * 2,
        resend_is_safe: true,
        late_return: None,
        believe_signed_callbacks: false,
    }
}
