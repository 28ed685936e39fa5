//! A running gateway, asked over HTTP with an operator's key. The key is sent and never shown.

use super::points;
use super::progress::Progress;
use crate::cli::{Failure, Output};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// One question may take this long; a snapshot or a verification of many payouts goes on behind it.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often the list is looked at while a snapshot is under way.
const LOOK: Duration = Duration::from_millis(500);

/// Somebody who may ask.
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// A refusal: the HTTP status, the code, the sentence.
struct Refused {
    status: u16,
    code: String,
    detail: String,
}

impl Client {
    /// Of the gateway at this address.
    pub fn new(base: &str, key: &str) -> Result<Client, Failure> {
        // A redirect would carry the key elsewhere.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT);
        let http = http.build().map_err(Failure::failed)?;
        Ok(Client { http, base: base.to_owned(), key: key.to_owned() })
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None)?.map_err(Refused::failure)
    }

    /// Orders.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(Method::POST, path, Some(body))?.map_err(Refused::failure)
    }

    /// Takes a snapshot, and waits for it even if the answer does not.
    pub fn take_snapshot(&self, reason: &str, output: &Output) -> Result<Value, Failure> {
        let before = points::newest(&self.get("/v1/ops/snapshots")?)?;
        let body = json!({ "reason": reason });
        match self.ask(Method::POST, "/v1/ops/snapshots", Some(&body))? {
            Ok(taken) => Ok(taken),
            Err(refused) if refused.code == "request_timeout" => {
                self.wait_for_newer(before, output)
            }
            Err(refused) => Err(refused.failure()),
        }
    }

    fn wait_for_newer(&self, before: Option<u64>, output: &Output) -> Result<Value, Failure> {
        let progress = Progress::start("snapshot", None, output);
        loop {
            std::thread::sleep(LOOK);
            progress.reached(0);
            let list = self.get("/v1/ops/snapshots")?;
            let newest = points::newest(&list)?;
            if newest > before {
                progress.finish();
                return Ok(list["data"][0].clone());
            }
            if list["under_way"] == false {
                return Err(Failure::failed(
                    "the snapshot was not taken; the gateway's log says why",
                ));
            }
        }
    }

    /// Has a snapshot read back.
    pub fn verify(&self, id: u64, reason: &str, output: &Output) -> Result<Value, Failure> {
        let progress = Progress::start("verify", None, output);
        progress.reached(0);
        let body = json!({ "reason": reason });
        let path = format!("/v1/ops/snapshots/{id}/verify");
        let found = self.ask(Method::POST, &path, Some(&body))?;
        progress.finish();
        found.map_err(|refused| match &*refused.code {
            "request_timeout" => Failure::failed(
                "it takes longer than server.request_timeout; allow more, or verify while no gateway runs",
            ),
            _ => refused.failure(),
        })
    }

    /// Applies the retention policy.
    pub fn prune(&self, dry_run: bool, reason: &str) -> Result<Value, Failure> {
        let body = json!({ "reason": reason, "dry_run": dry_run });
        self.post("/v1/ops/snapshots/prune", &body)
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Value, Refused>, Failure> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, &url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = |error: reqwest::Error| {
            let why = match error.is_builder() {
                true => "the address or the key cannot be sent",
                false => "no answer; say with --url where the gateway listens",
            };
            Failure::failed(format!("{url}: {why} ({})", error.without_url()))
        };
        actix_rt::System::new().block_on(async {
            let answer = request.send().await.map_err(unreachable)?;
            let status = answer.status();
            let text = answer.text().await.map_err(unreachable)?;
            let value: Value = serde_json::from_str(&text)
                .map_err(|_| Failure::failed(format!("{url}: {status}, and no JSON")))?;
            if status.is_success() {
                return Ok(Ok(value));
            }
            let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            Ok(Err(Refused { status: status.as_u16(), code: word("code"), detail: word("detail") }))
        })
    }
}

impl Refused {
    fn failure(self) -> Failure {
        let what = format!("the gateway refused: {} ({})", self.detail, self.code);
        if matches!(self.status, 400 | 401 | 403 | 422) {
            Failure::usage(what)
        } else {
            Failure::failed(what)
        }
    }
}
