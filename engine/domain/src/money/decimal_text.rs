//! Decimal text and decimal bytes, read strictly: one number has one spelling per exponent, so two
//! equal requests hash alike. Apart because currencies and crypto assets share it; the parser of
//! `rust_decimal` takes signs, underscores and bare points, and rounds what does not fit.

use super::{InvalidAmount, WHOLE_DIGITS_MAX};
use rust_decimal::Decimal;

/// The largest exponent in use: the 18 decimals of ether.
const SCALE_MAX: u8 = 18;

/// `[0-9]+(\.[0-9]+)?` with at most `fraction_max` digits after the point, as a decimal of exactly
/// that scale, more than zero.
pub(super) fn parse(text: &str, fraction_max: u32) -> Result<Decimal, InvalidAmount> {
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return Err(InvalidAmount::NotDecimal),
        Some(parts) => parts,
        None => (text, ""),
    };
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let needless_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || needless_zero || !plain(whole) || !plain(fraction) {
        return Err(InvalidAmount::NotDecimal);
    }
    if fraction.len() > fraction_max as usize {
        return Err(InvalidAmount::TooPrecise { allowed: fraction_max });
    }
    if whole.len() > WHOLE_DIGITS_MAX {
        return Err(InvalidAmount::TooLarge);
    }
    let missing_zeros = fraction_max as usize - fraction.len();
    match mantissa(whole, fraction, missing_zeros) {
        0 => Err(InvalidAmount::NotPositive),
        mantissa => Decimal::try_from_i128_with_scale(mantissa, fraction_max)
            .map_err(|_| InvalidAmount::TooLarge),
    }
}

/// All digits as one integer. 18 before and 18 after the point fit an `i128` with room to spare.
fn mantissa(whole: &str, fraction: &str, missing_zeros: usize) -> i128 {
    let digits = whole.bytes().chain(fraction.bytes());
    let zeros = std::iter::repeat_n(b'0', missing_zeros);
    digits.chain(zeros).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'))
}

/// The inverse of `Decimal::serialize`. `Decimal::deserialize` cuts off what it does not know and
/// shifts what does not fit; a damaged record must be noticed instead.
pub(super) fn from_bytes(bytes: [u8; 16]) -> Result<Decimal, InvalidAmount> {
    let [unused_low, unused_high, scale, sign, ..] = bytes;
    if unused_low != 0 || unused_high != 0 || sign != 0 || scale > SCALE_MAX {
        return Err(InvalidAmount::NotDecimal);
    }
    Ok(Decimal::deserialize(bytes))
}
