//! The gateway that the tests of the server call: keys of every kind, and requests without a socket.

use super::*;
use crate::keys::Role;
use actix_web::body::to_bytes;
use actix_web::http::header::HeaderMap;
use adapters::provider::Provider;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::id::IdKey;
use engine::clock::SystemClock;
use engine::{Engine, EngineOptions};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::path::Path;

/// A gateway with two merchants and two operators, in a folder of its own.
pub struct Rig {
    pub engine: Engine,
    pub keys: Arc<KeyStore>,
    pub merchant: String,
    pub other_merchant: String,
    pub operator: String,
    pub viewer: String,
    pub folder: tempfile::TempDir,
}

/// One answer, read whole.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Rig {
    /// Recovery has not begun.
    pub fn unready() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let keys = KeyStore::open(&path("keys.json"), &path("pepper")).unwrap();
        let merchant =
            |name| keys.create_merchant_key(name, false).unwrap().1.expose_secret().to_owned();
        let operator = |name, roles: &[Role]| {
            keys.create_operator_key(name, roles).unwrap().1.expose_secret().to_owned()
        };
        Rig {
            engine: Engine::prepare(engine_options(&path("data")), Arc::new(SystemClock)),
            merchant: merchant("acme"),
            other_merchant: merchant("globex"),
            operator: operator("ann", &[Role::Operator]),
            viewer: operator("vic", &[Role::Viewer]),
            keys: Arc::new(keys),
            folder,
        }
    }

    /// Ready, with a sandbox inside the process.
    pub async fn ready() -> Rig {
        let rig = Rig::unready();
        let sandbox =
            InlineSandbox::new(&SandboxSettings::default(), Arc::new(VirtualClock::running()));
        let provider: Arc<dyn Provider> = Arc::new(sandbox);
        rig.engine.recover(vec![provider]).await.unwrap();
        rig
    }

    pub fn state(&self, change: impl FnOnce(&mut AppOptions)) -> web::Data<AppState> {
        let mut options = AppOptions::default();
        change(&mut options);
        web::Data::new(AppState::new(self.engine.gateway(), self.keys.clone(), options))
    }

    /// One request with a key, or without one.
    pub async fn call(&self, request: TestRequest, key: Option<&str>) -> Answer {
        self.call_with(request, key, |_| {}).await
    }

    pub async fn call_with(
        &self,
        request: TestRequest,
        key: Option<&str>,
        change: impl FnOnce(&mut AppOptions),
    ) -> Answer {
        let service = init_service(app(self.state(change))).await;
        let request = match key {
            Some(key) => request.insert_header(("Authorization", format!("Bearer {key}"))),
            None => request,
        };
        read(service.call(request.to_request()).await).await
    }
}

fn engine_options(folder: &Path) -> EngineOptions {
    let mut options = EngineOptions::new(folder, IdKey([3; 32]));
    options.store.segment_bytes = 1 << 20;
    options
}

pub async fn read<B: MessageBody>(answer: Result<ServiceResponse<B>, Error>) -> Answer {
    let (status, headers, bytes) = match answer {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            (status, headers, to_bytes(answer.into_body()).await.ok().unwrap())
        }
        // What actix does with an error that a middleware gives.
        Err(error) => {
            let answer: HttpResponse = error.error_response();
            let (status, headers) = (answer.status(), answer.headers().clone());
            (status, headers, to_bytes(answer.into_body()).await.ok().unwrap())
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: status.as_u16(), headers, text }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub fn payout() -> Value {
    json!({
        "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
        "recipient": {
            "type": "bank_account", "name": "Anna Schmidt",
            "iban": "DE89370400440532013000", "country": "DE",
        },
    })
}

pub fn create(key: &str) -> TestRequest {
    TestRequest::post()
        .uri("/v1/payouts")
        .insert_header(("Idempotency-Key", key))
        .set_json(payout())
}
