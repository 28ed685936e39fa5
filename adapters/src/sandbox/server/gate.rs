//! Who may call: client id and secret for a token, the token for everything else. Apart from the
//! routes, so that a handler without a `Caller` in its signature is open for all to see.

use super::delivery::body;
use super::shared::Shared;
use crate::sandbox::clock::seconds;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::wire::{TokenBody, TokenRequest};
use crate::sandbox::world::Reply;
use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{Error, FromRequest, HttpRequest, web};
use domain::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::future::{Ready, ready};
use subtle::ConstantTimeEq;

/// How long a token is good for, in virtual seconds.
const TOKEN_SECONDS: i64 = 3_600;

/// What the gateway must know, and what its tokens are made with.
pub(super) struct Gate {
    client_id: Box<str>,
    client_secret: SecretString,
    token_key: [u8; 32],
}

/// What is wrong with a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum BadToken {
    Unknown,
    Expired,
}

impl Gate {
    pub fn new(settings: &SandboxSettings) -> Gate {
        // From the secret, so that a sandbox that was started anew knows its tokens.
        let token_key = blake3::derive_key(
            "bursar sandbox token v1",
            settings.client_secret.expose_secret().as_bytes(),
        );
        Gate {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            token_key,
        }
    }

    /// A token for whoever knows id and secret.
    pub fn issue(&self, asked: &TokenRequest<'_>, now: Timestamp) -> Option<TokenBody> {
        let same_id = self.client_id.as_bytes().ct_eq(asked.client_id.as_bytes());
        let same_secret =
            self.client_secret.expose_secret().as_bytes().ct_eq(asked.client_secret.as_bytes());
        let known = bool::from(same_id & same_secret);
        let end = seconds(now) + TOKEN_SECONDS;
        known.then(|| TokenBody {
            access_token: self.token(end),
            expires_in: TOKEN_SECONDS.unsigned_abs(),
        })
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<(), BadToken> {
        let end =
            token.split('.').nth(1).and_then(|end| end.parse().ok()).ok_or(BadToken::Unknown)?;
        if !bool::from(self.token(end).as_bytes().ct_eq(token.as_bytes())) {
            return Err(BadToken::Unknown);
        }
        if end > seconds(now) { Ok(()) } else { Err(BadToken::Expired) }
    }

    fn token(&self, end: i64) -> String {
        let mac = blake3::keyed_hash(&self.token_key, &end.to_le_bytes());
        format!("sbt.{end}.{}", mac.to_hex())
    }
}

/// Somebody with a good token. A handler that takes one cannot be reached without.
pub(super) struct Caller;

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Caller, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let shared = request.app_data::<web::Data<Shared>>();
        let checked = token.zip(shared).ok_or(BadToken::Unknown);
        ready(match checked.and_then(|(token, shared)| shared.gate.check(token, shared.now())) {
            Ok(()) => Ok(Caller),
            Err(BadToken::Expired) => Err(turned_away("token_expired")),
            Err(BadToken::Unknown) => Err(turned_away("invalid_credentials")),
        })
    }
}

fn turned_away(code: &'static str) -> Error {
    let reply = Reply::problem(401, code);
    InternalError::from_response(code, body(&reply)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_for_those_who_know_and_end() {
        let settings = SandboxSettings::default();
        let gate = Gate::new(&settings);
        let now = Timestamp(1_000_000_000_000);
        let asked = |secret: &str| {
            let client_secret = secret.to_owned().into();
            gate.issue(&TokenRequest { client_id: "bursar".into(), client_secret }, now)
        };
        assert!(asked("guess").is_none() && asked("").is_none());
        let token = asked(settings.client_secret.expose_secret()).unwrap().access_token;
        assert_eq!(gate.check(&token, now), Ok(()));
        assert_eq!(Gate::new(&settings).check(&token, now), Ok(()), "after a restart");
        let later = Timestamp(now.0 + TOKEN_SECONDS * 1_000_000);
        assert_eq!(gate.check(&token, later), Err(BadToken::Expired));
        let longer = token.replacen("sbt.1", "sbt.9", 1);
        for wrong in ["", "sbt", "sbt.x.y", &*longer, &*format!("{token}0")] {
            assert_eq!(gate.check(wrong, now), Err(BadToken::Unknown), "{wrong}");
        }
    }
}
