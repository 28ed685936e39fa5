//! The requests of a bench: of realistic size, each with data of its own, all with a valid IBAN whose
//! last digits ask the sandbox for nothing special. Apart from the scenarios, which only send them.

use domain::entry::Request;
use domain::id::{Fingerprint, MerchantId};
use domain::method::Method;
use domain::money::{Amount, Currency, InvalidAmount, UnknownCurrency};
use domain::recipient::{Recipient, RecipientInput};
use domain::time::Timestamp;
use std::time::Duration;

/// Different recipients: enough that no cache line is shared by all.
const RECIPIENTS: u64 = 1_000;

/// What requests are made from.
pub struct Workload {
    merchant: MerchantId,
    currency: Currency,
    recipients: Vec<Recipient>,
    expires_at: Timestamp,
    autoprocess: bool,
    /// Goes into keys and references, so that two scenarios on one engine make different payouts.
    name: &'static str,
}

/// The workload contradicts the domain's own rules: a mistake in this file.
#[derive(Debug, thiserror::Error)]
#[error("the workload is invalid")]
pub struct InvalidWorkload;

impl From<UnknownCurrency> for InvalidWorkload {
    fn from(_: UnknownCurrency) -> InvalidWorkload {
        InvalidWorkload
    }
}

impl Workload {
    /// Requests of this merchant, processed by themselves or waiting for ever.
    pub fn new(
        name: &'static str,
        merchant: MerchantId,
        now: Timestamp,
        autoprocess: bool,
    ) -> Result<Workload, InvalidWorkload> {
        let recipients = (0..RECIPIENTS).map(recipient).collect::<Result<_, _>>()?;
        Ok(Workload {
            merchant,
            currency: Currency::parse("EUR")?,
            recipients,
            expires_at: now.plus(Duration::from_secs(172_800)),
            autoprocess,
            name,
        })
    }

    /// The idempotency key of request `number`.
    pub fn key(&self, number: u64) -> String {
        format!("{}-{number:012}", self.name)
    }

    /// Request `number`, under `key`.
    pub fn request(&self, number: u64, key: &str) -> Result<Request, InvalidAmount> {
        let place = usize::try_from(number % RECIPIENTS).unwrap_or(0);
        let minor = 1_000 + u128::from(number % 90_000);
        Ok(Request {
            merchant: self.merchant,
            livemode: false,
            body: Fingerprint::of(key.as_bytes()),
            amount: Amount::from_minor_units(minor, self.currency)?,
            currency: self.currency,
            method: Method::BankTransfer,
            recipient: self.recipients[place].clone(),
            reference: Some(format!("order-{key}").into()),
            description: Some("Commission for September, thank you".into()),
            metadata: Box::new([
                ("customer".into(), format!("c-{:08}", number % 99_991).into()),
                ("order".into(), format!("{number:012}").into()),
            ]),
            autoprocess: self.autoprocess,
            expires_at: self.expires_at,
            provider_account: None,
            max_slippage_bps: None,
        })
    }
}

fn recipient(number: u64) -> Result<Recipient, InvalidWorkload> {
    let input = RecipientInput {
        kind: Some("bank_account".to_owned()),
        name: Some(format!("Anna Schmidt-Berger {number:04}")),
        iban: Some(german_iban(number)),
        country: Some("DE".to_owned()),
        ..RecipientInput::default()
    };
    Recipient::build(input).map_err(|_| InvalidWorkload)
}

/// An IBAN whose account ends in 000: "nothing special" to the sandbox.
fn german_iban(number: u64) -> String {
    let account = format!("37040044{number:07}000");
    // ISO 13616: the country's letters count from A = 10, and two zeros stand for the check digits.
    let digits = format!("{account}131400");
    let rest = digits.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{account}", 98 - rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use domain::id::MerchantId;

    #[test]
    fn the_domain_takes_the_workload_and_no_two_requests_are_equal() {
        let merchant = MerchantId::from_name("bench");
        let workload = Workload::new("t", merchant, Timestamp(0), true).unwrap();
        let (first, second) = (workload.key(1), workload.key(1_001));
        let (one, other) =
            (workload.request(1, &first).unwrap(), workload.request(1_001, &second).unwrap());
        assert_eq!(one.recipient, other.recipient);
        assert!(first != second && one.reference != other.reference && one.body != other.body);
        assert_eq!(one.recipient.suffix(), Some(*b"000"));
        assert_eq!(german_iban(532_013).len(), 22);
    }
}
