//! An account at a wallet provider, by e-mail address or by the provider's id. Apart from the other
//! kinds because e-mail addresses carry the sandbox's suffix in a tag of their own.

use super::form::{Form, Refusal};
use super::masked::{self, Mask, MaskedFields};
use super::{Field, RecipientInput, card_number, text};
use bincode::{Decode, Encode};
use std::fmt;

/// An account at a wallet provider. How it is reached may come later.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Wallet(Option<Destination>);

/// One way to name the account, never both.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
enum Destination {
    Email(Box<str>),
    WalletId(Box<str>),
}

impl Wallet {
    pub(super) fn read(form: &mut Form) -> Wallet {
        if form.has(Field::Email) && form.has(Field::WalletId) {
            let allowed = "either email or wallet_id, not both";
            form.refuse(Field::Email, Refusal { code: "conflicting_fields", allowed });
        }
        let email = form.optional(Field::Email, email).map(Destination::Email);
        let wallet_id = form.optional(Field::WalletId, wallet_id).map(Destination::WalletId);
        Wallet(email.or(wallet_id))
    }

    /// The holder's e-mail address.
    pub fn email(&self) -> Option<&str> {
        match self.0.as_ref()? {
            Destination::Email(email) => Some(email),
            Destination::WalletId(_) => None,
        }
    }

    /// The provider's id of the account.
    pub fn wallet_id(&self) -> Option<&str> {
        match self.0.as_ref()? {
            Destination::WalletId(wallet_id) => Some(wallet_id),
            Destination::Email(_) => None,
        }
    }

    pub(super) fn missing(&self) -> Vec<Field> {
        if self.0.is_none() { vec![Field::Email] } else { Vec::new() }
    }

    /// Of an e-mail address only a tag counts, "anna+010@…", so that no real address chooses anything.
    pub(super) fn suffix(&self) -> Option<[u8; 3]> {
        match self.0.as_ref()? {
            Destination::WalletId(wallet_id) => text::last_three_digits(wallet_id),
            Destination::Email(email) => {
                let (local, _) = email.split_once('@')?;
                let (_, tag) = local.rsplit_once('+')?;
                if tag.len() == 3 { text::last_three_digits(tag) } else { None }
            }
        }
    }

    pub(super) fn masked(&self) -> MaskedFields {
        Mask::default()
            .hidden(Field::Email, self.email(), masked::email)
            .hidden(Field::WalletId, self.wallet_id(), masked::tail)
            .fields()
    }

    pub(super) fn to_input(&self) -> RecipientInput {
        RecipientInput {
            email: self.email().map(str::to_owned),
            wallet_id: self.wallet_id().map(str::to_owned),
            ..RecipientInput::default()
        }
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked::debug(f, "Wallet", self.masked())
    }
}

/// The addresses that wallet providers take: RFC 5321's dot-string at a domain with a dot, in ASCII,
/// within RFC 5321's lengths. Quoted local parts and address literals are legal mail but nobody's wallet.
fn email(text: &str) -> Result<Box<str>, Refusal> {
    let allowed = "an e-mail address such as anna@example.com";
    let refusal = Refusal { code: "invalid_email", allowed };
    let (local, domain) = text.split_once('@').ok_or(refusal)?;
    let atom = |part: &str| !part.is_empty() && part.bytes().all(is_atom_byte);
    let local_fits = local.len() <= 64 && local.split('.').all(atom);
    if text.len() <= 254 && local_fits && is_domain(domain) {
        Ok(text.into())
    } else {
        Err(refusal)
    }
}

/// What RFC 5322 calls atext, without the characters that shells, spreadsheets and markup act on.
const fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'_')
}

/// Two labels or more; the last one is not a number, or it would be an address.
fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_fits = |(_, last): (&str, &str)| {
        last.len() >= 2 && last.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    domain.split('.').all(label) && domain.rsplit_once('.').is_some_and(last_fits)
}

fn wallet_id(text: &str) -> Result<Box<str>, Refusal> {
    card_number::refuse_in_id(text)?;
    let allowed = "1 to 128 letters, digits and . _ : -";
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    text::ascii(text, (1, 128), plain, Refusal { code: "invalid_wallet_id", allowed })
}
