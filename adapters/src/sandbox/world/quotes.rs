//! Conversions: a fixed table of prices, and offers that end. Apart from payouts because neither
//! moves money.

use super::reply::Reply;
use super::{World, suffix};
use crate::sandbox::clock::seconds;
use crate::sandbox::wire::{NOT_OFFERED, QuoteBody, RateBody, RecipientBody, Said};
use domain::id::PayoutId;
use domain::money::{Amount, Asset, AssetAmount, Currency};
use domain::time::Timestamp;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// How long an offer stands.
const VALID_SECONDS: i64 = 30;

/// What is to be converted, as the sandbox understood it.
pub struct QuoteAsked<'a> {
    /// The payout that it is for.
    pub payout: PayoutId,
    /// How much.
    pub amount: Amount,
    /// In what.
    pub currency: Currency,
    /// The asset follows from its chain.
    pub recipient: &'a RecipientBody<'a>,
}

impl World {
    /// Makes an offer.
    pub fn quote(&mut self, now: Timestamp, asked: &QuoteAsked<'_>) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        let network = asked.recipient.network.as_deref().and_then(|word| word.parse().ok());
        let Some(asset) = network.map(Asset::sent_on) else {
            return Reply::problem(422, "invalid_method");
        };
        let Some(rate) = rate(asked.currency, asset) else {
            return Reply::problem(422, "invalid_method");
        };
        let converted = AssetAmount::from_decimal_rounded_down(asked.amount.value() * rate, asset);
        let Ok(amount) = converted else { return Reply::problem(422, "invalid_amount") };
        let number = self.quotes_given.entry(asked.payout).or_insert(0);
        *number += 1;
        let stale = *number == 1
            && suffix::asked_by(asked.recipient).is_some_and(|one| one.stale_quote_first);
        let at = seconds(self.now);
        let valid_until = if stale { at - 1 } else { at + VALID_SECONDS };
        Reply::new(
            200,
            Said::Quote(QuoteBody {
                id: format!("qt_{}_{number}_{valid_until}", asked.payout.base32()),
                asset: Cow::Borrowed(asset.symbol()),
                asset_amount: amount.to_string(),
                rate: rate.to_string(),
                source: Cow::Borrowed("sandbox"),
                at,
                valid_until,
            }),
        )
    }
}

impl World {
    /// Tells a rate, which is no offer: it is not kept, and nobody is bound by it.
    pub fn rate(&mut self, now: Timestamp, from: Currency, to: Asset) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        let Some(value) = rate(from, to) else { return Reply::problem(422, NOT_OFFERED) };
        Reply::new(
            200,
            Said::Rate(RateBody {
                from: from.code().to_owned(),
                to: Cow::Borrowed(to.symbol()),
                rate: value.to_string(),
                at: seconds(self.now),
            }),
        )
    }
}

/// Whether a quote has ended; its name says when. A name of somebody else's making never ends.
pub(super) fn is_over(quote: &str, now: Timestamp) -> bool {
    let end = quote.rsplit_once('_').and_then(|(_, end)| end.parse::<i64>().ok());
    end.is_some_and(|end| end < seconds(now))
}

/// Units of the asset for one unit of the currency, to twelve digits. None for a currency that the
/// table does not have.
pub fn rate(from: Currency, to: Asset) -> Option<Decimal> {
    let (_, millionths) = *CURRENCIES.iter().find(|(code, _)| *code == from.code())?;
    let currency = Decimal::new(millionths, 6);
    Some((currency / Decimal::new(cents_of(to), 2)).round_dp(12).normalize())
}

/// Millionths of a dollar for one unit of a currency. Invented, and the same every day.
#[rustfmt::skip]
const CURRENCIES: &[(&str, i64)] = &[
    ("USD", 1_000_000), ("EUR", 1_080_000), ("GBP", 1_270_000), ("CHF", 1_120_000),
    ("JPY",     6_700), ("CNY",   138_000), ("INR",    11_900), ("BRL",   182_000),
    ("CAD",   730_000), ("AUD",   655_000), ("SEK",    95_000), ("NOK",    93_000),
    ("DKK",   145_000), ("PLN",   252_000), ("CZK",    43_000), ("HUF",     2_750),
    ("RON",   217_000), ("UAH",    24_300), ("TRY",    29_500), ("MXN",    54_000),
    ("ZAR",    54_500), ("NGN",       650), ("KES",     7_700), ("UGX",       270),
    ("TZS",       380), ("GHS",    65_000), ("RWF",       740), ("XOF",     1_650),
    ("XAF",     1_650), ("KWD", 3_250_000), ("AED",   272_300), ("SGD",   745_000),
];

/// Cents for one unit of an asset. Invented, and the same every day.
const fn cents_of(asset: Asset) -> i64 {
    match asset {
        Asset::Btc => 6_400_000,
        Asset::Eth => 320_000,
        Asset::Usdt | Asset::Usdc => 100,
        Asset::Trx => 12,
        Asset::Sol => 15_000,
        Asset::Xrp => 60,
        Asset::Ltc => 8_000,
        Asset::Pol => 55,
        Asset::Bnb => 58_000,
    }
}
