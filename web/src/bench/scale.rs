//! The scales of plots: logarithms in whole numbers, and figures that read well beside a line. Apart because
//! it is arithmetic and draws nothing.

/// log10 in thousandths; straight between two leading digits.
pub fn decades(number: u64) -> u64 {
    const DIGITS: [u64; 10] = [0, 301, 477, 602, 699, 778, 845, 903, 954, 1_000];
    let number = number.max(1);
    let power = number.ilog10();
    let unit = 10_u64.pow(power);
    let (digit, rest) = (number / unit, number % unit);
    let place = usize::try_from(digit).unwrap_or(1);
    let (from, to) = (DIGITS[place - 1], DIGITS[place]);
    let within = u128::from(to - from) * u128::from(rest) / u128::from(unit);
    u64::from(power) * 1_000 + from + u64::try_from(within).unwrap_or(0)
}

/// The least of 1, 2, 5, 10, 20, 50, … that is not less.
pub fn nice_above(number: u64) -> u64 {
    let unit = 10_u64.pow(number.max(1).ilog10());
    [1, 2, 5, 10].map(|digit| digit * unit).into_iter().find(|nice| *nice >= number).unwrap_or(unit)
}

/// The greatest of them that is not more.
pub fn nice_below(number: u64) -> u64 {
    let unit = 10_u64.pow(number.max(1).ilog10());
    let below = [5, 2, 1].map(|digit| digit * unit).into_iter();
    below.into_iter().find(|nice| *nice <= number).unwrap_or(1)
}

/// Microseconds as milliseconds, without zeros at the end.
pub fn millis(micros: u64) -> String {
    let text = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_nice() {
        assert_eq!([0, 1, 3, 7, 99, 501].map(nice_above), [1, 1, 5, 10, 100, 1_000]);
        assert_eq!([0, 1, 3, 7, 99, 501].map(nice_below), [1, 1, 2, 5, 50, 500]);
        assert_eq!([1, 10, 20, 25, 1_000_000].map(decades), [0, 1_000, 1_301, 1_389, 6_000]);
        assert_eq!([50, 1_000, 2_500].map(millis), ["0.05", "1", "2.5"]);
    }
}
