//! One merchant or operator with a key, speaking HTTP.

use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static KEYS: AtomicU32 = AtomicU32::new(1);

/// What the gateway answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A field of the body, by its path.
    pub fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// The payout's id.
    pub fn id(&self) -> String {
        self.at("/id").as_str().unwrap_or_else(|| panic!("no id in {self:?}")).to_owned()
    }

    /// The problem's code.
    pub fn code(&self) -> String {
        self.at("/code").as_str().unwrap_or_default().to_owned()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Somebody with a key.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub key: String,
}

impl Client {
    pub fn new(base: &str, key: &str) -> Client {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30));
        Client { http: http.build().unwrap(), base: base.to_owned(), key: key.to_owned() }
    }

    /// A request with the key and whatever the story adds; none when the server is gone.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Some(Answer { status, headers, text: answer.text().await.ok()? })
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await.expect("the gateway answers")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await.expect("the gateway answers")
    }

    /// A payout under a key that was never used.
    pub async fn create(&self, body: &Value) -> Answer {
        let key = format!("story-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        self.create_as(&key, body).await
    }

    /// A payout under this idempotency key.
    pub async fn create_as(&self, key: &str, body: &Value) -> Answer {
        let request = self.request("POST", "/v1/payouts").header("Idempotency-Key", key).json(body);
        self.send(request).await.expect("the gateway answers")
    }

    /// A command under a key of its own.
    pub async fn command(&self, id: &str, command: &str, body: &Value) -> Answer {
        let key = format!("command-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let path = format!("/v1/payouts/{id}/{command}");
        let request = self.request("POST", &path).header("Idempotency-Key", key).json(body);
        self.send(request).await.expect("the gateway answers")
    }

    /// The payout as it is now.
    pub async fn payout(&self, id: &str) -> Value {
        self.get(&format!("/v1/payouts/{id}")).await.json()
    }

    /// The payout once it is as wanted; a story that never gets there fails with what it saw.
    pub async fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..3_000 {
            let payout = self.payout(id).await;
            if wanted(&payout) {
                return payout;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never got there: {:#}", self.payout(id).await);
    }

    /// The payout once it has this status.
    pub async fn until_status(&self, id: &str, status: &str) -> Value {
        self.until(id, |payout| payout["status"] == status).await
    }
}
