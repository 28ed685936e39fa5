//! Amounts, times, recipients and metadata as they are spelled on the wire. Apart because each has
//! one spelling everywhere; they write themselves without making a copy first.

use domain::recipient::MaskedRecipient;
use domain::time::Timestamp;
use rust_decimal::Decimal;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An amount as a decimal string, with the digits of its currency or asset.
#[derive(Clone, Copy)]
pub struct AmountOut(pub Decimal);

impl Serialize for AmountOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
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

/// A time: RFC 3339, UTC, always with microseconds, so that texts sort like times.
#[derive(Clone, Copy)]
pub struct TimeOut(pub Timestamp);

impl fmt::Display for TimeOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timestamp(micros) = self.0;
        // Beyond the year 9999 there is no RFC 3339; the last time that has one stands for it.
        let time = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
        let date = jiff::tz::Offset::UTC.to_datetime(time);
        let Ok(year) = u64::try_from(date.year()) else {
            return write!(f, "{time:.6}");
        };
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        write_number(&mut text[..4], year);
        let parts = [date.month(), date.day(), date.hour(), date.minute(), date.second()];
        for (place, part) in [5, 8, 11, 14, 17].into_iter().zip(parts) {
            write_number(&mut text[place..place + 2], part.unsigned_abs().into());
        }
        write_number(&mut text[20..26], u64::from(date.subsec_nanosecond().unsigned_abs()) / 1_000);
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number into exactly these digits. An answer has three times, and the general way to write one takes
/// a tenth of the answer's.
fn write_number(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        // Within u8: a remainder of ten.
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl Serialize for TimeOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl PartialSchema for TimeOut {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        text.examples(["2026-11-20T09:30:00.000000Z"]).into()
    }
}

impl ToSchema for TimeOut {
    fn name() -> std::borrow::Cow<'static, str> {
        "Time".into()
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
mod tests {
    //! Times are written as the library for times writes them.

    use super::*;

    #[test]
    fn a_time_reads_as_it_should() {
        let second = 1_000_000_i64;
        let edges = [0, 1, -1, second - 1, -second, 951_782_400 * second, 4_102_444_799 * second];
        let spread = (0..2_000).map(|step| -62_167_219_200 * second + step * 157_784_630_123_457);
        for micros in edges.into_iter().chain(spread) {
            let Ok(time) = jiff::Timestamp::from_microsecond(micros) else { continue };
            assert_eq!(TimeOut(Timestamp(micros)).to_string(), format!("{time:.6}"), "{micros}");
        }
        let no_time = TimeOut(Timestamp(i64::MAX)).to_string();
        assert_eq!(no_time, "9999-12-30T22:00:00.999999Z");
        assert_eq!(TimeOut(Timestamp(i64::MIN)).to_string(), no_time);
    }
}
