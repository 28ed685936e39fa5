//! What a merchant may say about a recipient, before it is believed: one text for every field of every
//! kind. Apart from the checks because the web layer fills it from JSON, CSV or XML and knows no rules.

use super::Field;
use std::fmt;

/// Everything a merchant may say about a recipient, unchecked. Every value is text; which fields
/// belong together is [`super::Recipient::build`]'s to judge. Never stored, and printed without values.
#[derive(Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is its name on the wire; `kind` is spelled `type` there")]
pub struct RecipientInput {
    pub kind: Option<String>,
    pub name: Option<String>,
    pub iban: Option<String>,
    pub account_number: Option<String>,
    pub bank_code: Option<String>,
    pub country: Option<String>,
    pub bic: Option<String>,
    pub number: Option<String>,
    pub network: Option<String>,
    pub token: Option<String>,
    pub email: Option<String>,
    pub wallet_id: Option<String>,
    pub address: Option<String>,
    pub memo: Option<String>,
    pub sim_status: Option<String>,
    pub sim_resolution: Option<String>,
}

impl RecipientInput {
    /// The place of `field`, to read, fill or empty it by name.
    pub const fn slot(&mut self, field: Field) -> &mut Option<String> {
        match field {
            Field::Type => &mut self.kind,
            Field::Name => &mut self.name,
            Field::Iban => &mut self.iban,
            Field::AccountNumber => &mut self.account_number,
            Field::BankCode => &mut self.bank_code,
            Field::Country => &mut self.country,
            Field::Bic => &mut self.bic,
            Field::Number => &mut self.number,
            Field::Network => &mut self.network,
            Field::Token => &mut self.token,
            Field::Email => &mut self.email,
            Field::WalletId => &mut self.wallet_id,
            Field::Address => &mut self.address,
            Field::Memo => &mut self.memo,
            Field::SimStatus => &mut self.sim_status,
            Field::SimResolution => &mut self.sim_resolution,
        }
    }

    /// What was said about `field`.
    pub fn get(&self, field: Field) -> Option<&str> {
        let slot = match field {
            Field::Type => &self.kind,
            Field::Name => &self.name,
            Field::Iban => &self.iban,
            Field::AccountNumber => &self.account_number,
            Field::BankCode => &self.bank_code,
            Field::Country => &self.country,
            Field::Bic => &self.bic,
            Field::Number => &self.number,
            Field::Network => &self.network,
            Field::Token => &self.token,
            Field::Email => &self.email,
            Field::WalletId => &self.wallet_id,
            Field::Address => &self.address,
            Field::Memo => &self.memo,
            Field::SimStatus => &self.sim_status,
            Field::SimResolution => &self.sim_resolution,
        };
        slot.as_deref()
    }

    /// Every field that has a value, in the order of [`Field::ALL`].
    pub fn given(&self) -> impl Iterator<Item = (Field, &str)> {
        Field::ALL.into_iter().filter_map(|field| Some((field, self.get(field)?)))
    }
}

impl fmt::Debug for RecipientInput {
    /// The names of the fields that were given. Even the type's value is left out: nobody has
    /// checked yet what stands in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientInput ")?;
        f.debug_set().entries(self.given().map(|(field, _)| field)).finish()
    }
}
