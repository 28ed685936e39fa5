//! An account at a bank, by IBAN or by local account number and bank code. Apart from the other kinds
//! because IBAN and BIC carry rules of their own, and a wrong digit caught here is a payment not lost.

mod rules;

use super::form::Form;
use super::masked::{self, Mask, MaskedFields};
use super::{Country, Field, RecipientInput, text};
use bincode::{Decode, Encode};
use std::fmt;

/// An account at a bank. Name and destination may come later.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct BankAccount {
    name: Option<Box<str>>,
    destination: Option<Destination>,
    country: Country,
    bic: Option<Box<str>>,
}

/// How the account is named: one way or the other, never both, never half.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
enum Destination {
    Iban(Box<str>),
    Local { account_number: Box<str>, bank_code: Box<str> },
}

impl BankAccount {
    pub(super) fn read(form: &mut Form) -> Option<BankAccount> {
        let name = form.optional(Field::Name, rules::account_name);
        let destination = read_destination(form);
        let country = form.required(Field::Country, Country::read);
        let bic = form.optional(Field::Bic, rules::bic);
        let country = country?;
        if let Some(Destination::Iban(iban)) = &destination
            && !iban.starts_with(country.code())
        {
            form.refuse(Field::Iban, rules::IBAN_ELSEWHERE);
        }
        if let Some((_, bic_country)) = &bic
            && !country.banks_with(*bic_country)
        {
            form.refuse(Field::Bic, rules::BIC_ELSEWHERE);
        }
        Some(BankAccount { name, destination, country, bic: bic.map(|(bic, _)| bic) })
    }

    /// Who holds the account, as the bank's file will say it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the account is; an IBAN begins with it.
    pub const fn country(&self) -> Country {
        self.country
    }

    /// The IBAN in electronic form: upper case, no spaces.
    pub fn iban(&self) -> Option<&str> {
        match self.destination.as_ref()? {
            Destination::Iban(iban) => Some(iban),
            Destination::Local { .. } => None,
        }
    }

    /// The account number and the bank code, of an account without IBAN.
    pub fn account_number_and_bank_code(&self) -> Option<(&str, &str)> {
        match self.destination.as_ref()? {
            Destination::Local { account_number, bank_code } => Some((account_number, bank_code)),
            Destination::Iban(_) => None,
        }
    }

    /// The bank's BIC, in upper case.
    pub fn bic(&self) -> Option<&str> {
        self.bic.as_deref()
    }

    pub(super) fn missing(&self) -> Vec<Field> {
        let mut missing = Vec::new();
        if self.name.is_none() {
            missing.push(Field::Name);
        }
        if self.destination.is_none() {
            // An IBAN is asked for where there are any, though the other form would do as well.
            match self.country.has_iban() {
                true => missing.push(Field::Iban),
                false => missing.extend([Field::AccountNumber, Field::BankCode]),
            }
        }
        missing
    }

    pub(super) fn suffix(&self) -> Option<[u8; 3]> {
        match self.destination.as_ref()? {
            Destination::Iban(iban) => text::last_three_digits(iban),
            Destination::Local { account_number, .. } => text::last_three_digits(account_number),
        }
    }

    pub(super) fn masked(&self) -> MaskedFields {
        let local = self.account_number_and_bank_code();
        Mask::default()
            .hidden(Field::Name, self.name(), masked::words)
            .hidden(Field::Iban, self.iban(), masked::iban)
            .hidden(Field::AccountNumber, local.map(|(number, _)| number), masked::tail)
            .plain(Field::BankCode, local.map(|(_, code)| code))
            .plain(Field::Country, Some(self.country.code()))
            .plain(Field::Bic, self.bic())
            .fields()
    }

    pub(super) fn to_input(&self) -> RecipientInput {
        let local = self.account_number_and_bank_code();
        RecipientInput {
            name: self.name().map(str::to_owned),
            iban: self.iban().map(str::to_owned),
            account_number: local.map(|(number, _)| number.to_owned()),
            bank_code: local.map(|(_, code)| code.to_owned()),
            country: Some(self.country.to_string()),
            bic: self.bic().map(str::to_owned),
            ..RecipientInput::default()
        }
    }
}

impl fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked::debug(f, "BankAccount", self.masked())
    }
}

/// IBAN, or account number with bank code, or neither yet. Faults go to the form.
fn read_destination(form: &mut Form) -> Option<Destination> {
    let (has_number, has_code) = (form.has(Field::AccountNumber), form.has(Field::BankCode));
    if form.has(Field::Iban) && (has_number || has_code) {
        form.refuse(Field::Iban, rules::TWO_DESTINATIONS);
    } else if has_number && !has_code {
        form.refuse(Field::BankCode, rules::HALF_A_DESTINATION);
    } else if has_code && !has_number {
        form.refuse(Field::AccountNumber, rules::HALF_A_DESTINATION);
    }
    let iban = form.optional(Field::Iban, rules::iban);
    let account_number = form.optional(Field::AccountNumber, rules::account_number);
    let bank_code = form.optional(Field::BankCode, rules::bank_code);
    match (iban, account_number, bank_code) {
        (Some(iban), _, _) => Some(Destination::Iban(iban)),
        (None, Some(account_number), Some(bank_code)) => {
            Some(Destination::Local { account_number, bank_code })
        }
        (None, _, _) => None,
    }
}
