//! `[rates]`: what payouts to crypto addresses are converted by. Apart from the other sections because
//! it is three settings in one, and each source has rules of its own.

use super::check::Mistake;
use super::duration;
use super::secret::Secret;
use super::sections::empty_is_none;
use adapters::rates::{HttpRatesSettings, InvalidSource};
use domain::money::{Asset, Currency};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Whose rates convert.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct RatesSection {
    pub source: RatesFrom,
    #[serde(with = "duration")]
    pub max_age: Duration,
    pub url: Secret,
    pub pointer: String,
    #[serde(with = "empty_is_none")]
    pub time_pointer: Option<String>,
    pub invert: bool,
    #[serde(with = "duration")]
    pub timeout: Duration,
    pub fixed: BTreeMap<String, String>,
}

/// Where rates are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RatesFrom {
    /// The provider account offers one for each payout.
    Provider,
    /// A table.
    Fixed,
    /// Somebody is asked.
    Http,
}

impl RatesSection {
    /// As the source that is asked takes them.
    pub fn http(&self) -> HttpRatesSettings {
        HttpRatesSettings {
            url: self.url.expose().into(),
            pointer: self.pointer.clone(),
            time_pointer: self.time_pointer.clone(),
            invert: self.invert,
            timeout: self.timeout,
        }
    }

    /// The table, each row read or told why not.
    pub fn table(&self) -> impl Iterator<Item = Result<((Currency, Asset), Decimal), String>> {
        self.fixed.iter().map(|(pair, rate)| {
            let read = read_pair(pair).ok_or_else(|| {
                format!("\"{pair}\" is no pair: an ISO 4217 code, a hyphen and a known asset, such as EUR-BTC")
            })?;
            let rate = read_rate(rate).ok_or_else(|| {
                format!("{pair} takes decimal text of more than zero with at most 28 digits after the point, such as \"0.00001683\"")
            })?;
            Ok((read, rate))
        })
    }
}

/// In either case: the name of an environment variable has lost its own.
fn read_pair(text: &str) -> Option<(Currency, Asset)> {
    let text = text.to_ascii_uppercase();
    let (from, to) = text.split_once('-')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

fn read_rate(text: &str) -> Option<Decimal> {
    let ends_well = |text: &str| text.ends_with(|end: char| end.is_ascii_digit());
    let begins_well = text.starts_with(|first: char| first.is_ascii_digit());
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let rate = Decimal::from_str_exact(text).ok()?;
    (begins_well && ends_well(text) && plain && rate > Decimal::ZERO).then_some(rate)
}

/// Every mistake that the types let through. What a source is not asked for is not judged, but for
/// the table: a misspelt row is one whoever reads it.
pub(super) fn mistakes(rates: &RatesSection) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut pairs = BTreeMap::new();
    for row in rates.table() {
        match row {
            Ok((pair, rate)) if pairs.insert(pair, rate).is_some() => {
                let what = format!("{}-{} is there twice, in two spellings", pair.0, pair.1);
                found.push(("rates.fixed", what));
            }
            Ok(_) => {}
            Err(what) => found.push(("rates.fixed", what)),
        }
    }
    if rates.source == RatesFrom::Fixed && rates.fixed.is_empty() {
        let what = "the source of rates is \"fixed\", and there is none in the table".to_owned();
        found.push(("rates.fixed", what));
    }
    if rates.source == RatesFrom::Http
        && let Err(fault) = rates.http().check()
    {
        found.push((key_of(&fault), fault.to_string()));
    }
    found
}

fn key_of(fault: &InvalidSource) -> &'static str {
    match fault {
        InvalidSource::Address
        | InvalidSource::Insecure
        | InvalidSource::PairNotNamed
        | InvalidSource::Client => "rates.url",
        InvalidSource::Pointer => "rates.pointer",
        InvalidSource::TimePointer => "rates.time_pointer",
    }
}
