//! A chance in parts per million, read from text such as "0.005". Apart so that no float is ever
//! needed to write one down.

use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// How likely something is: 0 to 1,000,000 parts per million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Deserialize)]
#[serde(try_from = "Spelling")]
pub struct Chance(u32);

impl Chance {
    /// Not once.
    pub const NEVER: Chance = Chance(0);
    /// Every time.
    pub const CERTAIN: Chance = Chance(1_000_000);

    /// That many parts per million.
    ///
    /// # Errors
    /// More than a million of them.
    pub const fn parts_per_million(parts: u32) -> Result<Chance, InvalidChance> {
        if parts <= Chance::CERTAIN.0 { Ok(Chance(parts)) } else { Err(InvalidChance) }
    }

    /// The parts.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl FromStr for Chance {
    type Err = InvalidChance;

    fn from_str(text: &str) -> Result<Chance, InvalidChance> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let plain =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || fraction.len() > 6 {
            return Err(InvalidChance);
        }
        let parts = format!("{whole}{fraction:0<6}").parse().map_err(|_| InvalidChance)?;
        Chance::parts_per_million(parts)
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / Chance::CERTAIN.0, self.0 % Chance::CERTAIN.0)
    }
}

/// Not a chance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a chance is text from \"0\" to \"1\" with at most six digits after the point, or a number of parts per million"
)]
pub struct InvalidChance;

/// The two ways to write one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelling {
    Parts(u32),
    Text(String),
}

impl TryFrom<Spelling> for Chance {
    type Error = InvalidChance;

    fn try_from(spelling: Spelling) -> Result<Chance, InvalidChance> {
        match spelling {
            Spelling::Parts(parts) => Chance::parts_per_million(parts),
            Spelling::Text(text) => text.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_read_exactly() {
        let table = [
            ("0", 0),
            ("1", 1_000_000),
            ("0.5", 500_000),
            ("0.000001", 1),
            ("0.03", 30_000),
            ("1.0", 1_000_000),
        ];
        for (text, parts) in table {
            assert_eq!(text.parse::<Chance>().unwrap().millionths(), parts, "{text}");
        }
        for wrong in
            ["", ".", "1.", ".5", "1.000001", "-0.1", "0.0000001", "1e-3", "half", "4294967296"]
        {
            assert_eq!(wrong.parse::<Chance>(), Err(InvalidChance), "{wrong}");
        }
        assert_eq!(serde_json::from_str::<Chance>("30000").unwrap().to_string(), "0.030000");
        assert_eq!(serde_json::from_str::<Chance>("\"0.03\"").unwrap().millionths(), 30_000);
        assert!(serde_json::from_str::<Chance>("1000001").is_err());
    }
}
