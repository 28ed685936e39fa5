//! Who gets the money: one of five kinds, each built only through checks, so that every `Recipient`
//! in the engine is well formed. Apart from `payout.rs` because personal data lives here and nowhere
//! else: whatever prints a recipient prints it masked.

pub mod bank_account;
pub mod card;
mod card_number;
pub mod country;
pub mod crypto_address;
pub mod field;
mod form;
pub mod input;
pub mod kind;
pub mod masked;
pub mod phone;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod text;
pub mod wallet;

pub use bank_account::BankAccount;
pub use card::CardToken;
pub use country::Country;
pub use crypto_address::{CryptoAddress, Network};
pub use field::{Field, FieldError};
pub use input::RecipientInput;
pub use kind::{RecipientKind, UnknownRecipientKind};
pub use masked::MaskedRecipient;
pub use phone::Phone;
pub use wallet::Wallet;

use crate::money::Asset;
use bincode::{Decode, Encode};
use form::Form;

/// Who gets the money. Prints itself masked, also with `{:?}`. Made by [`Recipient::build`] or decoded
/// from the journal, which stores nothing that was not built and notices damage by its checksums.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Recipient {
    /// An account at a bank.
    BankAccount(BankAccount),
    /// A mobile money account behind a phone number.
    Phone(Phone),
    /// A card, known by a vault's token only.
    Card(CardToken),
    /// An account at a wallet provider.
    Wallet(Wallet),
    /// An address on a chain.
    CryptoAddress(CryptoAddress),
}

impl Recipient {
    /// Checks what a merchant sent and makes a recipient of it. Details that may come later may be
    /// absent (see [`Recipient::missing_details`]); details that are there must be right.
    ///
    /// # Errors
    /// Every fault at once, one per field; never an empty list.
    pub fn build(input: RecipientInput) -> Result<Recipient, Vec<FieldError>> {
        let mut form = Form::new(input);
        let Some(kind) = form.required(Field::Type, RecipientKind::read) else {
            // Without a type nothing can be said about the other fields.
            return Err(form.into_errors());
        };
        let recipient = match kind {
            RecipientKind::BankAccount => BankAccount::read(&mut form).map(Recipient::BankAccount),
            RecipientKind::Phone => Phone::read(&mut form).map(Recipient::Phone),
            RecipientKind::Card => CardToken::read(&mut form).map(Recipient::Card),
            RecipientKind::Wallet => Some(Recipient::Wallet(Wallet::read(&mut form))),
            RecipientKind::CryptoAddress => {
                CryptoAddress::read(&mut form).map(Recipient::CryptoAddress)
            }
        };
        form.finish(recipient)
    }

    /// This recipient with the details that came later. Saying again what is known already, in any
    /// spelling, changes nothing; `kind` may be left out.
    ///
    /// # Errors
    /// `already_given` for a field that would change, besides everything [`Recipient::build`] refuses.
    pub fn merge(&self, later: RecipientInput) -> Result<Recipient, Vec<FieldError>> {
        let mut whole = self.to_input();
        let mut errors = Vec::new();
        for (field, text) in later.given() {
            if whole.get(field).is_none() {
                *whole.slot(field) = Some(text.to_owned());
            } else if !self.repeats(field, text) {
                errors.push(FieldError::already_given(field));
            }
        }
        match Recipient::build(whole) {
            Ok(recipient) if errors.is_empty() => Ok(recipient),
            Ok(_) => Err(errors),
            Err(faults) => Err(errors.into_iter().chain(faults).collect()),
        }
    }

    /// Whether `text` is another spelling of what `field` holds already.
    fn repeats(&self, field: Field, text: &str) -> bool {
        let mut input = self.to_input();
        *input.slot(field) = Some(text.to_owned());
        Recipient::build(input).is_ok_and(|same| same == *self)
    }

    /// What is wanted before the payout can be sent, as paths such as "recipient.iban", in the order
    /// of the API's documentation.
    pub fn missing_details(&self) -> Vec<&'static str> {
        let fields = match self {
            Recipient::BankAccount(account) => account.missing(),
            Recipient::Phone(phone) => phone.missing(),
            Recipient::Card(card) => card.missing(),
            Recipient::Wallet(wallet) => wallet.missing(),
            Recipient::CryptoAddress(_) => Vec::new(),
        };
        fields.into_iter().map(Field::path).collect()
    }

    /// The asset that a payout to it is converted to; none where the payout's own currency arrives.
    pub fn settles_in(&self) -> Option<Asset> {
        match self {
            Recipient::CryptoAddress(address) => Some(Asset::sent_on(address.network())),
            Recipient::BankAccount(_)
            | Recipient::Phone(_)
            | Recipient::Card(_)
            | Recipient::Wallet(_) => None,
        }
    }

    /// Nothing is missing.
    pub fn complete(&self) -> bool {
        self.missing_details().is_empty()
    }

    /// The last three characters of the destination, as ASCII digits, with which a merchant chooses
    /// what the sandbox does. `None` when they are not digits, or there is no destination yet.
    pub fn suffix(&self) -> Option<[u8; 3]> {
        match self {
            Recipient::BankAccount(account) => account.suffix(),
            Recipient::Phone(phone) => text::last_three_digits(phone.number()?),
            Recipient::Card(card) => text::last_three_digits(card.token()?),
            Recipient::Wallet(wallet) => wallet.suffix(),
            Recipient::CryptoAddress(address) => text::last_three_digits(address.address()),
        }
    }

    /// What may be shown to whoever may see the payout.
    pub fn masked(&self) -> MaskedRecipient {
        let fields = match self {
            Recipient::BankAccount(account) => account.masked(),
            Recipient::Phone(phone) => phone.masked(),
            Recipient::Card(card) => card.masked(),
            Recipient::Wallet(wallet) => wallet.masked(),
            Recipient::CryptoAddress(address) => address.masked(),
        };
        MaskedRecipient { kind: self.kind(), fields }
    }

    /// Which of the five it is.
    pub const fn kind(&self) -> RecipientKind {
        match self {
            Recipient::BankAccount(_) => RecipientKind::BankAccount,
            Recipient::Phone(_) => RecipientKind::Phone,
            Recipient::Card(_) => RecipientKind::Card,
            Recipient::Wallet(_) => RecipientKind::Wallet,
            Recipient::CryptoAddress(_) => RecipientKind::CryptoAddress,
        }
    }

    /// Where the money goes, for the choice of a provider; only banks and phones have a country.
    pub const fn country(&self) -> Option<Country> {
        match self {
            Recipient::BankAccount(account) => Some(account.country()),
            Recipient::Phone(phone) => Some(phone.country()),
            Recipient::Card(_) | Recipient::Wallet(_) | Recipient::CryptoAddress(_) => None,
        }
    }

    /// The input that builds this very recipient.
    fn to_input(&self) -> RecipientInput {
        let mut input = match self {
            Recipient::BankAccount(account) => account.to_input(),
            Recipient::Phone(phone) => phone.to_input(),
            Recipient::Card(card) => card.to_input(),
            Recipient::Wallet(wallet) => wallet.to_input(),
            Recipient::CryptoAddress(address) => address.to_input(),
        };
        input.kind = Some(self.kind().word().to_owned());
        input
    }
}
