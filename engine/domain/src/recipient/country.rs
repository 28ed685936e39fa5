//! Countries: the codes of ISO 3166-1, their calling codes, and whether they have IBANs. Apart from
//! the recipients because bank accounts and phones share the table, and it changes when the world does.

mod tables;

use super::form::Refusal;
use std::fmt;
use std::str::FromStr;
use tables::{BANKING_TOGETHER, CALLING_CODES, IBAN_COUNTRIES};

/// A country or territory: an ISO 3166-1 alpha-2 code in upper case. Two bytes.
///
/// Besides the official 249 there is XK (Kosovo): user-assigned, but the IBAN registry, SWIFT and the
/// ITU (calling code 383) all serve it, and people there are paid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads a code such as "DE".
    ///
    /// # Errors
    /// No country has that code in upper case.
    pub fn parse(code: &str) -> Result<Country, UnknownCountry> {
        let bytes = <[u8; 2]>::try_from(code.as_bytes()).map_err(|_| UnknownCountry)?;
        CALLING_CODES.binary_search_by(|row| row.0.cmp(code)).map_err(|_| UnknownCountry)?;
        Ok(Country(bytes))
    }

    /// [`Country::parse`] as a rule for the field.
    pub(super) fn read(code: &str) -> Result<Country, Refusal> {
        let allowed = "an ISO 3166-1 alpha-2 code in upper case, such as DE";
        Country::parse(code).map_err(|UnknownCountry| Refusal { code: "invalid_country", allowed })
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        // Always ASCII letters: `parse` is the only way in, also when decoding.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether accounts there have IBANs that this gateway can check.
    pub fn has_iban(&self) -> bool {
        IBAN_COUNTRIES.binary_search(&self.code()).is_ok()
    }

    /// Whether a number without its "+" is one of this country.
    ///
    /// The longest calling code that fits decides: +1 242 is the Bahamas', so it is not the United
    /// States', whose code +1 fits as well.
    pub(super) fn owns_number(&self, digits: &str) -> bool {
        let fitting = |row: &(&str, &[&'static str])| longest_fit(row.1, digits);
        let best = CALLING_CODES.iter().filter_map(fitting).max();
        let row = CALLING_CODES.iter().find(|row| row.0 == self.code());
        best.is_some() && row.and_then(fitting) == best
    }

    /// Whether banks there may carry that country in their BIC: its own, or, in a few states whose
    /// territories bank under one IBAN country code, the code of any part.
    pub(super) fn banks_with(&self, bic_country: Country) -> bool {
        let together =
            |group: &&[&str]| group.contains(&self.code()) && group.contains(&bic_country.code());
        *self == bic_country || BANKING_TOGETHER.iter().any(together)
    }
}

/// How long the longest of `codes` is that `digits` begin with.
fn longest_fit(codes: &[&str], digits: &str) -> Option<usize> {
    codes.iter().filter(|code| digits.starts_with(**code)).map(|code| code.len()).max()
}

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(code: &str) -> Result<Country, UnknownCountry> {
        Country::parse(code)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Country> for [u8; 2] {
    fn from(country: Country) -> [u8; 2] {
        country.0
    }
}

impl TryFrom<[u8; 2]> for Country {
    type Error = UnknownCountry;

    fn try_from(code: [u8; 2]) -> Result<Country, UnknownCountry> {
        Country::parse(str::from_utf8(&code).map_err(|_| UnknownCountry)?)
    }
}

/// No country has that code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a country is an ISO 3166-1 alpha-2 code in upper case, such as \"DE\"")]
pub struct UnknownCountry;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_whole() {
        assert!(CALLING_CODES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(IBAN_COUNTRIES.is_sorted_by(|a, b| a < b));
        assert_eq!(CALLING_CODES.len(), 249 + 1, "ISO 3166-1 and XK");
        assert!(IBAN_COUNTRIES.iter().all(|code| Country::parse(code).is_ok()));
        assert!(
            BANKING_TOGETHER
                .iter()
                .flat_map(|group| group.iter())
                .all(|code| Country::parse(code).is_ok())
        );
        for (country, codes) in CALLING_CODES {
            let digits = |code: &&str| {
                !code.starts_with('0') && code.bytes().all(|byte| byte.is_ascii_digit())
            };
            assert!(!codes.is_empty() && codes.iter().all(digits), "{country}");
        }
    }

    #[test]
    fn codes_that_are_no_country_are_refused() {
        for code in ["", "D", "de", "DEU", "D1", "XX", "ZZ", "EU", "UK", "AN", "🇩🇪"] {
            assert_eq!(code.parse::<Country>(), Err(UnknownCountry), "{code}");
        }
        assert_eq!(Country::try_from(*b"KE").unwrap().to_string(), "KE");
        assert_eq!(Country::try_from(*b"ke"), Err(UnknownCountry));
    }

    /// The crate says which countries it knows only when it is shown an IBAN: one whose account part
    /// is all zeros and whose check digits are right is "unknown country" exactly for the others.
    #[test]
    fn the_iban_countries_are_those_that_can_be_checked() {
        for (code, _) in CALLING_CODES {
            let digit = |letter: u8| u64::from(letter - b'A') + 10;
            let letters = code.bytes().fold(0, |value, letter| value * 100 + digit(letter));
            let check = 98 - letters * 100 % 97;
            let known = !matches!(
                format!("{code}{check:02}00000000000").parse::<iban::Iban>(),
                Err(iban::ParseIbanError::UnknownCountry(_))
            );
            assert_eq!(Country::parse(code).unwrap().has_iban(), known, "{code}");
        }
    }
}
