//! The gateway's account at the sandbox: a `Provider` that speaks HTTP like every other one. Its
//! answers are given their meaning in `map.rs`, its connections their manners in `client/http.rs`.

mod http;
mod token;

use super::map::{self, Heard, order};
use super::settings::SandboxSettings;
use super::signature::CallbackKey;
use super::{callback, wire};
use crate::provider::{
    CallbackOutcome, Caps, ListOutcome, ListWish, Lookup, Order, Provider, Quote, QuoteWish,
    RawCallback,
};
use crate::rates::NoRate;
use domain::conversion::Rate;
use domain::failure::{Failure, Origin};
use domain::money::{Asset, Currency};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use futures_util::future::BoxFuture;
use http::Http;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use std::sync::{Arc, PoisonError, RwLock};
use token::Tokens;

pub use http::InvalidSandbox;

/// The gateway's account at a sandbox that is reached over HTTP.
#[derive(Clone)]
pub struct SandboxProvider {
    account: Arc<Account>,
}

struct Account {
    caps: Caps,
    http: Http,
    tokens: Tokens,
    callback_key: CallbackKey,
    callback_url: RwLock<Option<Arc<str>>>,
}

impl SandboxProvider {
    /// The account at the sandbox with this address, such as `http://127.0.0.1:8090`. Until it is
    /// told where callbacks go, it asks for none.
    ///
    /// # Errors
    /// The address is none, or no HTTP client can be made.
    pub fn new(
        settings: &SandboxSettings,
        base_url: &str,
    ) -> Result<SandboxProvider, InvalidSandbox> {
        Ok(SandboxProvider {
            account: Arc::new(Account {
                caps: settings.caps(),
                http: Http::new(base_url, settings.limits.timeout)?,
                tokens: Tokens::new(settings),
                callback_key: CallbackKey::new(&settings.callback_secret),
                callback_url: RwLock::default(),
            }),
        })
    }

    /// Where callbacks go from now on: known only once the gateway's own port is.
    pub fn set_callback_url(&self, url: impl Into<Arc<str>>) {
        *self.account.callback_url.write().unwrap_or_else(PoisonError::into_inner) =
            Some(url.into());
    }

    /// What the sandbox says of a pair; no offer.
    pub(crate) fn tell_rate(
        &self,
        from: Currency,
        to: Asset,
    ) -> BoxFuture<'static, Result<Rate, NoRate>> {
        let account = self.account.clone();
        Box::pin(async move { account.rate(from, to).await })
    }
}

impl Account {
    fn callback_url(&self) -> Option<Arc<str>> {
        self.callback_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a call with the current token, and once more if that turns out to be an old one: the
    /// sandbox checks it before it reads anything else. An `Err` is the answer to the failed
    /// attempt to get a token; then the call itself was not made, or was turned away.
    async fn call(&self, request: impl Fn() -> RequestBuilder) -> Result<Heard, Heard> {
        let token = self.tokens.current(&self.http).await?;
        let heard = http::send(request().bearer_auth(token.text.expose_secret())).await;
        if !heard.token_expired() {
            return Ok(heard);
        }
        let token = self.tokens.renewed(&self.http, token.serial).await?;
        Ok(http::send(request().bearer_auth(token.text.expose_secret())).await)
    }

    async fn submit(&self, order: &Order) -> SubmitOutcome {
        let callback_url = self.callback_url();
        let Some(body) = encoded(&order::request(order, callback_url.as_deref())) else {
            return SubmitOutcome::Refused { why: unencodable() };
        };
        match self.call(|| self.http.submission(body.clone())).await {
            Ok(heard) => map::submitted(heard, &order.reference),
            Err(no_token) => map::unsent(no_token),
        }
    }

    async fn fetch(&self, lookup: &Lookup) -> FetchOutcome {
        match self.call(|| self.http.lookup(&lookup.reference)).await {
            Ok(heard) => map::fetched(heard, lookup),
            Err(no_token) => FetchOutcome::Unknown { why: no_token.doubt(), retry_after: None },
        }
    }

    async fn undo(&self, lookup: &Lookup, action: &str) -> UndoOutcome {
        match self.call(|| self.http.action(&lookup.reference, action)).await {
            Ok(heard) => map::undone(heard, &lookup.reference),
            Err(no_token) => UndoOutcome::Ambiguous { why: no_token.doubt() },
        }
    }

    async fn list(&self, wish: &ListWish) -> ListOutcome {
        map::listed(self.call(|| self.http.transactions(wish)).await.unwrap_or_else(|no| no))
    }

    async fn rate(&self, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        let heard = self.call(|| self.http.rate(from.code(), to.symbol())).await;
        map::rated(heard.unwrap_or_else(|no_token| no_token), from, to)
    }

    async fn quote(&self, wish: &QuoteWish) -> Result<Quote, Failure> {
        let body = encoded(&order::quote_request(wish)).ok_or_else(unencodable)?;
        let heard = self.call(|| self.http.quote(body.clone())).await;
        heard.map_or_else(|no_token| Err(no_token.doubt()), map::quoted)
    }
}

impl Provider for SandboxProvider {
    fn caps(&self) -> &Caps {
        &self.account.caps
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        order::check(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        let account = self.account.clone();
        Box::pin(async move { account.submit(&order).await })
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        let account = self.account.clone();
        Box::pin(async move { account.fetch(&lookup).await })
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let account = self.account.clone();
        Box::pin(async move { account.undo(&lookup, wire::REVOKE).await })
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let account = self.account.clone();
        Box::pin(async move { account.undo(&lookup, wire::REVERSE).await })
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        callback::read(&self.account.callback_key, raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        let account = self.account.clone();
        Box::pin(async move { account.quote(&wish).await })
    }

    fn list(&self, wish: ListWish) -> BoxFuture<'static, ListOutcome> {
        let account = self.account.clone();
        Box::pin(async move { account.list(&wish).await })
    }
}

/// Texts and options always encode; a failure would be ours, before anything was sent.
fn encoded(body: &impl serde::Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(body).ok()
}

fn unencodable() -> Failure {
    Failure::new(Resolution::InternalError, Origin::Platform)
}
