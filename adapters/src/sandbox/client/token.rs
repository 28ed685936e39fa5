//! The bearer token: fetched when it is first needed, shared by all calls, renewed when the sandbox
//! says so. Apart because a thousand calls may learn at once that it is old, and one renewal does.

use super::http::{self, Http};
use crate::sandbox::map::Heard;
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::wire::{TokenBody, TokenRequest};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// A token, and which one in the order of their coming.
pub(super) struct Token {
    pub text: SecretString,
    pub serial: u64,
}

/// The account's tokens.
pub(super) struct Tokens {
    client_id: Box<str>,
    client_secret: SecretString,
    current: RwLock<Option<Arc<Token>>>,
    /// Held while a token is fetched; whoever waits for it finds the new one.
    fetching: Mutex<()>,
}

impl Tokens {
    pub fn new(settings: &SandboxSettings) -> Tokens {
        Tokens {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            current: RwLock::new(None),
            fetching: Mutex::new(()),
        }
    }

    /// The token to use now.
    pub async fn current(&self, http: &Http) -> Result<Arc<Token>, Heard> {
        match self.held() {
            Some(token) => Ok(token),
            None => self.renewed(http, 0).await,
        }
    }

    /// A later token than the one with that serial. It is not thrown away for its age: the clock
    /// that it lives by is the sandbox's.
    pub async fn renewed(&self, http: &Http, used: u64) -> Result<Arc<Token>, Heard> {
        let _fetching = self.fetching.lock().await;
        if let Some(token) = self.held().filter(|token| token.serial > used) {
            return Ok(token);
        }
        let text = self.fetch(http).await?;
        let token = Arc::new(Token { text, serial: used + 1 });
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    fn held(&self) -> Option<Arc<Token>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch(&self, http: &Http) -> Result<SecretString, Heard> {
        let client_secret = self.client_secret.expose_secret();
        let request = TokenRequest {
            client_id: (&*self.client_id).into(),
            client_secret: client_secret.into(),
        };
        // Two texts always encode.
        let body = serde_json::to_vec(&request).map_err(|_| Heard::Unreached)?;
        let TokenBody { access_token, .. } = http::send_for(http.token(body)).await?;
        Ok(access_token.into())
    }
}
