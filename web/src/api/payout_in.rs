//! A payout as a merchant asks for it: read from JSON, judged field by field, and made into what the
//! engine takes. Apart from the handler because it is pure: a body and a time in, a request or every
//! fault out.

mod judge;
mod plain;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use plain::read_plain;

use crate::json::{Fields, Node, Texts};
use crate::problem::{Faults, FieldFault};
use domain::entry::Request;
use domain::id::{Fingerprint, MerchantId};
use domain::recipient::{Field, RecipientInput};
use domain::time::Timestamp;
use std::ops::RangeInclusive;
use std::time::Duration;
use utoipa::ToSchema;

/// A year: no payout waits longer.
pub const EXPIRES_IN_SECONDS_MAX: u64 = 31_536_000;

const EXPIRES_IN_SECONDS: RangeInclusive<u64> = 1..=EXPIRES_IN_SECONDS_MAX;
const SLIPPAGE_BPS: RangeInclusive<u64> = 0..=10_000;

/// The fields in the order of the documentation, which is the order in which faults are told.
const FIELDS: [&str; 12] = [
    "amount",
    "currency",
    "method",
    "recipient",
    "reference",
    "description",
    "metadata",
    "autoprocess",
    "expires_in",
    "expires_at",
    "provider_account",
    "max_slippage_bps",
];

/// A payout to be made.
#[derive(Debug, ToSchema)]
#[schema(as = PayoutRequest, example = json!({
    "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
    "recipient": {
        "type": "bank_account", "name": "Anna Schmidt",
        "iban": "DE89370400440532013000", "country": "DE",
    },
    "reference": "order-1001", "description": "September commission",
    "metadata": {"order": "1001"}, "autoprocess": true, "expires_in": 172_800,
}))]
pub struct PayoutIn<'n> {
    /// A decimal string, more than zero, with no more digits after the point than the currency has.
    #[schema(value_type = String, required = true, example = "125.40")]
    amount: Option<&'n str>,
    /// ISO 4217.
    #[schema(value_type = String, required = true, example = "EUR")]
    currency: Option<&'n str>,
    /// bank_transfer, mobile_money, card, wallet or crypto.
    #[schema(value_type = String, required = true, example = "bank_transfer")]
    method: Option<&'n str>,
    /// To whom: of the type that the method takes.
    #[schema(value_type = crate::openapi::RecipientDoc, required = true)]
    recipient: Option<RecipientInput>,
    /// Yours, unique for ever; at most 128 visible characters.
    #[schema(max_length = 128)]
    reference: Option<&'n str>,
    /// Shown to the recipient where the rail can; at most 500 characters.
    #[schema(max_length = 500)]
    description: Option<&'n str>,
    /// At most 50 keys of at most 40 characters, values of at most 500.
    #[schema(value_type = Option<crate::render::MetadataOut>)]
    metadata: Option<Texts<'n>>,
    /// Send without a process command; true unless it says otherwise.
    autoprocess: Option<bool>,
    /// Seconds from now after which it is not sent any more; at most a year.
    #[schema(minimum = 1, maximum = 31_536_000)]
    expires_in: Option<u64>,
    /// The same as a time; not with expires_in.
    #[schema(value_type = Option<crate::render::TimeOut>)]
    expires_at: Option<&'n str>,
    /// The provider account it must go to; chosen by the gateway if it is null.
    provider_account: Option<&'n str>,
    /// Crypto only: how far the rate may be from the one asked for, in basis points.
    #[schema(minimum = 0, maximum = 10_000)]
    max_slippage_bps: Option<u64>,
}

/// What a request is besides its body.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Who asks.
    pub merchant: MerchantId,
    /// With a live key.
    pub livemode: bool,
    /// When.
    pub now: Timestamp,
    /// What holds when the body names no deadline.
    pub expires_in: Duration,
}

/// Reads a body whole, whatever is unusual about it.
///
/// # Errors
/// Every fault in it, in the order of the documentation; never an empty list.
pub fn read(body: &Node<'_>, around: Circumstances) -> Result<Request, Vec<FieldFault>> {
    let mut faults = Faults::default();
    let given =
        Fields::of_body(body, &mut faults).map(|fields| PayoutIn::read(fields, &mut faults));
    let request = given.and_then(|given| given.judge(body.fingerprint(), around, &mut faults));
    match request {
        Some(request) if faults.is_empty() => Ok(request),
        _ => {
            faults.sort(&FIELDS);
            Err(faults.into_vec())
        }
    }
}

/// Reads a recipient's fields, of whatever type; which of them belong together is judged later.
pub fn recipient(mut fields: Fields<'_, '_>, faults: &mut Faults) -> RecipientInput {
    let mut input = RecipientInput::default();
    for field in Field::ALL {
        let text = fields.text(field.name(), "a string", faults);
        *input.slot(field) = text.map(str::to_owned);
    }
    fields.finish(faults);
    input
}

impl<'n> PayoutIn<'n> {
    fn read(mut fields: Fields<'n, '_>, faults: &mut Faults) -> PayoutIn<'n> {
        let amount = fields.required_text("amount", "a decimal string such as \"125.40\"", faults);
        let currency = fields.required_text("currency", "a string such as \"EUR\"", faults);
        let method = fields.required_text("method", "a string such as \"bank_transfer\"", faults);
        let recipient =
            fields.required_object("recipient", faults).map(|inner| recipient(inner, faults));
        let reference = fields.text("reference", "a string", faults);
        let description = fields.text("description", "a string", faults);
        let metadata = fields.texts("metadata", faults);
        let autoprocess = fields.flag("autoprocess", faults);
        let expires_in =
            fields.whole_number("expires_in", EXPIRES_IN_SECONDS, "invalid_expiry", faults);
        let expires_at =
            fields.text("expires_at", "a time such as \"2026-11-20T09:30:00Z\"", faults);
        let provider_account = fields.text("provider_account", "a string or null", faults);
        let (field, code) = ("max_slippage_bps", "invalid_max_slippage_bps");
        let max_slippage_bps = fields.whole_number(field, SLIPPAGE_BPS, code, faults);
        fields.finish(faults);
        PayoutIn {
            amount,
            currency,
            method,
            recipient,
            reference,
            description,
            metadata,
            autoprocess,
            expires_in,
            expires_at,
            provider_account,
            max_slippage_bps,
        }
    }

    /// Judges every field. `None` means that a fault was recorded, though not for certain by this.
    fn judge(
        self,
        body: Fingerprint,
        around: Circumstances,
        faults: &mut Faults,
    ) -> Option<Request> {
        let PayoutIn {
            amount,
            currency,
            method,
            recipient,
            reference,
            description,
            metadata,
            autoprocess,
            expires_in,
            expires_at,
            provider_account,
            max_slippage_bps,
        } = self;
        let Circumstances { merchant, livemode, now, expires_in: default_expires_in } = around;
        let currency = currency.and_then(|code| judge::currency(code, faults));
        let amount = amount.and_then(|text| judge::amount(text, currency, faults));
        let method = method.and_then(|word| judge::method(word, faults));
        judge::rules(method, amount, currency, faults);
        let recipient = recipient.and_then(|input| judge::recipient(input, method, faults));
        let reference = reference.and_then(|text| judge::reference(text, faults));
        let description = description.and_then(|text| judge::description(text, faults));
        let metadata = judge::metadata(metadata.unwrap_or_default(), faults);
        let deadline = judge::deadline(expires_in, expires_at, now, faults);
        let provider_account = provider_account.and_then(|name| judge::account(name, faults));
        let max_slippage_bps =
            max_slippage_bps.and_then(|bps| judge::slippage(bps, method, faults));
        Some(Request {
            merchant,
            livemode,
            body,
            amount: amount?,
            currency: currency?,
            method: method?,
            recipient: recipient?,
            reference,
            description,
            metadata,
            autoprocess: autoprocess.unwrap_or(true),
            expires_at: deadline.unwrap_or(now.plus(default_expires_in)),
            provider_account,
            max_slippage_bps,
        })
    }
}
