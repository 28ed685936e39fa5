//! Conversions to the last digit, and rates that lie apart. Apart from `conversion.rs` so that the
//! rules there fit one screen.

use super::*;
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn rate(from: &str, to: &str, value: Decimal) -> Rate {
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    Rate { from, to, value, source: "a test".into(), at: Timestamp(0) }
}

fn converted(amount: &str, from: &str, to: &str, value: &str) -> Result<String, InvalidAmount> {
    let rate = rate(from, to, decimal(value));
    rate.convert(Amount::parse(amount, rate.from).unwrap()).map(|amount| amount.to_string())
}

#[test]
fn an_amount_becomes_what_the_rate_says_and_never_more() {
    let table = [
        ("125.40", "EUR", "BTC", "0.000016875", "0.00211612"),
        ("1", "JPY", "USDT", "0.0067", "0.006700"),
        ("0.001", "KWD", "USDC", "3.25", "0.003250"),
        ("1.00", "EUR", "ETH", "0.0003375", "0.000337500000000000"),
        ("100.00", "EUR", "SOL", "0.0069444444444444444444444444", "0.694444444"),
        // One digit of the rate away from the next unit.
        ("1.00", "EUR", "BTC", "0.0000000199999999999999999999", "0.00000001"),
        // Longer than any product of decimals can be held: nothing is rounded up on the way.
        (
            "999999999.99",
            "EUR",
            "ETH",
            "0.9999999999999999999999999999",
            "999999999.989999999999999999",
        ),
    ];
    for (amount, from, to, value, expected) in table {
        assert_eq!(converted(amount, from, to, value).as_deref(), Ok(expected), "{amount} {from}");
    }
}

#[test]
fn what_cannot_be_settled_is_refused() {
    let table = [
        ("0.01", "EUR", "BTC", "0.0000001", InvalidAmount::NotPositive),
        ("999999999999999999.99", "EUR", "ETH", "1", InvalidAmount::TooLarge),
        ("999999999999999999.99", "EUR", "USDT", "1.01", InvalidAmount::TooLarge),
        ("1.00", "EUR", "ETH", "79228162514264337593543950335", InvalidAmount::TooLarge),
        ("1.00", "EUR", "BTC", "0", InvalidAmount::NotPositive),
        ("1.00", "EUR", "BTC", "-1", InvalidAmount::NotPositive),
    ];
    for (amount, from, to, value, expected) in table {
        assert_eq!(converted(amount, from, to, value), Err(expected), "{amount} at {value}");
    }
}

#[test]
fn rates_lie_apart_by_hundredths_of_a_percent_rounded_up() {
    let table = [
        ("1", "1", 0),
        ("1.0", "1.000", 0),
        ("100", "101", 100),
        ("100", "99", 100),
        ("0.000016875", "0.000016875", 0),
        ("0.000016875", "0.0000168751", 1),
        ("200", "201", 50),
        ("200", "201.0000000000000000000000001", 51),
        ("200", "200.9999999999999999999999999", 50),
        ("1", "0", 10_000),
        ("1", "430000", u32::MAX),
        ("0", "1", u32::MAX),
        ("-1", "1", u32::MAX),
        ("0.0000000000000000000000000001", "79228162514264337593543950335", u32::MAX),
    ];
    for (quoted, offered, bps) in table {
        assert_eq!(slippage_bps(decimal(quoted), decimal(offered)), bps, "{quoted} to {offered}");
    }
}

#[test]
fn a_stored_rate_is_read_back_only_if_it_is_one() {
    let config = bincode::config::standard();
    let read = |text: &'static str| {
        let stored = (*b"EUR", Asset::Btc, text, "a test", Timestamp(0));
        let stored = bincode::encode_to_vec(stored, config).unwrap();
        bincode::decode_from_slice::<Rate, _>(&stored, config).map(|(rate, _)| rate)
    };
    let good = rate("EUR", "BTC", decimal("0.000016830"));
    assert_eq!(read("0.000016830").unwrap(), good);
    for damaged in ["0", "-1", "", "many"] {
        assert!(read(damaged).is_err(), "{damaged}");
    }
}

/// Rates from a hundred-millionth to a million, with up to eighteen digits after the point.
fn rates() -> impl Strategy<Value = Decimal> {
    (1_i128..1_000_000_000_000, 6_u32..=18)
        .prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
}

proptest! {
    #[test]
    fn a_conversion_is_less_than_one_unit_below_the_product(
        minor in 1_u128..10_u128.pow(10),
        value in rates(),
        asset in prop::sample::select(Asset::ALL.to_vec()),
    ) {
        let eur = Currency::parse("EUR").unwrap();
        let amount = Amount::from_minor_units(minor, eur).unwrap();
        let product = amount.value() * value;
        let unit = Decimal::new(1, asset.decimals());
        match rate("EUR", asset.symbol(), value).convert(amount) {
            Ok(settled) => {
                prop_assert!(settled.value() <= product && product < settled.value() + unit);
            }
            Err(InvalidAmount::NotPositive) => prop_assert!(product < unit),
            // Eighteen decimals leave room for ten whole digits.
            Err(error) => {
                prop_assert_eq!((error, asset.decimals()), (InvalidAmount::TooLarge, 18));
                prop_assert!(product >= Decimal::from(10_u64.pow(10)));
            }
        }
    }

    #[test]
    fn slippage_is_the_least_bound_in_both_directions(quoted in rates(), bps in 1_u32..=9_999) {
        let step = quoted * Decimal::new(i64::from(bps), 4);
        let hair = Decimal::new(1, 28);
        prop_assert_eq!(slippage_bps(quoted, quoted + step), bps);
        prop_assert_eq!(slippage_bps(quoted, quoted - step), bps);
        let beyond = quoted + step + hair;
        if beyond > quoted + step {
            prop_assert_eq!(slippage_bps(quoted, beyond), bps + 1);
        }
    }
}
