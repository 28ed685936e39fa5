//! The words of money: assets with their digits and chains, what a payout to a chain settles in, and the codes
//! under which an amount is refused.

use super::{read_back, spelled};
use domain::method::OutsideRules;
use domain::money::Asset::{self, *};
use domain::money::{Amount, AssetAmount, Currency, InvalidAmount};
use domain::recipient::Network;
use domain::recipient::Network::*;

/// Ticker, digits after the point, chains.
#[rustfmt::skip]
const ASSETS: &[(Asset, &str, u32, &[Network])] = &[
    (Btc,  "BTC",   8, &[Bitcoin]),
    (Eth,  "ETH",  18, &[Ethereum]),
    (Usdt, "USDT",  6, &[Ethereum, Tron, Solana, Polygon, Bsc]),
    (Usdc, "USDC",  6, &[Ethereum, Solana, Polygon, Bsc]),
    (Trx,  "TRX",   6, &[Tron]),
    (Sol,  "SOL",   9, &[Solana]),
    (Asset::Xrp, "XRP", 6, &[Network::Xrp]),
    (Ltc,  "LTC",   8, &[Litecoin]),
    (Pol,  "POL",  18, &[Polygon]),
    (Bnb,  "BNB",  18, &[Bsc]),
];

#[test]
fn assets() {
    let words: Vec<(Asset, &str)> = ASSETS.iter().map(|row| (row.0, row.1)).collect();
    spelled(Asset::ALL, Asset::symbol, &words);
    read_back(&words);
    for (asset, symbol, decimals, networks) in ASSETS {
        assert_eq!((asset.decimals(), asset.networks()), (*decimals, *networks), "{symbol}");
    }
}

#[test]
fn what_arrives_on_each_chain() {
    let table = [
        (Bitcoin, "BTC"),
        (Ethereum, "ETH"),
        (Tron, "USDT"),
        (Solana, "SOL"),
        (Network::Xrp, "XRP"),
        (Litecoin, "LTC"),
        (Polygon, "USDC"),
        (Bsc, "BNB"),
    ];
    spelled(Network::ALL, |network| Asset::sent_on(network).symbol(), &table);
}

/// An amount is printed with every digit of its currency or asset, also where programmers look at it.
#[test]
fn amounts_as_they_are_printed() {
    let eur = Currency::parse("EUR").unwrap();
    let amount = Amount::parse("125.4", eur).unwrap();
    assert_eq!(format!("{amount} {amount:?} {eur:?}"), "125.40 Amount(125.40) EUR");
    let coins = AssetAmount::parse("0.00211", Btc).unwrap();
    assert_eq!(format!("{coins} {coins:?}"), "0.00211000 AssetAmount(0.00211000)");
    assert_eq!(
        (coins.value().to_string().as_str(), coins.smallest_units()),
        ("0.00211000", 211_000)
    );
}

#[test]
fn refused_amounts() {
    let codes = [
        (InvalidAmount::NotDecimal, "invalid_amount"),
        (InvalidAmount::TooPrecise { allowed: 2 }, "amount_too_precise"),
        (InvalidAmount::NotPositive, "amount_not_positive"),
        (InvalidAmount::TooLarge, "amount_too_large"),
    ];
    spelled(codes.map(|(why, _)| why), InvalidAmount::code, &codes);
    let rules = [
        (OutsideRules::Currency, "currency_not_supported"),
        (OutsideRules::BelowMin, "amount_below_minimum"),
        (OutsideRules::AboveMax, "amount_above_maximum"),
    ];
    spelled(rules.map(|(why, _)| why), OutsideRules::code, &rules);
}
