//! What a payout's amount becomes in an asset: a rate, what it makes of an amount, and how far two
//! rates lie apart. Apart from `money`, which knows amounts and no prices. Exact throughout: digits
//! are only ever cut off at the asset's last one, and never to the payer's cost.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use crate::money::{Amount, Asset, AssetAmount, Currency, InvalidAmount};
use crate::time::Timestamp;
use rust_decimal::Decimal;

/// What one unit of a currency is worth in an asset, according to whom, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Rate {
    /// The currency that is given.
    pub from: Currency,
    /// The asset that is got for it.
    pub to: Asset,
    /// Units of the asset for one unit of the currency; more than zero.
    pub value: Decimal,
    /// Who says so.
    pub source: Box<str>,
    /// Since when it holds.
    pub at: Timestamp,
}

impl Rate {
    /// The amount in the asset, rounded down to the asset's smallest unit: a conversion never settles
    /// more than its rate says. No other digit is lost on the way.
    ///
    /// # Errors
    /// `NotPositive` when the amount is worth less than the smallest unit, or the rate is not more
    /// than zero; `TooLarge` when the result is more than can be held.
    pub fn convert(&self, amount: Amount) -> Result<AssetAmount, InvalidAmount> {
        if self.value <= Decimal::ZERO {
            return Err(InvalidAmount::NotPositive);
        }
        let (given, rate) = (amount.value(), self.value.normalize());
        let decimals = self.to.decimals();
        let (factors, cut) = (
            (given.mantissa().unsigned_abs(), rate.mantissa().unsigned_abs()),
            i64::from(given.scale() + rate.scale()) - i64::from(decimals),
        );
        let units = product_without_last_digits(factors, cut).ok_or(InvalidAmount::TooLarge)?;
        let units = i128::try_from(units).map_err(|_| InvalidAmount::TooLarge)?;
        let value = Decimal::try_from_i128_with_scale(units, decimals);
        let value = value.map_err(|_| InvalidAmount::TooLarge)?;
        AssetAmount::from_decimal_rounded_down(value, self.to)
    }
}

/// `a` times `b` without its last `cut` digits; with zeros appended where `cut` is negative. None
/// when that is more than an `u128` holds. The product alone may be: it is divided while it is made,
/// one digit of `a` after the other.
fn product_without_last_digits((a, b): (u128, u128), cut: i64) -> Option<u128> {
    let power = |of: i64| 10_u128.checked_pow(u32::try_from(of).ok()?);
    if cut < 0 {
        return a.checked_mul(b)?.checked_mul(power(-cut)?);
    }
    let one = power(cut)?;
    let (mut whole, mut rest) = (0_u128, 0_u128);
    for digit in a.to_string().bytes().map(|byte| u128::from(byte - b'0')) {
        let below = rest.checked_mul(10)?.checked_add(digit.checked_mul(b % one)?)?;
        let above = whole.checked_mul(10)?.checked_add(digit.checked_mul(b / one)?)?;
        whole = above.checked_add(below / one)?;
        rest = below % one;
    }
    Some(whole)
}

/// How far the offered rate is from the quoted one, in hundredths of a percent of the quoted one and
/// in either direction, rounded up: what is allowed is never exceeded by a fraction. Rates too far
/// apart for the sum, and a quoted one that is not more than zero, are `u32::MAX` apart.
pub fn slippage_bps(quoted: Decimal, offered: Decimal) -> u32 {
    let (quoted, offered) = (quoted.normalize(), offered.normalize());
    let scale = quoted.scale().max(offered.scale());
    let at_scale =
        |rate: Decimal| rate.mantissa().checked_mul(10_i128.checked_pow(scale - rate.scale())?);
    let apart = || {
        let (quoted, offered) = (at_scale(quoted)?, at_scale(offered)?);
        let quoted = u128::try_from(quoted).ok().filter(|quoted| *quoted > 0)?;
        let difference = offered.checked_sub(i128::try_from(quoted).ok()?)?.unsigned_abs();
        u32::try_from(difference.checked_mul(10_000)?.div_ceil(quoted)).ok()
    };
    apart().unwrap_or(u32::MAX)
}
