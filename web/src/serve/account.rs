//! The gateway's account at the sandbox, and the sandbox itself where it is embedded. Apart from
//! `serve.rs` because it has four forms: elsewhere, embedded over HTTP, embedded inline, and none.

use super::http::Listening;
use super::ledger::Ledger;
use super::options::{sandbox_options, sandbox_settings};
use crate::cli::{Failure, Output};
use crate::config::{Config, Transport};
use adapters::provider::{Provider, RawCallback};
use adapters::rates::RateSource;
use adapters::sandbox::{InlineSandbox, SandboxProvider, SandboxServer, VirtualClock};
use engine::Gateway;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The provider account of this gateway.
pub struct Account {
    provider: Option<Arc<dyn Provider>>,
    rates: Option<Arc<dyn RateSource>>,
    url: Option<String>,
    server: Option<SandboxServer>,
    ledger: Option<Ledger>,
}

impl Account {
    /// Opens it in the form that is configured, with callbacks to where the gateway listens.
    pub async fn open(
        config: &Config,
        listening: &Listening,
        gateway: &Gateway,
    ) -> Result<Account, Failure> {
        if !config.sandbox.enabled {
            tracing::warn!("sandbox.enabled is false, so no payout can be sent anywhere");
            return Ok(Account::none());
        }
        if config.sandbox.transport == Transport::Inline {
            return Account::inline(config, gateway.clone());
        }
        let (url, server) = match &config.sandbox.url {
            Some(url) => (url.trim_end_matches('/').to_owned(), None),
            None => {
                let server = embedded(config).await?;
                (server.url(), Some(server))
            }
        };
        let settings = sandbox_settings(config);
        let provider = SandboxProvider::new(&settings, &url)
            .map_err(|error| Failure::usage(format!("sandbox.url: {error}")))?;
        provider.set_callback_url(listening.callback_url(config, &settings.account));
        // With connections of its own, so that no question for a rate stands in a payout's way.
        let rates = SandboxProvider::new(&settings, &url)
            .map_err(|error| Failure::usage(format!("sandbox.url: {error}")))?;
        Ok(Account {
            provider: Some(Arc::new(provider)),
            rates: Some(Arc::new(rates)),
            url: Some(url),
            server,
            ledger: None,
        })
    }

    /// None at all.
    pub fn none() -> Account {
        Account { provider: None, rates: None, url: None, server: None, ledger: None }
    }

    /// One that is no more than a source of rates.
    #[cfg(test)]
    pub fn with_rates(rates: Arc<dyn RateSource>) -> Account {
        Account { rates: Some(rates), ..Account::none() }
    }

    fn inline(config: &Config, gateway: Gateway) -> Result<Account, Failure> {
        let settings = sandbox_settings(config);
        let sandbox = InlineSandbox::new(&settings, Arc::new(VirtualClock::running()));
        let (hand_in, mut arriving) = mpsc::unbounded_channel::<RawCallback>();
        sandbox.on_callback(Arc::new(move |callback| {
            // When nobody takes them any more, the gateway is ending.
            let _ = hand_in.send(callback);
        }));
        actix_rt::spawn(async move {
            while let Some(callback) = arriving.recv().await {
                // The engine logs what it refuses, and asks by itself if it misses one.
                let _ = gateway.callback(&settings.account, callback).await;
            }
        });
        let ledger = Ledger::serve(config.sandbox.bind, sandbox.clone())?;
        let sandbox = Arc::new(sandbox);
        Ok(Account {
            provider: Some(sandbox.clone()),
            rates: Some(sandbox),
            url: Some(ledger.url.clone()),
            ledger: Some(ledger),
            ..Account::none()
        })
    }

    /// Whether it pays without paying: there is a provider, and it is the sandbox, as every provider here is.
    pub fn moves_no_money(&self) -> bool {
        self.provider.is_some()
    }

    /// Says where the sandbox is, for whoever looks at its ledger.
    pub fn announce(&self, output: &Output) {
        if let Some(url) = &self.url {
            output.say(&format!("sandbox on {url}"), &json!({ "event": "sandbox", "url": url }));
        }
    }

    /// For the engine.
    pub fn providers(&self) -> Vec<Arc<dyn Provider>> {
        self.provider.iter().cloned().collect()
    }

    /// Who tells the rates that its offers are made by.
    pub fn rates(&self) -> Option<Arc<dyn RateSource>> {
        self.rates.clone()
    }

    /// Ends the embedded sandbox.
    pub async fn close(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
        if let Some(ledger) = self.ledger {
            ledger.stop().await;
        }
    }
}

async fn embedded(config: &Config) -> Result<SandboxServer, Failure> {
    let bind = config.sandbox.bind;
    let server = adapters::sandbox::serve(sandbox_options(config)).await;
    server.map_err(|error| Failure::failed(format!("the sandbox cannot listen on {bind}: {error}")))
}
