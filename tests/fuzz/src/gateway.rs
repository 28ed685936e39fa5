//! A whole gateway in this process, for requests without sockets: the real engine and store, the sandbox
//! inside, keys of every kind. Apart from the targets, because three of them ask the same gateway.

use actix_web::Error;
use actix_web::HttpResponse;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Data;
use adapters::provider::Provider;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::id::IdKey;
use engine::clock::SystemClock;
use engine::scrub::ScrubOptions;
use engine::{Engine, EngineOptions};
use futures_util::future::{BoxFuture, LocalBoxFuture};
use secrecy::ExposeSecret;
use serde_json::Value;
use snapshots::Durability;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use web::app::{AppOptions, AppState, app};
use web::keys::{KeyStore, Role};
use web::webhooks::{Lookup, Settings, Webhooks};

/// A request as it is given to the gateway.
pub struct Sent {
    pub method: actix_web::http::Method,
    pub uri: Uri,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Vec<u8>,
}

/// One answer, read whole; of a stream, that it began.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

type Call = Rc<dyn Fn(Sent) -> LocalBoxFuture<'static, Answer>>;

/// A gateway, and the keys to it.
pub struct Gateway {
    pub system: actix_rt::SystemRunner,
    pub sandbox: InlineSandbox,
    pub keys: Keys,
    call: Call,
    engine: Engine,
    webhooks: Webhooks,
    _folder: TempDir,
}

/// Secrets of keys.
pub struct Keys {
    pub merchant: String,
    pub other: String,
    pub operator: String,
    pub second: String,
    pub viewer: String,
}

/// No name leads anywhere: nothing that is made up here may be called.
struct Nowhere;

impl Lookup for Nowhere {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(io::ErrorKind::NotFound.into()) })
    }
}

impl Gateway {
    /// An empty one. On a clock that stands, nothing is ever settled.
    pub fn open(settings: &SandboxSettings, clock: VirtualClock) -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        let system = actix_rt::System::new();
        let sandbox = InlineSandbox::new(settings, Arc::new(clock));
        let provider: Arc<dyn Provider> = Arc::new(sandbox.clone());
        let path = |name: &str| folder.path().join(name);
        let store = Arc::new(KeyStore::open(&path("keys.json"), &path("pepper")).unwrap());
        let keys = Keys::make(&store);
        let data = path("data");
        let (engine, webhooks, call) = system.block_on(async move {
            let engine = Engine::prepare(engine_options(&data), Arc::new(SystemClock));
            engine.recover(vec![provider]).await.unwrap();
            let told = Settings { timeout: Duration::from_millis(1), ..Settings::default() };
            let clock = Arc::new(SystemClock);
            let webhooks = Webhooks::open_with(&data, told, clock, Arc::new(Nowhere)).unwrap();
            webhooks.connect(web::webhooks::gateway_feed(engine.gateway()));
            // How long anything takes here is nobody's business.
            let request_timeout = Duration::from_secs(250);
            let options =
                AppOptions { data_dir: Some(data), request_timeout, ..AppOptions::default() };
            let state = AppState::new(engine.gateway(), store, options);
            let state = Data::new(state.with_webhooks(Some(webhooks.clone())));
            (engine, webhooks, caller(state).await)
        });
        Gateway { system, sandbox, keys, call, engine, webhooks, _folder: folder }
    }

    /// What it answers.
    pub fn ask(&self, sent: Sent) -> Answer {
        self.system.block_on((self.call)(sent))
    }

    /// The engine behind it.
    pub fn engine(&self) -> engine::Gateway {
        self.engine.gateway()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let (engine, webhooks) = (&self.engine, &self.webhooks);
        self.system.block_on(async {
            webhooks.stop().await;
            engine.stop().await;
        });
    }
}

impl Keys {
    fn make(store: &KeyStore) -> Keys {
        let merchant =
            |name| store.create_merchant_key(name, false).unwrap().1.expose_secret().to_owned();
        let operator = |name, roles: &[Role]| {
            store.create_operator_key(name, roles).unwrap().1.expose_secret().to_owned()
        };
        Keys {
            merchant: merchant("acme"),
            other: merchant("globex"),
            operator: operator("ann", &[Role::Operator, Role::Admin]),
            second: operator("bob", &[Role::Operator, Role::Approver]),
            viewer: operator("vic", &[Role::Viewer]),
        }
    }

    /// The one of this name.
    pub fn named(&self, name: &str) -> Option<&str> {
        Some(match name {
            "merchant" => &self.merchant,
            "other" => &self.other,
            "operator" => &self.operator,
            "second" => &self.second,
            "viewer" => &self.viewer,
            _ => return None,
        })
    }
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Small, and without waiting for the disk: nothing here is about what a power cut leaves.
fn engine_options(folder: &std::path::Path) -> EngineOptions {
    let mut options = EngineOptions::new(folder, IdKey([3; 32]));
    options.partitions = 1;
    options.passivate_after = Duration::from_secs(1);
    options.scrub = ScrubOptions { every: Duration::ZERO, ..ScrubOptions::default() };
    options.store.segment_bytes = 1 << 20;
    options.store.durability = Durability::None;
    options.store.archive_cache_bytes = 1 << 20;
    options.store.events_cache_bytes = 1 << 20;
    options.store.memtable_bytes = 1 << 20;
    options
}

async fn caller(state: Data<AppState>) -> Call {
    let service = Rc::new(init_service(app(state)).await);
    Rc::new(move |sent: Sent| {
        let service = service.clone();
        Box::pin(async move {
            let mut request = TestRequest::default().method(sent.method).set_payload(sent.body);
            for header in sent.headers {
                request = request.append_header(header);
            }
            let mut request = request.to_request();
            request.head_mut().uri = sent.uri;
            read(service.call(request).await).await
        })
    })
}

async fn read<B: MessageBody + 'static>(answer: Result<ServiceResponse<B>, Error>) -> Answer {
    let answer = match answer {
        Ok(answer) => answer.map_into_boxed_body().into_parts().1,
        // What actix does with an error that a middleware gives.
        Err(error) => HttpResponse::from_error(error),
    };
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let kind = headers.get("content-type").map(|value| value.as_bytes().to_vec());
    if kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) {
        // It has no end; that it began is all there is to see without a socket.
        return Answer { status, headers, text: String::new() };
    }
    let bytes = to_bytes(answer.into_body()).await.unwrap_or_default();
    Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}
