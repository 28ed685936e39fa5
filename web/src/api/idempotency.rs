//! The Idempotency-Key header: the merchant's own name for one request. The engine keeps the promise
//! that goes with it; here it is only read, and fingerprinted with the body it stands for.

use crate::json::Node;
use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use domain::id::Fingerprint;
use std::future::{Ready, ready};

/// The header that carries the key.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that marks an answer as given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// No key is longer.
const LENGTH_MAX: usize = 255;

/// A key that must be there.
pub struct RequiredKey(pub String);

/// A key that may be there.
pub struct OptionalKey(Option<String>);

impl OptionalKey {
    /// The fingerprints of the key and of the command with its body, as the engine remembers them.
    pub fn fingerprints(
        &self,
        command: &str,
        body: &Node<'_>,
    ) -> Option<(Fingerprint, Fingerprint)> {
        let key = self.0.as_ref()?;
        let mut canonical = [command.as_bytes(), b"\n"].concat();
        body.write_canonical(&mut canonical);
        Some((Fingerprint::of(key.as_bytes()), Fingerprint::of(&canonical)))
    }
}

impl FromRequest for RequiredKey {
    type Error = Problem;
    type Future = Ready<Result<RequiredKey, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || {
            let detail = "give every payout a key of its own, and repeat it with every retry";
            Problem::new(Kind::IDEMPOTENCY_KEY_REQUIRED, detail)
        };
        ready(read(request).and_then(|key| key.map(RequiredKey).ok_or_else(missing)))
    }
}

impl FromRequest for OptionalKey {
    type Error = Problem;
    type Future = Ready<Result<OptionalKey, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(OptionalKey))
    }
}

fn read(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut sent = request.headers().get_all(IDEMPOTENCY_KEY);
    let key = match (sent.next(), sent.next()) {
        (None, _) => return Ok(None),
        (Some(key), None) => key.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    let valid = key.filter(|key| {
        (1..=LENGTH_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    let detail = "a key is sent once and has 1 to 255 visible ASCII characters";
    match valid {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::new(Kind::INVALID_IDEMPOTENCY_KEY, detail)),
    }
}
