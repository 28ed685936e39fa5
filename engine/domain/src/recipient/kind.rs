//! The five kinds of recipient, by name. Apart from `Recipient` because methods and masked answers
//! speak of kinds without having one.

use super::form::Refusal;
use bincode::{Decode, Encode};
use std::fmt;
use std::str::FromStr;

/// The five kinds of recipient: the word in `recipient.type`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[allow(missing_docs, reason = "the variants of `Recipient` say it")]
pub enum RecipientKind {
    BankAccount,
    Phone,
    Card,
    Wallet,
    CryptoAddress,
}

impl RecipientKind {
    /// All five.
    pub const ALL: [RecipientKind; 5] = [
        RecipientKind::BankAccount,
        RecipientKind::Phone,
        RecipientKind::Card,
        RecipientKind::Wallet,
        RecipientKind::CryptoAddress,
    ];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            RecipientKind::BankAccount => "bank_account",
            RecipientKind::Phone => "phone",
            RecipientKind::Card => "card",
            RecipientKind::Wallet => "wallet",
            RecipientKind::CryptoAddress => "crypto_address",
        }
    }

    pub(super) fn read(word: &str) -> Result<RecipientKind, Refusal> {
        word.parse().map_err(|UnknownRecipientKind| Refusal {
            code: "invalid_type",
            allowed: "one of bank_account, phone, card, wallet, crypto_address",
        })
    }
}

impl FromStr for RecipientKind {
    type Err = UnknownRecipientKind;

    fn from_str(word: &str) -> Result<RecipientKind, UnknownRecipientKind> {
        RecipientKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or(UnknownRecipientKind)
    }
}

impl fmt::Display for RecipientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not one of the five words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a recipient's type is one of bank_account, phone, card, wallet, crypto_address")]
pub struct UnknownRecipientKind;
