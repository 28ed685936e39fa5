//! Values as bytes, in bincode's standard configuration: little endian, numbers in as few bytes as they
//! need.
//!
//! Apart from the envelope because it knows nothing of it. bincode wrote these bytes at first and still
//! reads them; every entry of every payout is written on the path of an acknowledgement, though, and for
//! that its way through a general writer costs five times what the bytes cost. Whether both write the
//! same is what the tests below are about.

use std::fmt::Display;

use serde::ser::{self, Serialize};

/// Why a value was not written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PackError(Box<str>);

impl ser::Error for PackError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

/// Writes values behind what is there.
pub(super) struct Packer<'a>(pub(super) &'a mut Vec<u8>);

/// Numbers below this are one byte; above it stands how many bytes follow.
const ONE_BYTE_MAX: u8 = 250;
const TWO_BYTES: u8 = 251;
const FOUR_BYTES: u8 = 252;
const EIGHT_BYTES: u8 = 253;
const SIXTEEN_BYTES: u8 = 254;

impl Packer<'_> {
    fn number(&mut self, number: u64) {
        match number {
            0..=250 => self.0.push(number as u8),
            251..=0xFFFF => self.tagged(TWO_BYTES, (number as u16).to_le_bytes()),
            0x1_0000..=0xFFFF_FFFF => self.tagged(FOUR_BYTES, (number as u32).to_le_bytes()),
            _ => self.tagged(EIGHT_BYTES, number.to_le_bytes()),
        }
    }

    fn large_number(&mut self, number: u128) {
        match u64::try_from(number) {
            Ok(number) => self.number(number),
            Err(_) => self.tagged(SIXTEEN_BYTES, number.to_le_bytes()),
        }
    }

    fn tagged<const N: usize>(&mut self, tag: u8, bytes: [u8; N]) {
        debug_assert!(tag > ONE_BYTE_MAX);
        self.0.push(tag);
        self.0.extend_from_slice(&bytes);
    }

    fn length(&mut self, length: Option<usize>) -> Result<(), PackError> {
        let length = length.ok_or_else(|| ser::Error::custom("a list must know its length"))?;
        self.number(length as u64);
        Ok(())
    }
}

/// Small numbers of either sign become small numbers.
fn folded(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

type Packed = Result<(), PackError>;

impl<'a, 'b> ser::Serializer for &'a mut Packer<'b> {
    type Ok = ();
    type Error = PackError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Packed {
        self.serialize_u8(u8::from(value))
    }

    fn serialize_i8(self, value: i8) -> Packed {
        self.serialize_u8(value as u8)
    }

    fn serialize_i16(self, value: i16) -> Packed {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Packed {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Packed {
        self.number(folded(value));
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Packed {
        self.large_number(((value << 1) ^ (value >> 127)) as u128);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Packed {
        self.0.push(value);
        Ok(())
    }

    fn serialize_u16(self, value: u16) -> Packed {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Packed {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Packed {
        self.number(value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Packed {
        self.large_number(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Packed {
        self.0.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Packed {
        self.0.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Packed {
        self.0.extend_from_slice(value.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Packed {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Packed {
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Packed {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Packed {
        self.0.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Packed {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Packed {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, variant: u32, _: &'static str) -> Packed {
        self.serialize_u32(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Packed {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        value: &T,
    ) -> Packed {
        self.number(variant.into());
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, PackError> {
        self.length(length)?;
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, PackError> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, PackError> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, PackError> {
        self.number(variant.into());
        Ok(self)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, PackError> {
        self.length(length)?;
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, PackError> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        variant: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, PackError> {
        self.number(variant.into());
        Ok(self)
    }
}

/// Parts of a value stand one behind the other, whatever it is.
macro_rules! one_behind_the_other {
    ($($of:ident :: $part:ident ($($named:ty)?)),+ $(,)?) => { $(
        impl ser::$of for &mut Packer<'_> {
            type Ok = ();
            type Error = PackError;

            fn $part<T: Serialize + ?Sized>(&mut self, $(_: $named,)? value: &T) -> Packed {
                value.serialize(&mut **self)
            }

            fn end(self) -> Packed {
                Ok(())
            }
        }
    )+ };
}

one_behind_the_other!(
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeTupleVariant::serialize_field(),
    SerializeStruct::serialize_field(&'static str),
    SerializeStructVariant::serialize_field(&'static str),
);

impl ser::SerializeMap for &mut Packer<'_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Packed {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Packed {
        value.serialize(&mut **self)
    }

    fn end(self) -> Packed {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! What is written here is what bincode writes, and reads.

    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    struct Everything {
        unsigned: (u8, u16, u32, u64, u128),
        signed: (i8, i16, i32, i64, i128),
        yes: bool,
        letter: char,
        text: String,
        bytes: [u8; 16],
        list: Vec<Choice>,
        map: BTreeMap<String, Option<u32>>,
        nothing: (),
        new: New,
        pair: Pair,
    }

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    enum Choice {
        Unit,
        New(Box<str>),
        Tuple(u8, i64),
        Struct { a: Option<u64>, b: Vec<u8> },
    }

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    struct New(u64);

    #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
    struct Pair(u16, String);

    fn any_choice() -> impl Strategy<Value = Choice> {
        prop_oneof![
            Just(Choice::Unit),
            any::<String>().prop_map(|text| Choice::New(text.into())),
            any::<(u8, i64)>().prop_map(|(a, b)| Choice::Tuple(a, b)),
            any::<(Option<u64>, Vec<u8>)>().prop_map(|(a, b)| Choice::Struct { a, b }),
        ]
    }

    fn everything() -> impl Strategy<Value = Everything> {
        let numbers = any::<((u8, u16, u32, u64, u128), (i8, i16, i32, i64, i128))>();
        let small = any::<(bool, char, String, [u8; 16])>();
        let parts = prop::collection::vec(any_choice(), 0..300);
        let rest = any::<(BTreeMap<String, Option<u32>>, u64, (u16, String))>();
        (numbers, small, parts, rest).prop_map(|(numbers, small, list, (map, new, pair))| {
            let ((unsigned, signed), (yes, letter, text, bytes)) = (numbers, small);
            let (new, pair) = (New(new), Pair(pair.0, pair.1));
            let nothing = ();
            Everything { unsigned, signed, yes, letter, text, bytes, list, map, nothing, new, pair }
        })
    }

    fn packed<T: Serialize>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.serialize(&mut Packer(&mut bytes)).unwrap();
        bytes
    }

    fn agrees<T: Serialize>(value: &T) {
        let theirs = bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap();
        assert_eq!(packed(value), theirs);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_what_bincode_writes(value in everything()) {
            agrees(&value);
        }

        #[test]
        fn so_is_every_number(shift in 0_u32..128, number: u128) {
            let number = number >> shift;
            agrees(&(number as u64, number as u32, number as u16, number));
            agrees(&(number as i64, number as i32, number as i16, number as i128));
        }
    }

    #[test]
    fn numbers_at_the_ends_of_their_sizes_agree() {
        for edge in [0_u64, 250, 251, 252, 0xFFFF, 0x1_0000, 0xFFFF_FFFF, 0x1_0000_0000, u64::MAX] {
            for number in [edge.saturating_sub(1), edge, edge.saturating_add(1)] {
                agrees(&(number, number as i64, -(number as i64 >> 1)));
            }
        }
        agrees(&(i64::MIN, i64::MAX, i128::MIN, i128::MAX, u128::MAX));
    }

    #[test]
    fn a_list_of_unknown_length_is_refused() {
        struct Unknown;
        impl Serialize for Unknown {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                ser::SerializeSeq::end(to.serialize_seq(None)?)
            }
        }
        assert!(Unknown.serialize(&mut Packer(&mut Vec::new())).is_err());
    }
}
