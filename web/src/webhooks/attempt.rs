//! One attempt to tell an endpoint: the address judged again, the message signed for this moment, one
//! request, and what came back in few words. Apart from the worker, which decides what follows.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use super::endpoint::Endpoint;
use super::guard::{Guard, Mode};
use super::resolver::{GuardedResolver, Lookup, LookupFault};
use super::signature::Signed;
use domain::time::Timestamp;
use engine::clock::Clock;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// What is read of an answer.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// What is kept of it.
const ANSWER_BYTES_KEPT: usize = 1_024;
/// Connections kept open to one host: as many as an endpoint has calls at once.
const IDLE_MAX: usize = 16;
/// Shorter than what servers keep idle connections for, so that none is used as it closes.
const IDLE_FOR: Duration = Duration::from_secs(10);
/// Whom the endpoint's own logs name.
const USER_AGENT: &str = concat!("Bursar-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Sends messages, each once.
pub struct Sender {
    live: Client,
    test: Client,
    guard: Arc<Guard>,
    clock: Arc<dyn Clock>,
}

/// What is told.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    /// The event's id.
    pub id: &'m str,
    /// Its JSON.
    pub body: &'m [u8],
}

/// What came of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// When the attempt began.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// What the endpoint said, or why it said nothing.
    pub outcome: Result<Said, NoAnswer>,
}

/// What an endpoint said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// The beginning of the body, as text.
    pub text: String,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// The address breaks a rule, or leads to one that does.
    AddressRefused,
    /// There is no such host.
    UnknownHost,
    /// Nobody took the connection, or its certificate is not good.
    NotConnected,
    /// It did not come in time.
    TimedOut,
    /// It broke off.
    Broken,
}

impl NoAnswer {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            NoAnswer::AddressRefused => "address_refused",
            NoAnswer::UnknownHost => "unknown_host",
            NoAnswer::NotConnected => "not_connected",
            NoAnswer::TimedOut => "timed_out",
            NoAnswer::Broken => "broken_off",
        }
    }
}

impl Answer {
    /// Any 2xx.
    pub fn is_delivered(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|said| (200..300).contains(&said.status))
    }

    /// The endpoint says that there is nobody any more.
    pub fn is_gone(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|said| said.status == 410)
    }

    /// How long the endpoint wants to be left alone: heard from 429 and 503 only.
    pub fn retry_after(&self) -> Option<Duration> {
        let said = self.outcome.as_ref().ok()?;
        said.retry_after.filter(|_| matches!(said.status, 429 | 503))
    }
}

impl Sender {
    /// A sender that resolves names with `lookup`. Its connections belong to the runtime that sends.
    ///
    /// # Errors
    /// The TLS side cannot be set up.
    pub fn new(
        guard: Guard,
        lookup: Arc<dyn Lookup>,
        clock: Arc<dyn Clock>,
    ) -> reqwest::Result<Sender> {
        let guard = Arc::new(guard);
        let client = |mode| {
            Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .http1_only()
                .tcp_nodelay(true)
                .https_only(mode == Mode::Live)
                .user_agent(USER_AGENT)
                .pool_max_idle_per_host(IDLE_MAX)
                .pool_idle_timeout(IDLE_FOR)
                .dns_resolver(GuardedResolver::new(lookup.clone(), guard.clone(), mode))
                .build()
        };
        Ok(Sender { live: client(Mode::Live)?, test: client(Mode::Test)?, guard, clock })
    }

    /// One attempt, over within `timeout`.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        message: Message<'_>,
        timeout: Duration,
    ) -> Answer {
        let at = self.clock.now();
        let mut time_is_up = self.clock.wait_until(at.plus(timeout));
        let response = tokio::select! {
            biased;
            response = self.call(endpoint, message, at) => response,
            () = &mut time_is_up => Err(NoAnswer::TimedOut),
        };
        let outcome = match response {
            Err(none) => Err(none),
            Ok(mut response) => {
                let (status, retry_after) = (response.status().as_u16(), asked_pause(&response));
                let mut text = Beginning::default();
                // The status is the answer; a body that is slow or breaks off takes nothing back.
                tokio::select! {
                    biased;
                    () = text.read(&mut response) => {}
                    () = time_is_up => {}
                }
                Ok(Said { status, text: text.shown(), retry_after })
            }
        };
        Answer { at, took: self.clock.now().since(at), outcome }
    }

    async fn call(
        &self,
        endpoint: &Endpoint,
        Message { id, body }: Message<'_>,
        at: Timestamp,
    ) -> Result<Response, NoAnswer> {
        let mode = Mode::of(endpoint.livemode);
        let url = self.guard.judge(&endpoint.url, mode).map_err(|_| NoAnswer::AddressRefused)?;
        let timestamp = at.0.div_euclid(1_000_000);
        let signature = Signed { id, timestamp, body }.header(&endpoint.secrets, at);
        let client = match mode {
            Mode::Live => &self.live,
            Mode::Test => &self.test,
        };
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body.to_vec());
        request.send().await.map_err(|error| no_answer(&error))
    }
}

fn asked_pause(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// The beginning of a body. It is read on for a while, so that the connection can be used again, and
/// never to the end of whatever somebody likes to send.
#[derive(Default)]
struct Beginning {
    kept: Vec<u8>,
    read: usize,
}

impl Beginning {
    async fn read(&mut self, response: &mut Response) {
        while self.read < ANSWER_BYTES_MAX {
            let Ok(Some(chunk)) = response.chunk().await else { return };
            let room = ANSWER_BYTES_KEPT - self.kept.len();
            self.kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            self.read += chunk.len();
        }
    }

    fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.kept);
        text.chars().filter(|c| !c.is_control() || c.is_ascii_whitespace()).collect()
    }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(one) = cause {
        match one.downcast_ref::<LookupFault>() {
            Some(LookupFault::Refused) => return NoAnswer::AddressRefused,
            Some(LookupFault::Unknown) => return NoAnswer::UnknownHost,
            None => cause = one.source(),
        }
    }
    if error.is_timeout() {
        NoAnswer::TimedOut
    } else if error.is_connect() {
        NoAnswer::NotConnected
    } else if error.is_builder() {
        NoAnswer::AddressRefused
    } else {
        NoAnswer::Broken
    }
}
