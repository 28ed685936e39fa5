//! How IBAN, BIC, account number and bank code are spelled. Apart from the account itself because these
//! are other people's standards, each with its source.

use crate::recipient::form::Refusal;
use crate::recipient::{Country, card_number, text};
use std::borrow::Cow;

/// ISO 20022 gives a party's name 140 characters.
pub(super) fn account_name(text: &str) -> Result<Box<str>, Refusal> {
    let allowed = "1 to 140 printable characters";
    let name = text::printable(text, 140, Refusal { code: "invalid_name", allowed })?;
    card_number::refuse_in_text(&name).map(|()| name)
}

/// ISO 13616: country, check digits, and an account part of that country's structure, as SWIFT's
/// registry has it. Spaces and lower case are put right.
pub(super) fn iban(text: &str) -> Result<Box<str>, Refusal> {
    let refusal = |allowed| Refusal { code: "invalid_iban", allowed };
    // Longer than the longest IBAN in groups of four; a cap before anything is copied.
    if text.len() > 64 {
        return Err(refusal("at most 34 letters and digits"));
    }
    let is_electronic = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let electronic: Cow<'_, str> = if text.bytes().all(is_electronic) {
        text.into()
    } else {
        text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect()
    };
    match electronic.parse::<iban::Iban>() {
        // 00, 01 and 99 pass the division as 97, 98 and 02 do, but are never issued.
        Ok(_) if matches!(electronic.get(2..4), Some("00" | "01" | "99")) => {
            Err(refusal(CHECK_DIGITS))
        }
        Ok(_) => Ok(electronic.into()),
        Err(iban::ParseIbanError::InvalidBaseIban {
            source: iban::ParseBaseIbanError::InvalidChecksum,
        }) => Err(refusal(CHECK_DIGITS)),
        Err(iban::ParseIbanError::InvalidBaseIban { .. }) => Err(refusal(
            "two letters of the country, two check digits, and the account: 34 characters at most",
        )),
        Err(iban::ParseIbanError::InvalidBban(_)) => {
            Err(refusal("the length and the structure that IBANs have in that country"))
        }
        Err(iban::ParseIbanError::UnknownCountry(_)) => {
            Err(refusal("the IBAN of a country that has IBANs"))
        }
    }
}

/// ISO 9362: four characters of the party, two letters of a country, two of the location, and three of
/// the branch or none. Answers the country too.
pub(super) fn bic(text: &str) -> Result<(Box<str>, Country), Refusal> {
    let allowed =
        "8 or 11 letters and digits, the fifth and sixth a country code, such as COBADEFFXXX";
    let refusal = Refusal { code: "invalid_bic", allowed };
    let bic = text.to_ascii_uppercase();
    let fits = matches!(bic.len(), 8 | 11) && bic.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let country = bic.get(4..6).and_then(|code| Country::parse(code).ok());
    match country {
        Some(country) if fits => Ok((bic.into(), country)),
        _ => Err(refusal),
    }
}

/// Not tested for being a card number: account numbers pass that test by chance, one in ten.
pub(super) fn account_number(text: &str) -> Result<Box<str>, Refusal> {
    let refusal = Refusal { code: "invalid_account_number", allowed: "4 to 34 letters and digits" };
    text::ascii(text, (4, 34), |byte| byte.is_ascii_alphanumeric(), refusal)
}

pub(super) fn bank_code(text: &str) -> Result<Box<str>, Refusal> {
    let refusal = Refusal { code: "invalid_bank_code", allowed: "3 to 15 letters and digits" };
    text::ascii(text, (3, 15), |byte| byte.is_ascii_alphanumeric(), refusal)
}

const CHECK_DIGITS: &str = "an IBAN whose check digits are right: there is a typing error in it";

pub(super) const IBAN_ELSEWHERE: Refusal = Refusal {
    code: "country_mismatch",
    allowed: "an IBAN that begins with the recipient's country",
};

pub(super) const BIC_ELSEWHERE: Refusal = Refusal {
    code: "country_mismatch",
    allowed: "a BIC whose fifth and sixth letters are the recipient's country",
};

pub(super) const TWO_DESTINATIONS: Refusal = Refusal {
    code: "conflicting_fields",
    allowed: "either iban, or account_number with bank_code, not both",
};

pub(super) const HALF_A_DESTINATION: Refusal =
    Refusal { code: "required", allowed: "account_number and bank_code are given together" };
