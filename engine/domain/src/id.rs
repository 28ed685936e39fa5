//! Names of things: payouts, merchants, provider references. A payout's id is a keyed hash of what
//! the merchant sent, so that a retry after a restore makes the *same* payout with the *same*
//! provider reference; random ids would pay twice.

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Crockford's base 32 in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The value of each byte in it; 32 and more: none.
const DIGITS: [u8; 256] = {
    let (mut digits, mut value) = ([u8::MAX; 256], 0);
    while value < ALPHABET.len() {
        digits[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

/// One payout; printed as `po_` and 26 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PayoutId(pub [u8; 16]);

impl PayoutId {
    /// The id of the payout that `merchant` makes under `idempotency_key`.
    pub fn derive(key: &IdKey, merchant: MerchantId, idempotency_key: &str) -> PayoutId {
        let mut hasher = blake3::Hasher::new_keyed(&key.0);
        hasher.update(&merchant.0.to_be_bytes());
        hasher.update(idempotency_key.as_bytes());
        PayoutId(first_16(&hasher.finalize()))
    }

    /// The bare 26 characters.
    pub fn base32(&self) -> String {
        // Always ASCII.
        String::from_utf8(self.digits().to_vec()).unwrap_or_default()
    }

    /// The bare 26 characters as ASCII, for whoever writes them among others.
    pub fn digits(&self) -> [u8; 26] {
        let mut bits = u128::from_be_bytes(self.0);
        let mut text = [0_u8; 26];
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        text
    }

    /// Reads the bare 26 characters back.
    pub fn from_base32(text: &str) -> Result<PayoutId, InvalidId> {
        if text.len() != 26 {
            return Err(InvalidId);
        }
        let mut bits: u128 = 0;
        for (place, byte) in text.bytes().enumerate() {
            let digit = DIGITS[usize::from(byte)];
            // 26 × 5 bits are 130: the first character holds three of the 128.
            if digit > 31 || (place == 0 && digit > 7) {
                return Err(InvalidId);
            }
            bits = (bits << 5) | u128::from(digit);
        }
        Ok(PayoutId(bits.to_be_bytes()))
    }
}

impl fmt::Display for PayoutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("po_")?;
        f.write_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for PayoutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PayoutId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        PayoutId::from_base32(text.strip_prefix("po_").ok_or(InvalidId)?)
    }
}

/// A text that is no id of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

/// The gateway's secret for deriving ids; lives as long as its payouts.
#[derive(Clone)]
pub struct IdKey(pub [u8; 32]);

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdKey(…)")
    }
}

/// One merchant: a hash of its configured name, so that payouts stay small and ordered by tenant.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode, Serialize, Deserialize,
)]
pub struct MerchantId(pub u64);

impl MerchantId {
    /// The id of the merchant with this configured name.
    pub fn from_name(name: &str) -> MerchantId {
        let hash = blake3::derive_key("bursar merchant id v1", name.as_bytes());
        let mut first = [0_u8; 8];
        first.copy_from_slice(&hash[..8]);
        MerchantId(u64::from_be_bytes(first))
    }
}

/// How a provider finds one attempt: a function of the payout and the attempt's number.
pub fn provider_reference(payout: PayoutId, attempt: u8) -> String {
    format!("{}-{attempt}", payout.base32())
}

/// The payout and attempt that a provider reference names. Exactly as it was written: another spelling
/// of the same number is another's reference.
pub fn read_provider_reference(text: &str) -> Result<(PayoutId, u8), InvalidId> {
    let (payout, number) = text.split_once('-').ok_or(InvalidId)?;
    let (payout, attempt) =
        (PayoutId::from_base32(payout)?, number.parse().map_err(|_| InvalidId)?);
    if provider_reference(payout, attempt) == text { Ok((payout, attempt)) } else { Err(InvalidId) }
}

/// One event of one merchant; printed as `evt_` and 26 characters. It carries the event's place in the
/// merchant's sequence, so that ids sort as they happened and are found again without an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub struct EventId(pub [u8; 16]);

impl EventId {
    /// The id of the event at this place of its merchant's sequence: the `nth` that this version of
    /// the payout made.
    pub fn derive(sequence: u64, payout: PayoutId, version: u32, nth: u8) -> EventId {
        let mut hasher = blake3::Hasher::new_derive_key("bursar event id v1");
        hasher.update(&payout.0);
        hasher.update(&version.to_be_bytes());
        hasher.update(&[nth]);
        let mut id = [0_u8; 16];
        id[..8].copy_from_slice(&sequence.to_be_bytes());
        id[8..].copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        EventId(id)
    }

    /// Its place in the merchant's sequence; whether it is that event, only the event tells.
    pub fn sequence(&self) -> u64 {
        let mut first = [0_u8; 8];
        first.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(first)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt_{}", PayoutId(self.0).base32())
    }
}

impl FromStr for EventId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bare = text.strip_prefix("evt_").ok_or(InvalidId)?;
        Ok(EventId(PayoutId::from_base32(bare)?.0))
    }
}

/// Held payouts with the same trouble; printed as `inc_` and 26 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IncidentId(pub [u8; 16]);

impl IncidentId {
    /// The id that follows from what the incident is.
    pub fn derive(text: &str) -> IncidentId {
        IncidentId(Fingerprint::of(text.as_bytes()).0)
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inc_{}", PayoutId(self.0).base32())
    }
}

impl FromStr for IncidentId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bare = text.strip_prefix("inc_").ok_or(InvalidId)?;
        Ok(IncidentId(PayoutId::from_base32(bare)?.0))
    }
}

/// A short hash of a request or key; equality is all it serves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The fingerprint of some bytes.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        Fingerprint(first_16(&blake3::hash(bytes)))
    }
}

fn first_16(hash: &blake3::Hash) -> [u8; 16] {
    let mut first = [0_u8; 16];
    first.copy_from_slice(&hash.as_bytes()[..16]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_read_back_as_printed(bytes: [u8; 16]) {
            let id = PayoutId(bytes);
            prop_assert_eq!(id.to_string().parse::<PayoutId>(), Ok(id));
            prop_assert_eq!(read_provider_reference(&provider_reference(id, 7)), Ok((id, 7)));
        }
    }

    #[test]
    fn a_reference_that_we_would_write_otherwise_is_not_ours() {
        let ours = provider_reference(PayoutId([9; 16]), 1);
        assert_eq!(read_provider_reference(&ours), Ok((PayoutId([9; 16]), 1)));
        let loud = ours.to_uppercase();
        let odd = [&ours[..26], &loud, &ours.replace("-1", "-01"), &ours.replace("-1", "-+1")];
        for other in odd.into_iter().chain(["", "-1", "invoice-1", &*format!("{ours}-again")]) {
            assert_eq!(read_provider_reference(other), Err(InvalidId), "{other}");
        }
    }

    #[test]
    fn the_same_key_makes_the_same_payout_and_another_merchant_does_not() {
        let key = IdKey([7; 32]);
        let (ours, theirs) = (MerchantId::from_name("a"), MerchantId::from_name("b"));
        assert_eq!(PayoutId::derive(&key, ours, "k1"), PayoutId::derive(&key, ours, "k1"));
        assert_ne!(PayoutId::derive(&key, ours, "k1"), PayoutId::derive(&key, theirs, "k1"));
        assert_ne!(PayoutId::derive(&key, ours, "k1"), PayoutId::derive(&key, ours, "k2"));
    }
}
