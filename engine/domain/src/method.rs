//! How the money travels: five methods, each with the kind of recipient it takes, the fields that kind
//! has, and the currencies and limits. Apart from `recipient.rs`, which checks values: this is the
//! declaration that `GET /v1/methods` shows, and a test holds the two together.

mod fields;
mod rules;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use fields::{FieldRule, Wanted};
pub use rules::{Currencies, Limit, OutsideRules, Rules};

use crate::recipient::RecipientKind;
use bincode::{Decode, Encode};
use std::fmt;
use std::str::FromStr;

/// How the money travels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub enum Method {
    /// To an account at a bank.
    BankTransfer,
    /// To a phone's mobile money account.
    MobileMoney,
    /// To a card, by its token.
    Card,
    /// To an account at a wallet provider.
    Wallet,
    /// To an address on a chain, converted from the payout's currency when it is sent.
    Crypto,
}

impl Method {
    /// All five.
    pub const ALL: [Method; 5] =
        [Method::BankTransfer, Method::MobileMoney, Method::Card, Method::Wallet, Method::Crypto];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Method::BankTransfer => "bank_transfer",
            Method::MobileMoney => "mobile_money",
            Method::Card => "card",
            Method::Wallet => "wallet",
            Method::Crypto => "crypto",
        }
    }

    /// The one kind of recipient that it pays to.
    pub const fn recipient_kind(self) -> RecipientKind {
        match self {
            Method::BankTransfer => RecipientKind::BankAccount,
            Method::MobileMoney => RecipientKind::Phone,
            Method::Card => RecipientKind::Card,
            Method::Wallet => RecipientKind::Wallet,
            Method::Crypto => RecipientKind::CryptoAddress,
        }
    }

    /// Whether it pays to recipients of that kind.
    pub fn accepts(self, kind: RecipientKind) -> bool {
        self.recipient_kind() == kind
    }

    /// Whether a mobile network carries the money: failures are then the telco's.
    pub const fn is_mobile_money(self) -> bool {
        matches!(self, Method::MobileMoney)
    }

    /// Which currencies and amounts it takes.
    pub const fn rules(self) -> Rules {
        // No method of the gateway's own is narrower; a provider account may be, and says so itself.
        match self {
            Method::BankTransfer
            | Method::MobileMoney
            | Method::Card
            | Method::Wallet
            | Method::Crypto => Rules { currencies: Currencies::Any, limits: &[] },
        }
    }

    /// The fields of its recipient, in the order of the API's documentation. The type itself, which
    /// [`Method::recipient_kind`] tells, is not among them.
    pub const fn fields(self) -> &'static [FieldRule] {
        match self {
            Method::BankTransfer => fields::BANK_TRANSFER,
            Method::MobileMoney => fields::MOBILE_MONEY,
            Method::Card => fields::CARD,
            Method::Wallet => fields::WALLET,
            Method::Crypto => fields::CRYPTO,
        }
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(word: &str) -> Result<Method, UnknownMethod> {
        Method::ALL.into_iter().find(|method| method.word() == word).ok_or(UnknownMethod)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Not one of the five words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a method is one of bank_transfer, mobile_money, card, wallet, crypto")]
pub struct UnknownMethod;
