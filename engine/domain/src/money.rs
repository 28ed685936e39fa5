//! What a payout is worth: an exact decimal, always more than zero, with exactly as many digits
//! after the point as its currency has. Apart from `payout.rs` so that no arithmetic on money is
//! written anywhere else; there is no float and no sign in it.

pub mod asset;
pub mod currency;
mod decimal_text;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use asset::{Asset, AssetAmount, UnknownAsset};
pub use currency::{Currency, UnknownCurrency};

use rust_decimal::Decimal;
use std::fmt;

/// More whole digits than any payment scheme carries; ISO 20022 stops at 18 digits in all.
pub const WHOLE_DIGITS_MAX: usize = 18;

/// An amount of money in the currency's main unit, more than zero and less than 10^18.
///
/// It does not know its currency: the payout holds both, once. Its scale is the currency's
/// exponent, so it prints as the currency is written ("125.40") without being told which one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// Reads plain decimal text such as "125.4": digits, and at most one point between digits.
    ///
    /// # Errors
    /// Anything else (a sign, an exponent, spaces, needless leading zeros), zero, more digits after
    /// the point than the currency has, or more than [`WHOLE_DIGITS_MAX`] before it.
    pub fn parse(text: &str, currency: Currency) -> Result<Amount, InvalidAmount> {
        decimal_text::parse(text, currency.exponent()).map(Amount)
    }

    /// The amount of that many minor units: 12540 with EUR is 125.40, 125 with JPY is 125.
    ///
    /// # Errors
    /// Zero, or too many whole digits.
    pub fn from_minor_units(minor: u128, currency: Currency) -> Result<Amount, InvalidAmount> {
        let mantissa = i128::try_from(minor).map_err(|_| InvalidAmount::TooLarge)?;
        let value = Decimal::try_from_i128_with_scale(mantissa, currency.exponent());
        within_bounds(value.map_err(|_| InvalidAmount::TooLarge)?).map(Amount)
    }

    /// A decimal that a provider reported; zeros beyond the currency's exponent are no precision.
    ///
    /// # Errors
    /// As [`Amount::parse`], by value instead of by spelling.
    pub fn from_decimal(value: Decimal, currency: Currency) -> Result<Amount, InvalidAmount> {
        let allowed = currency.exponent();
        let mut exact = within_bounds(value)?;
        if exact.round_dp(allowed) != exact {
            return Err(InvalidAmount::TooPrecise { allowed });
        }
        exact.rescale(allowed);
        Ok(Amount(exact))
    }

    /// The number in the currency's main unit, for sums over many payouts and for conversion.
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// The number in minor units (cents, fils, whole yen), as many providers want it.
    pub fn minor_units(self) -> u128 {
        self.0.mantissa().unsigned_abs()
    }

    /// The sum, or `None` when the two are written with different exponents (which shows that they
    /// are of different currencies) or the sum is too large.
    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        if self.0.scale() != other.0.scale() {
            return None;
        }
        within_bounds(self.0.checked_add(other.0)?).ok().map(Amount)
    }

    /// What is left, or `None` when nothing is, or when the exponents differ.
    pub fn checked_sub(self, other: Amount) -> Option<Amount> {
        if self.0.scale() != other.0.scale() {
            return None;
        }
        within_bounds(self.0.checked_sub(other.0)?).ok().map(Amount)
    }
}

/// The decimal itself, if it may be an amount at all.
fn within_bounds(value: Decimal) -> Result<Decimal, InvalidAmount> {
    if value <= Decimal::ZERO {
        Err(InvalidAmount::NotPositive)
    } else if value >= Decimal::from(10_u64.pow(WHOLE_DIGITS_MAX as u32)) {
        Err(InvalidAmount::TooLarge)
    } else {
        Ok(value)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

impl From<Amount> for [u8; 16] {
    fn from(amount: Amount) -> [u8; 16] {
        amount.0.serialize()
    }
}

impl TryFrom<[u8; 16]> for Amount {
    type Error = InvalidAmount;

    fn try_from(bytes: [u8; 16]) -> Result<Amount, InvalidAmount> {
        within_bounds(decimal_text::from_bytes(bytes)?).map(Amount)
    }
}

/// Why a text or a number is no amount. The sentence says what is allowed and repeats nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidAmount {
    /// Not plain decimal text.
    #[error(
        "an amount is plain decimal text such as \"125.40\": no sign, exponent, spaces or needless zeros in front"
    )]
    NotDecimal,
    /// More digits after the point than the currency or asset has.
    #[error("at most {allowed} digits after the decimal point are allowed here")]
    TooPrecise {
        /// How many there may be.
        allowed: u32,
    },
    /// Zero or less.
    #[error("an amount is more than zero")]
    NotPositive,
    /// More whole digits than allowed.
    #[error(
        "at most {WHOLE_DIGITS_MAX} digits before the decimal point are allowed, fewer for assets with many after it"
    )]
    TooLarge,
}

impl InvalidAmount {
    /// The stable word for problem bodies.
    pub const fn code(self) -> &'static str {
        match self {
            InvalidAmount::NotDecimal => "invalid_amount",
            InvalidAmount::TooPrecise { .. } => "amount_too_precise",
            InvalidAmount::NotPositive => "amount_not_positive",
            InvalidAmount::TooLarge => "amount_too_large",
        }
    }
}
