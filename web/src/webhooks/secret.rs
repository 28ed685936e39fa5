//! The secrets that messages are signed with: made here, kept in the endpoints' file, shown to the
//! merchant once. Apart from the signature so that one file decides how a secret is spelled.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::time::Timestamp;
use ed25519_dalek::SigningKey;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::str::FromStr;

/// What a secret's bytes are at birth; the standard asks for 24 to 64.
const BYTES: usize = 32;
/// Characters of a secret that a hint shows.
const HINT_CHARS: usize = 4;

/// How an endpoint's messages are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// HMAC-SHA256 with a secret that both sides hold.
    Hmac,
    /// Ed25519: the merchant holds the public half only.
    Ed25519,
}

impl Scheme {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Scheme::Hmac => "hmac",
            Scheme::Ed25519 => "ed25519",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Scheme::Hmac => "whsec_",
            Scheme::Ed25519 => "whsk_",
        }
    }
}

/// A word that is no scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signature is hmac or ed25519")]
pub struct UnknownScheme;

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Scheme, UnknownScheme> {
        let all = [Scheme::Hmac, Scheme::Ed25519];
        all.into_iter().find(|scheme| scheme.word() == text).ok_or(UnknownScheme)
    }
}

/// One signing secret with its time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SigningSecret {
    #[serde(serialize_with = "write", deserialize_with = "read")]
    text: SecretString,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it signs no more; none: until it is rotated out.
    pub expires_at: Option<Timestamp>,
}

/// The system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

impl SigningSecret {
    /// A new secret for this scheme.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn fresh(scheme: Scheme, now: Timestamp) -> Result<SigningSecret, NoRandomness> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(SigningSecret::of_bytes(scheme, &bytes, now))
    }

    pub(super) fn of_bytes(scheme: Scheme, bytes: &[u8], now: Timestamp) -> SigningSecret {
        let text = format!("{}{}", scheme.prefix(), BASE64.encode(bytes));
        SigningSecret { text: text.into(), created_at: now, expires_at: None }
    }

    /// Whether it signs at this time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// What the merchant is shown at creation and rotation; nothing for Ed25519, whose secret half
    /// never leaves the gateway.
    pub fn shown_once(&self) -> Option<&str> {
        let text = self.text.expose_secret();
        text.starts_with(Scheme::Hmac.prefix()).then_some(text)
    }

    /// How it begins: enough to tell two apart.
    pub fn hint(&self) -> String {
        let text = self.text.expose_secret();
        let prefix = text.find('_').map_or(0, |place| place + 1);
        format!("{}…", text.chars().take(prefix + HINT_CHARS).collect::<String>())
    }

    /// The public half as `whpk_…`; none for HMAC.
    pub fn public_key(&self) -> Option<String> {
        let key = self.signing_key()?.verifying_key();
        Some(format!("whpk_{}", BASE64.encode(key.as_bytes())))
    }

    pub(super) fn signing_key(&self) -> Option<SigningKey> {
        let seed = self.bytes(Scheme::Ed25519)?;
        Some(SigningKey::from_bytes(&seed.try_into().ok()?))
    }

    pub(super) fn hmac_key(&self) -> Option<Vec<u8>> {
        self.bytes(Scheme::Hmac)
    }

    fn bytes(&self, scheme: Scheme) -> Option<Vec<u8>> {
        let text = self.text.expose_secret().strip_prefix(scheme.prefix())?;
        BASE64.decode(text).ok()
    }
}

fn write<S: Serializer>(text: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text.expose_secret())
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    let text = String::deserialize(from)?;
    let schemes = [Scheme::Hmac, Scheme::Ed25519];
    let coded = schemes.iter().find_map(|scheme| text.strip_prefix(scheme.prefix()));
    let bytes = coded.and_then(|coded| BASE64.decode(coded).ok());
    // A damaged secret would sign what nobody can verify; the text itself must not be repeated.
    match bytes.filter(|bytes| (24..=64).contains(&bytes.len())) {
        Some(_) => Ok(text.into()),
        None => Err(serde::de::Error::custom("a signing secret is damaged")),
    }
}
