//! A body with nothing unusual about it, read in one pass over its bytes: no tree, no copies, and the
//! fingerprint from what stands there. Apart from the general way in `payout_in.rs`, which alone says what is
//! wrong: whatever is not at once understood here, right or wrong, is left to it. A test holds the two
//! together.

mod reader;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use super::judge::METADATA_PAIRS_MAX;
use super::{Circumstances, PayoutIn};
use crate::json::Writer;
use crate::problem::Faults;
use domain::entry::Request;
use domain::id::Fingerprint;
use domain::recipient::{Field, RecipientInput};
use reader::Reader;

/// The fields of a body as the fingerprint has them: sorted, and ready to be written.
const BODY: [&str; 12] = [
    "\"amount\":",
    "\"autoprocess\":",
    "\"currency\":",
    "\"description\":",
    "\"expires_at\":",
    "\"expires_in\":",
    "\"max_slippage_bps\":",
    METADATA,
    "\"method\":",
    "\"provider_account\":",
    RECIPIENT,
    "\"reference\":",
];

const METADATA: &str = "\"metadata\":";
const RECIPIENT: &str = "\"recipient\":";

/// The fields of a recipient, alike.
const OF_RECIPIENT: [(&str, Field); 16] = [
    ("\"account_number\":", Field::AccountNumber),
    ("\"address\":", Field::Address),
    ("\"bank_code\":", Field::BankCode),
    ("\"bic\":", Field::Bic),
    ("\"country\":", Field::Country),
    ("\"email\":", Field::Email),
    ("\"iban\":", Field::Iban),
    ("\"memo\":", Field::Memo),
    ("\"name\":", Field::Name),
    ("\"network\":", Field::Network),
    ("\"number\":", Field::Number),
    ("\"sim_resolution\":", Field::SimResolution),
    ("\"sim_status\":", Field::SimStatus),
    ("\"token\":", Field::Token),
    ("\"type\":", Field::Type),
    ("\"wallet_id\":", Field::WalletId),
];

/// Reads a body whole, if it is a good one and plain. `None` says nothing about it.
pub fn read_plain(body: &[u8], around: Circumstances) -> Option<Request> {
    let plain = Plain::read(str::from_utf8(body).ok()?)?;
    let fingerprint = plain.fingerprint(body.len());
    let mut faults = Faults::default();
    let request = plain.given()?.judge(fingerprint, around, &mut faults);
    request.filter(|_| faults.is_empty())
}

/// A body as it stands in the text: each value with its quotes, and empty where there is none.
struct Plain<'b> {
    fields: [&'b str; BODY.len()],
    recipient: [&'b str; OF_RECIPIENT.len()],
    /// Names and values with their quotes, sorted by name.
    metadata: Vec<(&'b str, &'b str)>,
}

impl<'b> Plain<'b> {
    fn read(body: &'b str) -> Option<Plain<'b>> {
        let mut plain = Plain {
            fields: [""; BODY.len()],
            recipient: [""; OF_RECIPIENT.len()],
            metadata: Vec::new(),
        };
        let mut reader = Reader::of(body);
        reader.object(|name, reader| plain.field(name, reader))?;
        reader.end()?;
        Some(plain)
    }

    fn field(&mut self, name: &'b str, reader: &mut Reader<'b>) -> Option<()> {
        let place = BODY.iter().position(|known| opens(known, name))?;
        let value = if reader.begins_object() {
            match BODY[place] {
                RECIPIENT => reader.object(|name, reader| self.recipient_field(name, reader))?,
                METADATA => self.read_metadata(reader)?,
                _ => return None,
            }
        } else {
            reader.simple()?
        };
        once(&mut self.fields[place], value)
    }

    fn recipient_field(&mut self, name: &'b str, reader: &mut Reader<'b>) -> Option<()> {
        let place = OF_RECIPIENT.iter().position(|(known, _)| opens(known, name))?;
        let value = reader.simple().filter(|value| is_text(value) || *value == "null")?;
        once(&mut self.recipient[place], value)
    }

    fn read_metadata(&mut self, reader: &mut Reader<'b>) -> Option<&'b str> {
        let pairs = &mut self.metadata;
        let whole = reader.object(|name, reader| {
            let value = reader.simple().filter(|value| is_text(value))?;
            pairs.push((name, value));
            (pairs.len() <= METADATA_PAIRS_MAX).then_some(())
        })?;
        // Without the quotes: a name that goes on where another one ends comes after it.
        pairs.sort_unstable_by_key(|(name, _)| unquoted(name));
        let twice = pairs.windows(2).any(|pair| pair[0].0 == pair[1].0);
        (!twice).then_some(whole)
    }

    /// The same as the tree's: nothing here has escapes or needless digits, so only order and spaces differ.
    fn fingerprint(&self, length: usize) -> Fingerprint {
        let mut canonical = Writer::with_room(length);
        canonical.put_word(b"{");
        for (name, value) in BODY.iter().zip(&self.fields).filter(|(_, value)| !value.is_empty()) {
            canonical.put(name.as_bytes());
            match (*name, is_object(value)) {
                (RECIPIENT, true) => self.write_recipient(&mut canonical),
                (METADATA, true) => self.write_metadata(&mut canonical),
                _ => canonical.put(value.as_bytes()),
            }
            canonical.put_word(b",");
        }
        canonical.close(b'}');
        Fingerprint::of(&canonical.finish())
    }

    fn write_recipient(&self, canonical: &mut Writer) {
        canonical.put_word(b"{");
        for ((name, _), value) in OF_RECIPIENT.iter().zip(&self.recipient) {
            if !value.is_empty() {
                canonical.put(name.as_bytes());
                canonical.put(value.as_bytes());
                canonical.put_word(b",");
            }
        }
        canonical.close(b'}');
    }

    fn write_metadata(&self, canonical: &mut Writer) {
        canonical.put_word(b"{");
        for (name, value) in &self.metadata {
            canonical.put(name.as_bytes());
            canonical.put_word(b":");
            canonical.put(value.as_bytes());
            canonical.put_word(b",");
        }
        canonical.close(b'}');
    }

    /// What is given, by type; nothing if a field has another type than its own.
    fn given(&self) -> Option<PayoutIn<'b>> {
        let [
            amount,
            autoprocess,
            currency,
            description,
            expires_at,
            expires_in,
            max_slippage_bps,
            metadata,
            method,
            provider_account,
            recipient,
            reference,
        ] = self.fields;
        Some(PayoutIn {
            amount: text(amount)?,
            currency: text(currency)?,
            method: text(method)?,
            recipient: self.recipient(recipient)?,
            reference: text(reference)?,
            description: text(description)?,
            metadata: self.pairs(metadata)?,
            autoprocess: flag(autoprocess)?,
            expires_in: number(expires_in, super::EXPIRES_IN_SECONDS)?,
            expires_at: text(expires_at)?,
            provider_account: text(provider_account)?,
            max_slippage_bps: number(max_slippage_bps, super::SLIPPAGE_BPS)?,
        })
    }

    fn recipient(&self, whole: &str) -> Option<Option<RecipientInput>> {
        if !is_object(whole) {
            return absent(whole);
        }
        let mut input = RecipientInput::default();
        for ((_, field), value) in OF_RECIPIENT.iter().zip(&self.recipient) {
            if is_text(value) {
                *input.slot(*field) = Some(unquoted(value).to_owned());
            }
        }
        Some(Some(input))
    }

    fn pairs(&self, whole: &str) -> Option<Option<Vec<(&'b str, &'b str)>>> {
        if !is_object(whole) {
            return absent(whole);
        }
        let pairs = self.metadata.iter().map(|(name, value)| (unquoted(name), unquoted(value)));
        Some(Some(pairs.collect()))
    }
}

/// Whether this is the name, with its quotes, that the known one opens with.
fn opens(known: &str, name: &str) -> bool {
    known.len() == name.len() + 1 && known.starts_with(name)
}

/// A field comes once.
fn once<'b>(place: &mut &'b str, value: &'b str) -> Option<()> {
    place.is_empty().then(|| *place = value)
}

fn is_text(value: &str) -> bool {
    value.as_bytes().first() == Some(&b'"')
}

fn is_object(value: &str) -> bool {
    value.as_bytes().first() == Some(&b'{')
}

/// What stands between the quotes.
fn unquoted(value: &str) -> &str {
    value.get(1..value.len().saturating_sub(1)).unwrap_or_default()
}

/// Null is as good as absent.
fn absent<T>(value: &str) -> Option<Option<T>> {
    matches!(value, "" | "null").then_some(None)
}

fn text(value: &str) -> Option<Option<&str>> {
    if is_text(value) { Some(Some(unquoted(value))) } else { absent(value) }
}

fn flag(value: &str) -> Option<Option<bool>> {
    match value {
        "true" => Some(Some(true)),
        "false" => Some(Some(false)),
        _ => absent(value),
    }
}

fn number(value: &str, range: std::ops::RangeInclusive<u64>) -> Option<Option<u64>> {
    match value.parse() {
        Ok(number) if range.contains(&number) => Some(Some(number)),
        _ => absent(value),
    }
}
