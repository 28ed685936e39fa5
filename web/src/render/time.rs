//! Times as they are spelled on the wire. Apart from the other words because a calendar belongs to them: it
//! knows the years that answers have, and leaves all others to the library.

use domain::time::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A time: RFC 3339, UTC, always with microseconds, so that texts sort like times.
#[derive(Clone, Copy)]
pub struct TimeOut(pub Timestamp);

impl fmt::Display for TimeOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?),
            // Before 1970, and before the year 0 in more digits.
            None => write!(f, "{:.6}", self.on_the_calendar()),
        }
    }
}

impl TimeOut {
    /// Beyond the year 9999 there is no RFC 3339; the last time that has one stands for it.
    fn on_the_calendar(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0.0).unwrap_or(jiff::Timestamp::MAX)
    }

    /// The text of a time since 1970.
    fn text(self) -> Option<[u8; 27]> {
        let micros = u64::try_from(self.on_the_calendar().as_microsecond()).ok()?;
        let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = date_of(days);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        write_number(&mut text[..4], year);
        let parts = [month, day, second / 3_600, second / 60 % 60, second % 60];
        for (place, part) in [5, 8, 11, 14, 17].into_iter().zip(parts) {
            write_number(&mut text[place..place + 2], part);
        }
        write_number(&mut text[20..26], micros);
        Some(text)
    }
}

/// Year, month and day, so many days after 1970-01-01. Years are counted from March, so that a leap day ends
/// one: four hundred of them have 146,097 days, and five months from March or August on 153.
const fn date_of(days: u64) -> (u64, u64, u64) {
    // The days from 0000-03-01 to 1970-01-01.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (era * 400 + year, month, day)
}

/// Writes a number into exactly these digits.
fn write_number(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        // Within u8: a remainder of ten.
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl Serialize for TimeOut {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.text().as_ref().map(|text| str::from_utf8(text)) {
            Some(Ok(text)) => to.serialize_str(text),
            _ => to.collect_str(self),
        }
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

    #[test]
    fn every_day_of_the_calendar_has_its_date() {
        let first = jiff::civil::date(1970, 1, 1);
        for (days, date) in first.series(jiff::Span::new().days(1)).enumerate() {
            let (year, month, day) = date_of(days as u64);
            assert_eq!(format!("{year:04}-{month:02}-{day:02}"), date.to_string());
        }
    }
}
