//! A phone number that a mobile money account hangs on. Apart from the other kinds because numbering
//! plans are their own subject: this checks syntax and country, not whether the number is in service.

use super::form::{Form, Refusal};
use super::masked::{self, Mask, MaskedFields};
use super::{Country, Field, RecipientInput, card_number, text};
use bincode::{Decode, Encode};
use std::fmt;

/// A phone number, its country, and the operator's network if known. The number may come later.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Phone {
    number: Option<Box<str>>,
    country: Country,
    network: Option<Box<str>>,
}

impl Phone {
    pub(super) fn read(form: &mut Form) -> Option<Phone> {
        let number = form.optional(Field::Number, number);
        let country = form.required(Field::Country, Country::read);
        let network = form.optional(Field::Network, network);
        let country = country?;
        if let Some(number) = &number
            && !country.owns_number(number.trim_start_matches('+'))
        {
            form.refuse(Field::Number, NUMBER_ELSEWHERE);
        }
        Some(Phone { number, country, network })
    }

    /// The number in E.164 form, with its "+".
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// Whose numbering plan it is in.
    pub const fn country(&self) -> Country {
        self.country
    }

    /// The operator's network, in the merchant's words; adapters map it.
    pub fn network(&self) -> Option<&str> {
        self.network.as_deref()
    }

    pub(super) fn missing(&self) -> Vec<Field> {
        if self.number.is_none() { vec![Field::Number] } else { Vec::new() }
    }

    pub(super) fn masked(&self) -> MaskedFields {
        Mask::default()
            .hidden(Field::Number, self.number(), masked::phone)
            .plain(Field::Country, Some(self.country.code()))
            .plain(Field::Network, self.network())
            .fields()
    }

    pub(super) fn to_input(&self) -> RecipientInput {
        RecipientInput {
            number: self.number().map(str::to_owned),
            country: Some(self.country.to_string()),
            network: self.network().map(str::to_owned),
            ..RecipientInput::default()
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked::debug(f, "Phone", self.masked())
    }
}

/// ITU-T E.164: at most 15 digits in all, and no calling code begins with a zero. Only on islands
/// without mobile money (Niue, Tokelau) do subscribers have fewer than eight.
fn number(text: &str) -> Result<Box<str>, Refusal> {
    let allowed = "E.164: a plus sign and 8 to 15 digits, such as +254700000000";
    let refusal = Refusal { code: "invalid_number", allowed };
    let digits = text.strip_prefix('+').ok_or(refusal)?;
    text::ascii(digits, (8, 15), |byte| byte.is_ascii_digit(), refusal)?;
    if digits.starts_with('0') { Err(refusal) } else { Ok(text.into()) }
}

fn network(text: &str) -> Result<Box<str>, Refusal> {
    let refusal = Refusal { code: "invalid_network", allowed: "1 to 40 printable characters" };
    let network = text::printable(text, 40, refusal)?;
    card_number::refuse_in_text(&network).map(|()| network)
}

const NUMBER_ELSEWHERE: Refusal = Refusal {
    code: "country_mismatch",
    allowed: "a number with the calling code of the recipient's country",
};
