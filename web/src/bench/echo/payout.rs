//! A payout as the echo knows it: no more than types, of the form and length that the gateway's have. Apart
//! from the server because it is most of the lines and none of the work.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
struct Recipient {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    iban: Option<String>,
    number: Option<String>,
    email: Option<String>,
    country: Option<String>,
}

/// A request as the echo reads it.
#[derive(Serialize, Deserialize)]
pub struct Asked {
    #[serde(with = "rust_decimal::serde::str")]
    amount: Decimal,
    currency: String,
    method: String,
    recipient: Recipient,
    reference: Option<String>,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
    autoprocess: bool,
}

/// What the gateway says of itself beside what it was told.
#[derive(Serialize)]
pub struct Answered<'a> {
    id: &'static str,
    object: &'static str,
    livemode: bool,
    version: u32,
    status: &'static str,
    state: &'static str,
    money: &'static str,
    #[serde(flatten)]
    asked: &'a Asked,
    moderation_required: bool,
    details_required: [&'static str; 0],
    attempts: [&'static str; 0],
    #[serde(flatten)]
    nothing: Nothing,
    expires_at: &'static str,
    created_at: &'static str,
    updated_at: &'static str,
}

/// Fields that are null in a new payout.
#[derive(Default, Serialize)]
struct Nothing {
    resolution: Option<()>,
    amount_processed: Option<()>,
    fee: Option<()>,
    moderation: Option<()>,
    provider_account: Option<()>,
    quote: Option<()>,
    settlement: Option<()>,
    failure: Option<()>,
    next_check_at: Option<()>,
}

const NOW: &str = "2026-11-21T16:17:56.752710Z";

/// The answer to it.
pub fn answered(asked: &Asked) -> Answered<'_> {
    Answered {
        id: "po_2v2v0rs9rdwm6g8knvejjnh6tv",
        object: "payout",
        livemode: false,
        version: 2,
        status: "READY",
        state: "pending",
        money: "not_sent",
        asked,
        moderation_required: false,
        details_required: [],
        attempts: [],
        nothing: Nothing::default(),
        expires_at: NOW,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// A payout for whoever reads one.
pub fn kept() -> Asked {
    let text = |text: &str| Some(text.to_owned());
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Asked {
        amount: Decimal::new(12_540, 2),
        currency: "EUR".to_owned(),
        method: "bank_transfer".to_owned(),
        recipient: Recipient {
            kind: "bank_account".to_owned(),
            name: text("A*** S****** 00001"),
            iban: text("DE89**************3000"),
            number: None,
            email: None,
            country: text("DE"),
        },
        reference: text("order-create-000000000001"),
        description: text("Commission for September, thank you"),
        metadata: [pair("customer", "c-00000001"), pair("order", "000000000001")].into(),
        autoprocess: false,
    }
}
