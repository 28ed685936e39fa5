//! The sandbox's callbacks on their way to the gateway: signed, posted, and tried again a little
//! later when nobody is there. Apart from the server because it is a client: the only one here.

use super::clock::{machine_time, seconds};
use super::settings::SandboxSettings;
use super::signature::CallbackKey;
use super::wire::SIGNATURE_HEADER;
use super::world::Outgoing;
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Callbacks that may wait; more are dropped, as a provider under load would.
const QUEUE: usize = 100_000;

/// Deliveries under way at once.
const AT_ONCE: usize = 32;

/// Deliveries after the first one.
const RETRIES: u8 = 2;

/// The longest that one delivery may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where callbacks are handed in.
#[derive(Clone)]
pub(super) struct CallbackQueue(Sender<Outgoing>);

impl CallbackQueue {
    /// Hands one in; drops it when too many wait. Whoever misses it will ask.
    pub fn push(&self, callback: Outgoing) {
        if self.0.try_send(callback).is_err() {
            tracing::debug!("a callback was dropped: too many wait");
        }
    }
}

/// The sending end of the queue.
pub(super) struct CallbackSender {
    waiting: Receiver<Outgoing>,
    post: Post,
}

/// What one delivery needs.
struct Post {
    client: Client,
    key: CallbackKey,
    forger: CallbackKey,
}

/// A queue and what empties it.
///
/// # Errors
/// No HTTP client can be made.
pub(super) fn callback_queue(
    settings: &SandboxSettings,
) -> reqwest::Result<(CallbackQueue, CallbackSender)> {
    let (queue, waiting) = mpsc::channel(QUEUE);
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(AT_ONCE)
        .build()?;
    let key = CallbackKey::new(&settings.callback_secret);
    let forger = CallbackKey::of_a_forger();
    Ok((CallbackQueue(queue), CallbackSender { waiting, post: Post { client, key, forger } }))
}

impl CallbackSender {
    /// Sends what is handed in, for ever; what fails and may be tried again is handed to
    /// `again` with the pause until then.
    pub async fn run(self, again: impl Fn(Outgoing, Duration)) {
        let CallbackSender { waiting, post } = self;
        let arriving =
            stream::unfold(waiting, async |mut waiting| Some((waiting.recv().await?, waiting)));
        let deliver = |callback: Outgoing| async {
            let failures = callback.failures;
            if !post.deliver(&callback).await && failures < RETRIES {
                let pause = Duration::from_millis(250) * u32::from(failures + 1);
                again(Outgoing { failures: failures + 1, ..callback }, pause);
            }
        };
        arriving.for_each_concurrent(AT_ONCE, deliver).await;
    }
}

impl Post {
    /// Whether it got through. A refusal by whoever listens is a delivery; only when nobody listens,
    /// or when they cannot now, is it worth another try.
    async fn deliver(&self, callback: &Outgoing) -> bool {
        // Texts always encode, and what does not would not the next time either.
        let Ok(body) = serde_json::to_vec(&callback.body) else { return true };
        let key = if callback.forged { &self.forger } else { &self.key };
        let signature = key.sign(seconds(machine_time()), &body);
        let request = self
            .client
            .post(&*callback.url)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, signature)
            .body(body);
        match request.send().await {
            Ok(response) => {
                let heard = !response.status().is_server_error();
                // Read to its end, so that the connection can be used again.
                drop(response.bytes().await);
                heard
            }
            Err(_) => false,
        }
    }
}
