//! Amounts, ids, recipients and metadata as they are spelled on the wire. Apart because each has
//! one spelling everywhere; they write themselves without making a copy first.

use domain::id::PayoutId;
use domain::recipient::MaskedRecipient;
use rust_decimal::Decimal;
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An amount as a decimal string, with the digits of its currency or asset.
#[derive(Clone, Copy)]
pub struct AmountOut(pub Decimal);

impl Serialize for AmountOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut room = [0; AMOUNT_LENGTH_MAX];
        match amount_text(self.0, &mut room) {
            Some(text) => to.serialize_str(text),
            None => to.collect_str(&self.0),
        }
    }
}

/// Twenty-eight digits after the point, one before it, and the point.
const AMOUNT_LENGTH_MAX: usize = 30;

/// The text of a decimal that is neither negative nor larger than what a register holds.
fn amount_text(value: Decimal, room: &mut [u8; AMOUNT_LENGTH_MAX]) -> Option<&str> {
    let mut left = u64::try_from(value.mantissa()).ok()?;
    let scale = usize::try_from(value.scale()).ok()?;
    if value.is_sign_negative() {
        return None;
    }
    let (mut begin, mut digits) = (room.len(), 0);
    while left > 0 || digits <= scale {
        if digits == scale && scale > 0 {
            begin = begin.checked_sub(1)?;
            room[begin] = b'.';
        }
        begin = begin.checked_sub(1)?;
        // Within u8: a remainder of ten.
        room[begin] = b'0' + (left % 10) as u8;
        left /= 10;
        digits += 1;
    }
    str::from_utf8(&room[begin..]).ok()
}

impl PartialSchema for AmountOut {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = text.pattern(Some(r"^[0-9]+(\.[0-9]+)?$")).examples(["125.40"]);
        text.description(Some(
            "A decimal string with as many digits after the point as the currency has.",
        ))
        .into()
    }
}

impl ToSchema for AmountOut {
    fn name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
}

/// A payout's id.
#[derive(Clone, Copy)]
pub struct PayoutIdOut(pub PayoutId);

impl Serialize for PayoutIdOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"po_00000000000000000000000000";
        text[3..].copy_from_slice(&self.0.digits());
        to.serialize_str(str::from_utf8(&text).map_err(S::Error::custom)?)
    }
}

/// A recipient, masked.
pub struct RecipientOut(pub MaskedRecipient);

impl Serialize for RecipientOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let MaskedRecipient { kind, fields } = &self.0;
        let mut map = to.serialize_map(Some(fields.len() + 1))?;
        map.serialize_entry("type", kind.word())?;
        for (name, text) in fields {
            map.serialize_entry(name, text)?;
        }
        map.end()
    }
}

impl PartialSchema for RecipientOut {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String).build();
        ObjectBuilder::new()
            .property("type", text())
            .required("type")
            .additional_properties(Some(AdditionalProperties::<Schema>::RefOr(text().into())))
            .description(Some("The recipient's type and details, masked."))
            .examples([serde_json::json!({
                "type": "bank_account", "name": "A*** S******",
                "iban": "DE89**************3000", "country": "DE",
            })])
            .into()
    }
}

impl ToSchema for RecipientOut {
    fn name() -> std::borrow::Cow<'static, str> {
        "MaskedRecipient".into()
    }
}

/// The merchant's own pairs.
pub struct MetadataOut<'p>(pub &'p [(Box<str>, Box<str>)]);

impl Serialize for MetadataOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl PartialSchema for MetadataOut<'_> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(500)).build();
        ObjectBuilder::new()
            .additional_properties(Some(AdditionalProperties::<Schema>::RefOr(text.into())))
            .max_properties(Some(50))
            .description(Some("At most 50 keys of at most 40 characters, values of at most 500."))
            .examples([serde_json::json!({"order": "1001"})])
            .into()
    }
}

impl ToSchema for MetadataOut<'_> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Metadata".into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    //! Amounts are written as the library for decimals writes them.

    use super::*;

    #[test]
    fn an_amount_reads_as_it_should() {
        let mantissas = [0, 1, 9, 10, 12_540, 999_999, i128::from(u64::MAX), 1 << 70, -12_540];
        for (mantissa, scale) in
            mantissas.into_iter().flat_map(|one| (0..=28).map(move |s| (one, s)))
        {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            let written = serde_json::to_string(&AmountOut(value)).unwrap();
            assert_eq!(written, format!("\"{value}\""), "{mantissa} {scale}");
        }
    }
}
