//! Crypto assets, and amounts of them: what a crypto payout settles in after conversion. Apart from
//! `Currency` and `Amount` because a payout is never denominated in one; an asset has up to 18
//! decimals and lives on chains.

use super::decimal_text;
use super::{InvalidAmount, within_bounds};
use crate::recipient::Network::{self, *};
use bincode::{Decode, Encode};
use rust_decimal::{Decimal, RoundingStrategy};
use std::fmt;
use std::str::FromStr;

/// An asset that payouts can settle in. New ones go to the end: stored entries hold the place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[allow(missing_docs, reason = "each is its ticker")]
pub enum Asset {
    Btc,
    Eth,
    Usdt,
    Usdc,
    Trx,
    Sol,
    Xrp,
    Ltc,
    Pol,
    Bnb,
}

impl Asset {
    /// Every asset.
    pub const ALL: [Asset; 10] = [
        Asset::Btc,
        Asset::Eth,
        Asset::Usdt,
        Asset::Usdc,
        Asset::Trx,
        Asset::Sol,
        Asset::Xrp,
        Asset::Ltc,
        Asset::Pol,
        Asset::Bnb,
    ];

    /// Ticker, decimals, and the chains it can be sent on.
    ///
    /// Decimals are those of each chain's protocol, or of the token contracts of Tether and Circle.
    /// Tokens bridged to BNB Smart Chain have 18 there; six are kept, so that an amount means the
    /// same on every chain.
    #[rustfmt::skip]
    const fn row(self) -> (&'static str, u32, &'static [Network]) {
        match self {
            Asset::Btc  => ("BTC",   8, &[Bitcoin]),
            Asset::Eth  => ("ETH",  18, &[Ethereum]),
            Asset::Usdt => ("USDT",  6, &[Ethereum, Tron, Solana, Polygon, Bsc]),
            Asset::Usdc => ("USDC",  6, &[Ethereum, Solana, Polygon, Bsc]),
            Asset::Trx  => ("TRX",   6, &[Tron]),
            Asset::Sol  => ("SOL",   9, &[Solana]),
            Asset::Xrp  => ("XRP",   6, &[Xrp]),
            Asset::Ltc  => ("LTC",   8, &[Litecoin]),
            Asset::Pol  => ("POL",  18, &[Polygon]),
            Asset::Bnb  => ("BNB",  18, &[Bsc]),
        }
    }

    /// The ticker, such as "BTC".
    pub const fn symbol(self) -> &'static str {
        self.row().0
    }

    /// How many digits after the decimal point its smallest unit has.
    pub const fn decimals(self) -> u32 {
        self.row().1
    }

    /// What a payout to a chain settles in: the chain's own coin, but dollars on the chains that
    /// people pay dollars on.
    pub const fn sent_on(network: Network) -> Asset {
        match network {
            Bitcoin => Asset::Btc,
            Ethereum => Asset::Eth,
            Tron => Asset::Usdt,
            Solana => Asset::Sol,
            Xrp => Asset::Xrp,
            Litecoin => Asset::Ltc,
            Polygon => Asset::Usdc,
            Bsc => Asset::Bnb,
        }
    }

    /// The chains it can be sent on.
    pub const fn networks(self) -> &'static [Network] {
        self.row().2
    }
}

impl FromStr for Asset {
    type Err = UnknownAsset;

    fn from_str(symbol: &str) -> Result<Asset, UnknownAsset> {
        Asset::ALL.into_iter().find(|asset| asset.symbol() == symbol).ok_or(UnknownAsset)
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

/// Not the ticker of an asset in the registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an asset is a known ticker in upper case, such as \"BTC\"")]
pub struct UnknownAsset;

/// An amount of an asset in its main unit (one bitcoin, not one satoshi), more than zero. It prints
/// with all of the asset's decimals: "0.00211000".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetAmount(Decimal);

impl AssetAmount {
    /// Reads plain decimal text, by the same rules as [`super::Amount::parse`].
    ///
    /// # Errors
    /// As there; an asset of 18 decimals leaves room for ten whole digits.
    pub fn parse(text: &str, asset: Asset) -> Result<AssetAmount, InvalidAmount> {
        decimal_text::parse(text, asset.decimals()).map(AssetAmount)
    }

    /// The result of a conversion, cut to the asset's decimals. Always downwards: a conversion must
    /// not settle more than its rate says.
    ///
    /// # Errors
    /// Nothing is left after the cut, or the number is too large to be held at that precision.
    pub fn from_decimal_rounded_down(
        value: Decimal,
        asset: Asset,
    ) -> Result<AssetAmount, InvalidAmount> {
        let decimals = asset.decimals();
        let mut exact = value.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
        exact = within_bounds(exact)?;
        exact.rescale(decimals);
        // `rescale` keeps the value and gives up on the scale where 96 bits cannot hold both.
        if exact.scale() == decimals {
            Ok(AssetAmount(exact))
        } else {
            Err(InvalidAmount::TooLarge)
        }
    }

    /// The number in the asset's main unit.
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// The number in the asset's smallest unit (satoshi, wei, lamport).
    pub fn smallest_units(self) -> u128 {
        self.0.mantissa().unsigned_abs()
    }
}

impl fmt::Display for AssetAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AssetAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AssetAmount({})", self.0)
    }
}

impl From<AssetAmount> for [u8; 16] {
    fn from(amount: AssetAmount) -> [u8; 16] {
        amount.0.serialize()
    }
}

impl TryFrom<[u8; 16]> for AssetAmount {
    type Error = InvalidAmount;

    fn try_from(bytes: [u8; 16]) -> Result<AssetAmount, InvalidAmount> {
        within_bounds(decimal_text::from_bytes(bytes)?).map(AssetAmount)
    }
}
