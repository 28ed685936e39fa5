//! Currencies and limits of a method: what is declared is what is checked. Apart from the methods so
//! that a narrower method is one more row of data.

use crate::money::{Amount, Currency};

/// Which currencies and amounts a method takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Which currencies.
    pub currencies: Currencies,
    /// Limits per currency; a currency without a row has none.
    pub limits: &'static [Limit],
}

/// Which currencies a method takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Currencies {
    /// Every currency there is.
    Any,
    /// These ISO 4217 codes.
    Only(&'static [&'static str]),
}

/// The least and the most in one currency, in minor units, both allowed themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// ISO 4217 code.
    pub currency: &'static str,
    /// The least, if there is one.
    pub min: Option<u128>,
    /// The most, if there is one.
    pub max: Option<u128>,
}

/// Which rule a payout breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutsideRules {
    /// The method does not take the currency.
    #[error("this method does not take this currency")]
    Currency,
    /// Less than the least.
    #[error("this is less than this method sends in this currency")]
    BelowMin,
    /// More than the most.
    #[error("this is more than this method sends in this currency")]
    AboveMax,
}

impl OutsideRules {
    /// The stable word for problem bodies.
    pub const fn code(self) -> &'static str {
        match self {
            OutsideRules::Currency => "currency_not_supported",
            OutsideRules::BelowMin => "amount_below_minimum",
            OutsideRules::AboveMax => "amount_above_maximum",
        }
    }
}

impl Rules {
    /// Whether a payout of that amount may be made.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, amount: Amount, currency: Currency) -> Result<(), OutsideRules> {
        if let Currencies::Only(codes) = self.currencies
            && !codes.contains(&currency.code())
        {
            return Err(OutsideRules::Currency);
        }
        let minor = amount.minor_units();
        for limit in self.limits.iter().filter(|limit| limit.currency == currency.code()) {
            if limit.min.is_some_and(|min| minor < min) {
                return Err(OutsideRules::BelowMin);
            }
            if limit.max.is_some_and(|max| minor > max) {
                return Err(OutsideRules::AboveMax);
            }
        }
        Ok(())
    }
}
