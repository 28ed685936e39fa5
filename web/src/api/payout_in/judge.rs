//! The rules of single fields. Each takes what was sent and gives what the engine takes, or records
//! a fault that says what is allowed and repeats nothing.

use super::EXPIRES_IN_SECONDS_MAX;
use crate::json::{Texts, shown_name};
use crate::problem::Faults;
use domain::method::{Method, OutsideRules};
use domain::money::{Amount, Currency, InvalidAmount};
use domain::recipient::{Recipient, RecipientInput, RecipientKind};
use domain::time::Timestamp;
use std::time::Duration;

const REFERENCE_CHARS_MAX: usize = 128;
const DESCRIPTION_CHARS_MAX: usize = 500;
const ACCOUNT_CHARS_MAX: usize = 64;
pub(super) const METADATA_PAIRS_MAX: usize = 50;
const METADATA_KEY_CHARS_MAX: usize = 40;
const METADATA_VALUE_CHARS_MAX: usize = 500;

pub(super) fn currency(code: &str, faults: &mut Faults) -> Option<Currency> {
    let read = Currency::parse(code);
    read.map_err(|error| faults.add("currency", "invalid_currency", error.to_string())).ok()
}

/// Without a currency only the spelling can be judged, and every currency spells alike but for the
/// number of digits after the point.
pub(super) fn amount(
    text: &str,
    currency: Option<Currency>,
    faults: &mut Faults,
) -> Option<Amount> {
    let assumed = currency.or_else(|| Currency::parse("KWD").ok())?;
    match (Amount::parse(text, assumed), currency) {
        (Ok(amount), Some(_)) => Some(amount),
        (Ok(_) | Err(InvalidAmount::TooPrecise { .. }), None) => None,
        (Err(error), _) => {
            faults.add("amount", error.code(), error.to_string());
            None
        }
    }
}

pub(super) fn method(word: &str, faults: &mut Faults) -> Option<Method> {
    let read = word.parse::<Method>();
    read.map_err(|error| faults.add("method", "invalid_method", error.to_string())).ok()
}

/// What the method declares about currencies and amounts.
pub(super) fn rules(
    method: Option<Method>,
    amount: Option<Amount>,
    currency: Option<Currency>,
    faults: &mut Faults,
) {
    let (Some(method), Some(amount), Some(currency)) = (method, amount, currency) else { return };
    if let Err(outside) = method.rules().check(amount, currency) {
        let field = match outside {
            OutsideRules::Currency => "currency",
            OutsideRules::BelowMin | OutsideRules::AboveMax => "amount",
        };
        faults.add(field, outside.code(), outside.to_string());
    }
}

pub(super) fn recipient(
    input: RecipientInput,
    method: Option<Method>,
    faults: &mut Faults,
) -> Option<Recipient> {
    let kind = input.kind.as_deref().and_then(|word| word.parse::<RecipientKind>().ok());
    if let (Some(method), Some(kind)) = (method, kind)
        && !method.accepts(kind)
    {
        let detail = format!("the method {method} pays to {} only", method.recipient_kind());
        faults.add("recipient.type", "recipient_mismatch", detail);
    }
    Recipient::build(input).map_err(|errors| faults.add_all(errors)).ok()
}

pub(super) fn reference(text: &str, faults: &mut Faults) -> Option<Box<str>> {
    let allowed = "1 to 128 visible characters, without spaces at the ends";
    let fits = is_line(text, REFERENCE_CHARS_MAX);
    keep(text, fits, ("reference", "invalid_reference", allowed), faults)
}

pub(super) fn description(text: &str, faults: &mut Faults) -> Option<Box<str>> {
    let allowed = "1 to 500 visible characters, without spaces at the ends";
    let fits = is_line(text, DESCRIPTION_CHARS_MAX);
    keep(text, fits, ("description", "invalid_description", allowed), faults)
}

pub(super) fn account(name: &str, faults: &mut Faults) -> Option<Box<str>> {
    let fits = is_line(name, ACCOUNT_CHARS_MAX) && name.bytes().all(|byte| byte.is_ascii_graphic());
    let allowed = "the name of a provider account, at most 64 characters";
    keep(name, fits, ("provider_account", "invalid_provider_account", allowed), faults)
}

/// The pairs, sorted by key as they came.
pub(super) fn metadata(pairs: Texts<'_>, faults: &mut Faults) -> Box<[(Box<str>, Box<str>)]> {
    const CODE: &str = "invalid_metadata";
    if pairs.len() > METADATA_PAIRS_MAX {
        faults.add("metadata", CODE, "at most 50 keys are taken");
    }
    for (key, value) in &pairs {
        if !is_line(key, METADATA_KEY_CHARS_MAX) {
            faults.add(
                "metadata",
                CODE,
                "a key has 1 to 40 visible characters, without spaces at the ends",
            );
        } else if value.len() > METADATA_VALUE_CHARS_MAX
            && value.chars().count() > METADATA_VALUE_CHARS_MAX
        {
            let field = format!("metadata.{}", shown_name(key));
            faults.add(field, CODE, "a value has at most 500 characters");
        }
    }
    pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

/// The deadline that the body names, if it names one and it is a good one.
pub(super) fn deadline(
    expires_in: Option<u64>,
    expires_at: Option<&str>,
    now: Timestamp,
    faults: &mut Faults,
) -> Option<Timestamp> {
    let Some(text) = expires_at else {
        return expires_in.map(|seconds| now.plus(Duration::from_secs(seconds)));
    };
    if expires_in.is_some() {
        faults.add("expires_at", "conflicting_fields", "give expires_in or expires_at, not both");
        return None;
    }
    let latest = now.plus(Duration::from_secs(EXPIRES_IN_SECONDS_MAX));
    let time = text.parse::<jiff::Timestamp>().ok().map(|time| Timestamp(time.as_microsecond()));
    let good = time.filter(|time| *time > now && *time <= latest);
    if good.is_none() {
        let allowed = "a time as in RFC 3339, in the future and at most a year away";
        faults.add("expires_at", "invalid_expiry", allowed);
    }
    good
}

pub(super) fn slippage(bps: u64, method: Option<Method>, faults: &mut Faults) -> Option<u32> {
    if method.is_some_and(|method| method != Method::Crypto) {
        let detail = "this field belongs to the method crypto, the only one that converts";
        faults.add("max_slippage_bps", "unexpected_field", detail);
        return None;
    }
    u32::try_from(bps).ok()
}

fn keep(
    text: &str,
    fits: bool,
    (field, code, allowed): (&str, &'static str, &'static str),
    faults: &mut Faults,
) -> Option<Box<str>> {
    if !fits {
        faults.add(field, code, allowed);
    }
    fits.then(|| text.into())
}

/// One line of visible text: what reads the same on every screen and in every file.
fn is_line(text: &str, chars_max: usize) -> bool {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        let fits = (1..=chars_max).contains(&text.len());
        return fits && !text.starts_with(' ') && !text.ends_with(' ');
    }
    let fits = (1..=chars_max).contains(&text.chars().count());
    fits && text.trim() == text && !text.chars().any(is_invisible)
}

/// Control characters, and the marks that reorder or hide text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
