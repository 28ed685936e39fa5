//! The signature on a message, as in Standard Webhooks: over id, time and body, once for each secret
//! that is live, so that a secret can be changed without losing a message.

use super::secret::SigningSecret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::time::Timestamp;
use ed25519_dalek::Signer;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What is signed: the three parts that the receiver sees.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'m> {
    /// The event's id.
    pub id: &'m str,
    /// Unix seconds of this attempt.
    pub timestamp: i64,
    /// The bytes that are sent.
    pub body: &'m [u8],
}

impl Signed<'_> {
    /// The value of `webhook-signature`: one signature for each live secret, newest secret first,
    /// with spaces between.
    pub fn header(&self, secrets: &[SigningSecret], now: Timestamp) -> String {
        let live = secrets.iter().filter(|secret| secret.is_live(now));
        live.filter_map(|secret| self.sign(secret)).collect::<Vec<_>>().join(" ")
    }

    fn sign(&self, secret: &SigningSecret) -> Option<String> {
        let content = self.content();
        if let Some(key) = secret.signing_key() {
            let signature = key.sign(&content);
            return Some(format!("v1a,{}", BASE64.encode(signature.to_bytes())));
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.hmac_key()?).ok()?;
        mac.update(&content);
        Some(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
    }

    fn content(&self) -> Vec<u8> {
        let mut content = format!("{}.{}.", self.id, self.timestamp).into_bytes();
        content.extend_from_slice(self.body);
        content
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::secret::Scheme;
    use super::*;
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn hmac(text: &str) -> SigningSecret {
        let bytes = BASE64.decode(text).unwrap();
        SigningSecret::of_bytes(Scheme::Hmac, &bytes, NOW)
    }

    #[test]
    fn the_vector_of_the_standard_is_met() {
        let secret = hmac("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: br#"{"test": 2432232314}"#,
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.header(&[secret], NOW), expected);
    }

    #[test]
    fn the_receivers_library_agrees() {
        let now = jiff::Timestamp::now();
        let at = Timestamp(now.as_microsecond());
        let secret = SigningSecret::fresh(Scheme::Hmac, at).unwrap();
        let body = br#"{"type":"payout.processed"}"#;
        let signed = Signed { id: "evt_1", timestamp: now.as_second(), body };
        let library = standardwebhooks::Webhook::new(secret.shown_once().unwrap()).unwrap();
        let headers = |signature: &str| {
            let mut headers = http_headers();
            headers.insert("webhook-id", "evt_1".parse().unwrap());
            headers.insert("webhook-timestamp", now.as_second().to_string().parse().unwrap());
            headers.insert("webhook-signature", signature.parse().unwrap());
            headers
        };
        let good = signed.header(std::slice::from_ref(&secret), at);
        library.verify(body, &headers(&good)).unwrap();
        assert!(library.verify(b"{}", &headers(&good)).is_err());
        let other = SigningSecret::fresh(Scheme::Hmac, at).unwrap();
        let foreign = signed.header(std::slice::from_ref(&other), at);
        assert!(library.verify(body, &headers(&foreign)).is_err());
        // While a secret is rotated both sign, and whoever knows either is served.
        let both = signed.header(&[other, secret], at);
        library.verify(body, &headers(&both)).unwrap();
    }

    fn http_headers() -> reqwest::header::HeaderMap {
        reqwest::header::HeaderMap::new()
    }

    #[test]
    fn ed25519_verifies_with_the_public_key_that_is_shown() {
        let secret = SigningSecret::of_bytes(Scheme::Ed25519, &[7; 32], NOW);
        assert_eq!(secret.shown_once(), None);
        let shown = secret.public_key().unwrap();
        assert_eq!(shown, "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=");
        let public = BASE64.decode(shown.strip_prefix("whpk_").unwrap()).unwrap();
        let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
        let signed = Signed { id: "evt_1", timestamp: 1_700_000_000, body: b"{}" };
        let header = signed.header(&[secret], NOW);
        let signature = BASE64.decode(header.strip_prefix("v1a,").unwrap()).unwrap();
        let signature = Signature::from_slice(&signature).unwrap();
        public.verify(b"evt_1.1700000000.{}", &signature).unwrap();
        assert!(public.verify(b"evt_1.1700000001.{}", &signature).is_err());
    }

    #[test]
    fn an_expired_secret_signs_no_more() {
        let mut old = hmac("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        old.expires_at = Some(NOW);
        let new = SigningSecret::fresh(Scheme::Hmac, NOW).unwrap();
        let signed = Signed { id: "evt_1", timestamp: 1_700_000_000, body: b"{}" };
        let secrets = [new, old];
        let count = |now| signed.header(&secrets, now).split(' ').count();
        assert_eq!((count(Timestamp(NOW.0 - 1)), count(NOW)), (2, 1));
    }

    #[test]
    fn a_secret_is_never_printed_and_a_damaged_one_never_read() {
        let secret = SigningSecret::fresh(Scheme::Hmac, NOW).unwrap();
        let text = secret.shown_once().unwrap().to_owned();
        assert!(!format!("{secret:?}").contains(&text[6..]));
        assert!(secret.hint().starts_with("whsec_") && secret.hint().chars().count() == 11);
        let written = serde_json::to_string(&secret).unwrap();
        let read: SigningSecret = serde_json::from_str(&written).unwrap();
        assert_eq!(read.shown_once(), Some(text.as_str()));
        for damaged in [text[..30].to_owned(), text.replace("whsec_", ""), format!("{text}!")] {
            let written = written.replace(&text, &damaged);
            let error = serde_json::from_str::<SigningSecret>(&written).unwrap_err().to_string();
            assert!(error.contains("damaged") && !error.contains(&damaged[6..]), "{error}");
        }
    }
}
