//! A secret in the configuration: read like any text, never written back. Apart because it is the one
//! value whose printed form is not what was read.

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands where a secret is.
const SHOWN: &str = "[redacted]";

/// A text that is printed as `[redacted]`.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// The text, for whoever must prove to know it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        let text = String::deserialize(from)?;
        if text == SHOWN {
            // Somebody has fed the printed configuration back.
            return Err(D::Error::custom(
                "\"[redacted]\" is what is shown instead of a secret; put the secret here",
            ));
        }
        Ok(Secret(text.into()))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // That a secret is missing is worth seeing.
        to.serialize_str(if self.expose().is_empty() { "" } else { SHOWN })
    }
}
