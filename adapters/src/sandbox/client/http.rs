//! Connections to the sandbox: one client that sends submissions exactly once, one that asks. Apart
//! from `client.rs` because whether a byte may have left is decided here and nowhere else.

use crate::provider::ListWish;
use crate::sandbox::map::Heard;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// No answer of the sandbox is longer; what is longer is not its answer.
const BODY_MAX: usize = 64 * 1024;

/// Both clients, and where they call.
pub(super) struct Http {
    submit: Client,
    ask: Client,
    base: Url,
}

/// There can be no account at such a sandbox.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSandbox {
    /// The address.
    #[error("the sandbox's address is not an http address such as http://127.0.0.1:8090")]
    Address,
    /// The client.
    #[error("no HTTP client can be made: {0}")]
    Client(#[from] reqwest::Error),
}

impl Http {
    /// Clients for the sandbox at that address, with the time that one call may take.
    pub fn new(base_url: &str, timeout: Duration) -> Result<Http, InvalidSandbox> {
        let base = Url::parse(base_url).map_err(|_| InvalidSandbox::Address)?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(InvalidSandbox::Address);
        }
        // A submission never goes out on a connection that was used before: if such a connection
        // breaks, nobody knows whether the request had arrived.
        let submit = strict(timeout).pool_max_idle_per_host(0).build()?;
        let ask = strict(timeout).build()?;
        Ok(Http { submit, ask, base })
    }

    /// A submission, with a body ready to send.
    pub fn submission(&self, body: Vec<u8>) -> RequestBuilder {
        json(self.submit.post(self.path(&["payouts"])), body)
    }

    /// A question for the status.
    pub fn lookup(&self, reference: &str) -> RequestBuilder {
        self.ask.get(self.path(&["payouts"])).query(&[("reference", reference)])
    }

    /// A question for a page of what the account did.
    pub fn transactions(&self, wish: &ListWish) -> RequestBuilder {
        let ListWish { from, until, cursor, limit } = wish;
        let asked = self.ask.get(self.path(&["transactions"]));
        let asked = asked.query(&[("from", from.0), ("to", until.0), ("limit", (*limit).into())]);
        asked.query(&cursor.as_deref().map(|cursor| [("cursor", cursor)]))
    }

    /// A recall or undo.
    pub fn action(&self, reference: &str, action: &str) -> RequestBuilder {
        self.ask.post(self.path(&["payouts", reference, action]))
    }

    /// A wish for a quote.
    pub fn quote(&self, body: Vec<u8>) -> RequestBuilder {
        json(self.ask.post(self.path(&["quotes"])), body)
    }

    /// A question for a rate.
    pub fn rate(&self, from: &str, to: &str) -> RequestBuilder {
        self.ask.get(self.path(&["rates"])).query(&[("from", from), ("to", to)])
    }

    /// A request for a token.
    pub fn token(&self, body: Vec<u8>) -> RequestBuilder {
        json(self.ask.post(self.path(&["token"])), body)
    }

    fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        url
    }
}

/// What both clients have in common: they go where they are told, directly, and once.
fn strict(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        // Shorter than the whole, so that a connection that never came about is known for one.
        .connect_timeout(timeout / 2)
        .timeout(timeout)
}

fn json(request: RequestBuilder, body: Vec<u8>) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body)
}

/// Sends a request and reads its answer.
pub(super) async fn send(request: RequestBuilder) -> Heard {
    match request.send().await {
        Ok(response) => read(response).await,
        Err(error) => heard_error(&error),
    }
}

/// Sends a request whose good answer is of another kind than those about payouts.
pub(super) async fn send_for<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Heard> {
    let response = request.send().await.map_err(|error| heard_error(&error))?;
    if response.status() != 200 {
        return Err(read(response).await);
    }
    serde_json::from_slice(&read_body(response).await?).map_err(|_| Heard::Broken)
}

async fn read(response: Response) -> Heard {
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    match read_body(response).await {
        Ok(body) => Heard::Answer {
            status,
            said: serde_json::from_slice(&body).ok(),
            retry_after: retry_after.map(Duration::from_secs),
        },
        // A body that breaks off is an answer that breaks off: its status proves nothing.
        Err(heard) => heard,
    }
}

async fn read_body(mut response: Response) -> Result<Vec<u8>, Heard> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| heard_error(&error))? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err(Heard::Broken);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn heard_error(error: &reqwest::Error) -> Heard {
    if error.is_connect() || error.is_builder() {
        Heard::Unreached
    } else if error.is_timeout() {
        Heard::TimedOut
    } else {
        Heard::Broken
    }
}
