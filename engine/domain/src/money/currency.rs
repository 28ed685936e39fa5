//! The currency of a payout: an ISO 4217 code that people are paid in, with its exponent. Apart from
//! the crate `iso_currency`, which supplies both, because that one also lists funds, metals and test
//! codes, and prints a currency's English name where an API wants the code.

use std::fmt;
use std::str::FromStr;

/// A currency that money can be sent in. Four bytes; ordered by code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// Reads an alphabetic code in upper case, such as "EUR".
    ///
    /// Codes that were withdrawn lately stay known: a journal that names them must decode for ever,
    /// and whether one can still be paid in is the provider's to say.
    ///
    /// # Errors
    /// No ISO 4217 code, or one of a fund, a metal, a unit of account, a test, or without an
    /// exponent. Source: ISO 4217 list one, as kept by the crate `iso_currency`.
    pub fn parse(code: &str) -> Result<Currency, UnknownCurrency> {
        let iso = iso_currency::Currency::from_code(code).ok_or(UnknownCurrency)?;
        if iso.is_fund() || iso.is_special() {
            return Err(UnknownCurrency);
        }
        let exponent =
            iso.exponent().and_then(|digits| u8::try_from(digits).ok()).ok_or(UnknownCurrency)?;
        let code = <[u8; 3]>::try_from(code.as_bytes()).map_err(|_| UnknownCurrency)?;
        Ok(Currency { code, exponent })
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        // Always ASCII letters: `parse` is the only way in, also when decoding.
        str::from_utf8(&self.code).unwrap_or_default()
    }

    /// How many digits after the decimal point the currency has: 2 for EUR, 0 for JPY, 3 for KWD.
    pub const fn exponent(&self) -> u32 {
        self.exponent as u32
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Currency, UnknownCurrency> {
        Currency::parse(code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Currency> for [u8; 3] {
    fn from(currency: Currency) -> [u8; 3] {
        currency.code
    }
}

impl TryFrom<[u8; 3]> for Currency {
    type Error = UnknownCurrency;

    fn try_from(code: [u8; 3]) -> Result<Currency, UnknownCurrency> {
        Currency::parse(str::from_utf8(&code).map_err(|_| UnknownCurrency)?)
    }
}

/// Not the code of a currency that money can be sent in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a currency is an ISO 4217 code in upper case, such as \"EUR\"; funds, metals and test codes are not payable"
)]
pub struct UnknownCurrency;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn known_currencies_and_their_exponents() {
        let table =
            [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("UGX", 0), ("XOF", 0), ("XCD", 2)];
        for (code, exponent) in table {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.code(), currency.exponent()), (code, exponent));
            assert_eq!(format!("{currency} {currency:?}"), format!("{code} {code}"));
        }
        assert!(size_of::<Currency>() <= 4);
    }

    #[test]
    fn what_nobody_is_paid_in_is_refused() {
        let table = [
            ("lower case", "eur"),
            ("mixed case", "Eur"),
            ("a space", "EUR "),
            ("empty", ""),
            ("a number", "978"),
            ("no such code", "ABC"),
            ("not ASCII", "€UR"),
            ("an asset", "BTC"),
            ("no currency", "XXX"),
            ("testing", "XTS"),
            ("gold", "XAU"),
            ("drawing rights", "XDR"),
            ("accounting dinar", "XAD"),
            ("a fund", "CLF"),
            ("a fund", "USN"),
        ];
        for (why, code) in table {
            assert_eq!(code.parse::<Currency>(), Err(UnknownCurrency), "{why}: {code}");
        }
    }

    #[test]
    fn stored_bytes_are_checked() {
        for code in ["EUR", "JPY", "KWD", "HRK"] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(Currency::try_from(<[u8; 3]>::from(currency)), Ok(currency));
        }
        assert_eq!(Currency::try_from(*b"XAU"), Err(UnknownCurrency));
        assert_eq!(Currency::try_from([0xff, 0, 1]), Err(UnknownCurrency));
    }
}
