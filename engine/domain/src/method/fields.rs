//! The fields of each method's recipient, as people read them. Apart from the methods because this is
//! prose for forms and documentation; `recipient` is what enforces it.

use crate::recipient::Field;
use Wanted::{AtCreation, BeforeSending, Optional};

/// When a field is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wanted {
    /// No payout without it.
    AtCreation,
    /// May come later, but nothing is sent without it.
    BeforeSending,
    /// May be left out, or stands in for another field.
    Optional,
}

impl Wanted {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Wanted::AtCreation => "at_creation",
            Wanted::BeforeSending => "before_sending",
            Wanted::Optional => "optional",
        }
    }
}

/// One field of a method's recipient, for people who fill in forms and for those who draw them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldRule {
    /// Which field; its name on the wire is [`Field::name`].
    pub field: Field,
    /// When it is wanted.
    pub required: Wanted,
    /// What goes in it.
    pub description: &'static str,
}

impl FieldRule {
    /// The field's name on the wire: "iban".
    pub fn name(&self) -> &'static str {
        self.field.name()
    }
}

const fn rule(field: Field, required: Wanted, description: &'static str) -> FieldRule {
    FieldRule { field, required, description }
}

#[rustfmt::skip]
pub(super) const BANK_TRANSFER: &[FieldRule] = &[
    rule(Field::Name,          BeforeSending, "Who holds the account, 1 to 140 characters."),
    rule(Field::Iban,          BeforeSending, "The IBAN, with or without spaces; not with account_number and bank_code."),
    rule(Field::AccountNumber, Optional,      "In place of an IBAN, together with bank_code: 4 to 34 letters and digits."),
    rule(Field::BankCode,      Optional,      "In place of an IBAN, together with account_number: 3 to 15 letters and digits."),
    rule(Field::Country,       AtCreation,    "Where the account is: ISO 3166-1 alpha-2; an IBAN must begin with it."),
    rule(Field::Bic,           Optional,      "The bank's BIC, 8 or 11 characters, of that country."),
];

#[rustfmt::skip]
pub(super) const MOBILE_MONEY: &[FieldRule] = &[
    rule(Field::Number,  BeforeSending, "The phone number in E.164 form, such as +254712345678."),
    rule(Field::Country, AtCreation,    "The number's country: ISO 3166-1 alpha-2."),
    rule(Field::Network, Optional,      "The operator's network, at most 40 characters."),
];

#[rustfmt::skip]
pub(super) const CARD: &[FieldRule] = &[
    rule(Field::Token,         BeforeSending, "The card's token from your vault, at most 128 letters, digits, _ and -; card numbers are refused."),
    rule(Field::SimStatus,     Optional,      "Sandbox only: the status to end in."),
    rule(Field::SimResolution, Optional,      "Sandbox only: the resolution to answer with."),
];

#[rustfmt::skip]
pub(super) const WALLET: &[FieldRule] = &[
    rule(Field::Email,    BeforeSending, "The account holder's e-mail address; not with wallet_id."),
    rule(Field::WalletId, Optional,      "In place of email: the wallet provider's id, at most 128 letters, digits and . _ : -"),
];

#[rustfmt::skip]
pub(super) const CRYPTO: &[FieldRule] = &[
    rule(Field::Network, AtCreation, "The chain: bitcoin, ethereum, tron, solana, xrp, litecoin, polygon or bsc."),
    rule(Field::Address, AtCreation, "The address, on the chain's main network; its checksum is checked."),
    rule(Field::Memo,    Optional,   "Destination tag or memo, if the receiver asks for one; at most 100 characters."),
];
