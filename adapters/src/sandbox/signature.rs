//! The signature on a callback: made by the sandbox, checked by its adapter. Apart from both so that
//! what is signed is spelled once.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt::Write;

/// A callback signed longer ago than this may be a recording, and from further ahead a forgery.
pub const WINDOW_SECONDS: u64 = 300;

/// The secret that callbacks are signed with, ready to use.
#[derive(Clone)]
pub struct CallbackKey(Hmac<Sha256>);

impl CallbackKey {
    /// From the configured secret.
    pub fn new(secret: &SecretString) -> CallbackKey {
        // HMAC takes keys of every length, so the fallback is never reached; an empty key is as
        // good as any other there.
        let keyed = Hmac::new_from_slice(secret.expose_secret().as_bytes());
        CallbackKey(keyed.unwrap_or_else(|_| Hmac::new(&Default::default())))
    }

    /// A key that signs like the real one and never matches it.
    pub fn of_a_forger() -> CallbackKey {
        CallbackKey::new(&"nobody told the forger the secret".into())
    }

    /// The value of the signature header: `t=<unix seconds>,v1=<hex of HMAC-SHA256>`.
    pub fn sign(&self, at: i64, body: &[u8]) -> String {
        let mut header = format!("t={at},v1=");
        for byte in self.mac(&at.to_string(), body).finalize().into_bytes() {
            // Writing to a String cannot fail.
            let _ = write!(header, "{byte:02x}");
        }
        header
    }

    /// Checks a header's value against the body that it came with. One good signature among
    /// several is enough, so that a secret can be changed.
    ///
    /// # Errors
    /// What was wrong, in fixed words.
    pub fn verify(&self, header: &str, body: &[u8], received_at: i64) -> Result<(), &'static str> {
        let fields = || header.split(',').filter_map(|field| field.trim().split_once('='));
        let stamp = fields().find(|(name, _)| *name == "t").ok_or("the signature has no time")?.1;
        let signed_at: i64 = stamp.parse().map_err(|_| "the signature's time is not a number")?;
        if signed_at.abs_diff(received_at) > WINDOW_SECONDS {
            return Err("the signature is too old or from the future");
        }
        // Over the text that was sent: a second spelling of the same number is another message.
        let good = |hex: &str| {
            from_hex(hex).is_some_and(|mac| self.mac(stamp, body).verify_slice(&mac).is_ok())
        };
        let any = fields().filter(|(name, _)| *name == "v1").any(|(_, hex)| good(hex));
        if any { Ok(()) } else { Err("the signature does not match the body") }
    }

    fn mac(&self, stamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(stamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}

/// The 32 bytes of a signature; anything else cannot match.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(bytes)
}
