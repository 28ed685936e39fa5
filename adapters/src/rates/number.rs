//! Numbers read as the text that stood there. Apart from the JSON around them: a float would change
//! the last digits of a rate, and the parser of `rust_decimal` takes more spellings than a number has.

use rust_decimal::Decimal;

/// Reads a number that is not negative, as JSON spells it, in quotes or without: digits, a point
/// between digits, an exponent. None for everything else, and for what cannot be held to its last
/// digit.
pub(super) fn exact(text: &str) -> Option<Decimal> {
    let (base, exponent) = match text.split_once(['e', 'E']) {
        Some((base, exponent)) => (base, whole_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = match base.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (base, ""),
    };
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    // Zeros at the end say nothing, but each would take a digit's place.
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let scale = i64::try_from(fraction.len()).ok()? - exponent;
    with_scale(digits.trim_start_matches('0'), scale)
}

fn whole_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

fn with_scale(digits: &str, scale: i64) -> Option<Decimal> {
    if digits.is_empty() {
        return Some(Decimal::ZERO);
    }
    let mantissa: i128 = digits.parse().ok()?;
    let (mantissa, scale) = match u32::try_from(scale) {
        Ok(scale) => (mantissa, scale),
        Err(_) => {
            let zeros = u32::try_from(-scale).ok()?;
            (mantissa.checked_mul(10_i128.checked_pow(zeros)?)?, 0)
        }
    };
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_kept() {
        let table = [
            ("0.00001683", "0.00001683"),
            ("0.1000000000000000055511151231", "0.1000000000000000055511151231"),
            ("64000", "64000"),
            ("1.683e-5", "0.00001683"),
            ("1.683E-05", "0.00001683"),
            ("1.5e3", "1500"),
            ("15E+2", "1500"),
            ("0.50000000000000000000000000000000000000", "0.5"),
            ("0", "0"),
            ("0e5", "0"),
            ("0.000e-9", "0"),
        ];
        for (text, expected) in table {
            let read = exact(text).map(|number| number.normalize().to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_would_lose_a_digit_is_none() {
        let table = [
            "",
            ".",
            ".5",
            "5.",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1,5",
            "1_000",
            "0x10",
            "NaN",
            "1e",
            "1e+",
            "1e1.5",
            "1ee5",
            "1e9999",
            "1e40",
            "1e-29",
            "Infinity",
            "١",
            "0.00000000000000000000000000001",
            "123456789012345678901234567890",
            "0.12345678901234567890123456789012345678901",
        ];
        for text in table {
            assert_eq!(exact(text), None, "{text:?}");
        }
    }
}
