//! The sandbox's JSON, as both of its sides speak it. Apart from what it means (`map.rs` for us,
//! `world.rs` for the sandbox), so that neither side can lean on the other's types.
//!
//! Words are texts here and not enums: an adapter must survive a word it does not know. What holds
//! recipients has no `Debug`, so that no log can show one.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A word from a fixed list when written, any text when read.
pub type Text = Cow<'static, str>;

/// The header that carries a callback's signature, in lower case.
pub const SIGNATURE_HEADER: &str = "sandbox-signature";

/// The last part of the path of a recall.
pub const REVOKE: &str = "revoke";

/// The last part of the path of an undo.
pub const REVERSE: &str = "reverse";

/// The code of the answer about a pair that has no rate.
pub const NOT_OFFERED: &str = "not_offered";

/// `POST /v1/token`.
#[derive(Serialize, Deserialize)]
pub struct TokenRequest<'a> {
    /// Who asks.
    pub client_id: Cow<'a, str>,
    /// Its proof.
    pub client_secret: Cow<'a, str>,
}

/// The answer to it.
#[derive(Serialize, Deserialize)]
pub struct TokenBody {
    /// Goes into `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds that it is good for.
    pub expires_in: u64,
}

/// `POST /v1/payouts`.
#[derive(Serialize, Deserialize)]
pub struct PayoutRequest<'a> {
    /// The sender's name for the attempt; one payment per reference.
    pub reference: Cow<'a, str>,
    /// The payout it belongs to, `po_…`.
    pub payout: Cow<'a, str>,
    /// Decimal text in the currency's main unit.
    pub amount: Cow<'a, str>,
    /// ISO 4217.
    pub currency: Cow<'a, str>,
    /// How it travels.
    pub method: Cow<'a, str>,
    /// To whom.
    pub recipient: RecipientBody<'a>,
    /// Shown to the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Cow<'a, str>>,
    /// The conversion it is to be sent under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Cow<'a, str>>,
    /// How much of the asset, where there is a conversion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_amount: Option<Cow<'a, str>>,
    /// Where callbacks go; without it there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<Cow<'a, str>>,
}

/// A recipient of any of the five kinds, flat.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "each is its name on the wire; `kind` is spelled `type` there")]
pub struct RecipientBody<'a> {
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_number: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sim_status: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sim_resolution: Option<Cow<'a, str>>,
}

/// A payout as the sandbox tells it, in answers of every kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayoutBody {
    /// The sandbox's own id; a refused submission has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The sender's reference, repeated.
    pub reference: String,
    /// The status word.
    pub status: Text,
    /// What was asked for.
    pub amount: String,
    /// In what.
    pub currency: String,
    /// What was paid, once something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_amount: Option<String>,
    /// Why it failed or was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text>,
    /// Who said no: provider, network or recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Text>,
}

/// One line of the answer to `GET /v1/transactions?from=…&to=…&limit=…&cursor=…`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransactionRow {
    /// When it was taken, in microseconds since 1970.
    pub at: i64,
    /// What it is and what became of it, as a lookup tells it.
    #[serde(flatten)]
    pub payout: PayoutBody,
}

/// The body of an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// A stable word.
    pub code: Text,
    /// Who said no, where that is not the sandbox itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Text>,
}

/// A status that is not told now but called back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deferred {
    /// The callback with the answer will carry this.
    pub deferred: String,
}

/// `POST /v1/quotes`.
#[derive(Serialize, Deserialize)]
pub struct QuoteRequest<'a> {
    /// The payout that it is for.
    pub payout: Cow<'a, str>,
    /// Decimal text.
    pub amount: Cow<'a, str>,
    /// ISO 4217.
    pub currency: Cow<'a, str>,
    /// The chain follows from it.
    pub recipient: RecipientBody<'a>,
}

/// A conversion on offer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QuoteBody {
    /// Its name.
    pub id: String,
    /// The asset's ticker.
    pub asset: Text,
    /// How much would be transmitted.
    pub asset_amount: String,
    /// Units of the asset for one unit of the currency.
    pub rate: String,
    /// Where the rate is from.
    pub source: Text,
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// The offer ends here, in seconds since 1970.
    pub valid_until: i64,
}

/// The answer to `GET /v1/rates?from=EUR&to=BTC`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RateBody {
    /// ISO 4217.
    pub from: String,
    /// The asset's ticker.
    pub to: Text,
    /// Units of the asset for one unit of the currency.
    pub rate: String,
    /// When it was asked for, in seconds since 1970.
    pub at: i64,
}

/// Any body that the sandbox answers with; the fields tell them apart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the types within say it")]
pub enum Said {
    Payout(PayoutBody),
    Transactions(Page<TransactionRow>),
    Quote(QuoteBody),
    Rate(RateBody),
    Deferred(Deferred),
    Problem(Problem),
}

/// The body of a callback. The optional fields stand only in the answer to a deferred question:
/// any other callback merely says that there is news.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallbackBody {
    /// The same for every copy of one event.
    pub event_id: String,
    /// The sender's reference.
    pub reference: String,
    /// The payout, `po_…`.
    pub payout: String,
    /// The status word.
    pub status: Text,
    /// What was asked for.
    pub amount: String,
    /// In what.
    pub currency: String,
    /// The token of the question that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// As in [`PayoutBody`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_amount: Option<String>,
    /// As in [`PayoutBody`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text>,
    /// As in [`PayoutBody`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Text>,
}

/// One line of `GET /_sim/ledger`: what truly happened to the money of one reference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The payout, `po_…`.
    pub payout: String,
    /// The sender's reference.
    pub reference: String,
    /// How many times it was paid.
    pub paid: u32,
    /// How many times the money came back.
    pub returned: u32,
    /// How many times it was recalled unpaid.
    pub revoked: u32,
    /// What was paid; while unpaid, what was asked for.
    pub amount: String,
    /// In what.
    pub currency: String,
}

/// One line of `GET /_sim/calls`: how often the sandbox was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallsRow {
    /// The payout, `po_…`.
    pub payout: String,
    /// The sender's reference.
    pub reference: String,
    /// Submissions seen, refused ones too.
    pub submits: u32,
    /// Status questions seen.
    pub fetches: u32,
}

/// A page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The lines, oldest first.
    pub data: Vec<T>,
    /// There are more.
    pub has_more: bool,
    /// Where they begin.
    pub next_cursor: Option<String>,
}
