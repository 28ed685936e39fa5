//! A payout as a merchant asks for it, and whether it can be done.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The body of a create.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// A decimal string.
    pub amount: String,
    pub currency: String,
    pub method: String,
    pub recipient: Recipient,
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Sent without being told to.
    #[serde(default = "yes")]
    pub autoprocess: bool,
}

/// To whom.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub iban: String,
    pub country: String,
}

/// What judging a body found out.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// In the currency's smallest unit.
    pub amount_minor: i64,
    /// By which a retry with another body is known.
    pub fingerprint: [u8; 16],
}

/// A field that cannot be so, and what is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub field: &'static str,
    pub allowed: &'static str,
}

impl Asked {
    /// Judges every field.
    ///
    /// # Errors
    /// The first field that cannot be so.
    pub fn judge(&self) -> Result<Judged, Fault> {
        let fault = |field, allowed| Err(Fault { field, allowed });
        if self.currency != "EUR" {
            return fault("currency", "EUR");
        }
        let Some(amount_minor) = minor_units(&self.amount) else {
            return fault("amount", "more than zero, at most two digits after the point");
        };
        if self.method != "bank_transfer" || self.recipient.kind != "bank_account" {
            return fault("method", "bank_transfer to a bank_account");
        }
        if !is_iban(&self.recipient.iban)
            || !self.recipient.iban.starts_with(&self.recipient.country)
        {
            return fault("recipient.iban", "an IBAN of the recipient's country");
        }
        if self.recipient.name.is_empty() || self.recipient.name.chars().count() > 140 {
            return fault("recipient.name", "1 to 140 characters");
        }
        if self.reference.as_ref().is_some_and(|text| text.is_empty() || text.len() > 128) {
            return fault("reference", "1 to 128 characters");
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > 500) {
            return fault("description", "at most 500 characters");
        }
        if self.metadata.len() > 50 {
            return fault("metadata", "at most 50 keys");
        }
        Ok(Judged { amount_minor, fingerprint: self.fingerprint() })
    }

    /// The same for every spelling of the same body.
    fn fingerprint(&self) -> [u8; 16] {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        let mut first = [0; 16];
        first.copy_from_slice(&blake3::hash(&canonical).as_bytes()[..16]);
        first
    }
}

/// Cents of a decimal string.
fn minor_units(text: &str) -> Option<i64> {
    let mut amount = Decimal::from_str_exact(text).ok().filter(|amount| amount.scale() <= 2)?;
    amount.rescale(2);
    amount.mantissa().to_i64().filter(|cents| *cents > 0)
}

/// ISO 13616: the length of a German one, or any that could be, and the check digits.
fn is_iban(text: &str) -> bool {
    let length = if text.starts_with("DE") { 22..=22 } else { 15..=34 };
    if !length.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let turned = text.bytes().skip(4).chain(text.bytes().take(4));
    let rest = turned.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_ibans_are_judged() {
        assert_eq!(minor_units("125.40"), Some(12_540));
        assert_eq!(minor_units("125.4"), Some(12_540));
        assert_eq!([minor_units("0"), minor_units("1.001"), minor_units("1e3")], [None; 3]);
        assert!(is_iban("DE89370400440532013000") && !is_iban("DE88370400440532013000"));
    }
}
