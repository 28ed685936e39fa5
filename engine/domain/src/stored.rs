//! How values that check themselves are stored: as bytes or as text, and read back only if they are what
//! they say. Apart from the types, which know nothing of an encoding, and from the derives, which would
//! believe whatever stands there.

use crate::conversion::Rate;
use crate::entry::{RateMissed, Settlement};
use crate::money::{Amount, AssetAmount, Currency};
use crate::recipient::Country;
use bincode::de::{BorrowDecode, BorrowDecoder, Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use std::fmt::Display;

/// Stored bytes or text are no such value.
fn not_one(why: impl Display) -> DecodeError {
    DecodeError::OtherString(why.to_string())
}

/// Reads what can borrow by the way of what cannot.
macro_rules! borrows_nothing {
    ($type:ty) => {
        impl<'de, Context> BorrowDecode<'de, Context> for $type {
            fn borrow_decode<D: BorrowDecoder<'de, Context = Context>>(
                from: &mut D,
            ) -> Result<Self, DecodeError> {
                Self::decode(from)
            }
        }
    };
}

/// Stores a type as the bytes that it is made into, and reads it back by its own check.
macro_rules! stored_as_bytes {
    ($($type:ty: $count:literal),+ $(,)?) => { $(
        impl Encode for $type {
            fn encode<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
                <[u8; $count]>::from(*self).encode(to)
            }
        }

        impl<Context> Decode<Context> for $type {
            fn decode<D: Decoder<Context = Context>>(from: &mut D) -> Result<Self, DecodeError> {
                Self::try_from(<[u8; $count]>::decode(from)?).map_err(not_one)
            }
        }

        borrows_nothing!($type);
    )+ };
}

stored_as_bytes!(Amount: 16, AssetAmount: 16, Currency: 3, Country: 2);

/// Stores a struct field by field, each in the way that is named.
macro_rules! stored_by_field {
    ($($type:ident { $($field:ident: $way:ident),+ $(,)? })+) => { $(
        impl Encode for $type {
            fn encode<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
                $( $way::encode(&self.$field, to)?; )+
                Ok(())
            }
        }

        impl<Context> Decode<Context> for $type {
            fn decode<D: Decoder<Context = Context>>(from: &mut D) -> Result<Self, DecodeError> {
                Ok(Self { $( $field: $way::decode(from)? ),+ })
            }
        }

        borrows_nothing!($type);
    )+ };
}

stored_by_field! {
    Rate { from: plain, to: plain, value: price, source: plain, at: plain }
    RateMissed { rate: text, source: plain, apart_bps: plain }
    Settlement { amount: plain, asset: plain, rate: text, source: plain, at: plain, quote: plain }
}

/// As the type itself says.
mod plain {
    use super::*;

    pub fn encode<E: Encoder>(value: &impl Encode, to: &mut E) -> Result<(), EncodeError> {
        value.encode(to)
    }

    pub fn decode<D: Decoder, T: Decode<D::Context>>(from: &mut D) -> Result<T, DecodeError> {
        T::decode(from)
    }
}

/// A decimal that is no amount of money: as text, which keeps its digits as they were told.
mod text {
    use super::*;
    use rust_decimal::Decimal;

    pub fn encode<E: Encoder>(decimal: &Decimal, to: &mut E) -> Result<(), EncodeError> {
        decimal.to_string().encode(to)
    }

    pub fn decode<D: Decoder>(from: &mut D) -> Result<Decimal, DecodeError> {
        String::decode(from)?.parse().map_err(not_one)
    }
}

/// A rate: as text, and never read back as something that is none.
mod price {
    use super::*;
    use rust_decimal::Decimal;

    pub use super::text::encode;

    pub fn decode<D: Decoder>(from: &mut D) -> Result<Decimal, DecodeError> {
        let rate = text::decode(from)?;
        if rate > Decimal::ZERO { Ok(rate) } else { Err(not_one("a rate is more than 0")) }
    }
}
