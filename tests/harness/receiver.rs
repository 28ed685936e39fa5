//! A merchant's receiver of webhooks: it listens, answers as a story wants, and can be killed and
//! started again at the same address.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One message that arrived.
#[derive(Clone, Debug)]
pub struct Heard {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: Vec<u8>,
    pub event: Value,
    /// What it was answered.
    pub answered: u16,
}

#[derive(Default)]
struct Shared {
    heard: Mutex<Vec<Heard>>,
    answer: AtomicU16,
}

/// A receiver at an address of its own.
pub struct Receiver {
    pub url: String,
    port: u16,
    shared: Arc<Shared>,
    server: Option<ServerHandle>,
}

impl Receiver {
    /// Listens, and answers 204.
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { answer: AtomicU16::new(204), ..Shared::default() });
        let url = format!("http://127.0.0.1:{port}/hook");
        let server = Some(serve(listener, shared.clone()));
        Receiver { url, port, shared, server }
    }

    /// From now on every message is answered so.
    pub fn answer(&self, status: u16) {
        self.shared.answer.store(status, Ordering::SeqCst);
    }

    /// Nobody listens any more; what was heard is kept.
    pub async fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(false).await;
        }
    }

    /// Listens again, at the same address.
    pub async fn start_again(&mut self) {
        for _ in 0..200 {
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", self.port)) {
                self.server = Some(serve(listener, self.shared.clone()));
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the address {} is not free again", self.port);
    }

    /// Everything heard so far, repetitions and refused messages too.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap().clone()
    }

    /// Everything heard so far, which is forgotten here.
    pub fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut self.shared.heard.lock().unwrap())
    }

    /// What was heard and taken, each event once, in the order in which it was first taken.
    pub fn taken(&self) -> Vec<Heard> {
        let mut known = HashSet::new();
        let taken = |heard: &Heard| (200..300).contains(&heard.answered);
        let heard = self.shared.heard.lock().unwrap();
        heard.iter().filter(|one| taken(one) && known.insert(one.id.clone())).cloned().collect()
    }

    /// How many different events were taken.
    pub fn count(&self) -> usize {
        let heard = self.shared.heard.lock().unwrap();
        let taken = heard.iter().filter(|one| (200..300).contains(&one.answered));
        taken.map(|one| one.id.as_str()).collect::<HashSet<_>>().len()
    }

    /// Every payout's events came in order and without a gap; gives how many each payout had.
    pub fn in_order(&self) -> HashMap<String, u64> {
        let mut last: HashMap<String, u64> = HashMap::new();
        for one in self.taken() {
            let payout = one.event["data"]["payout"]["id"].as_str().unwrap().to_owned();
            let place = one.event["payout_sequence"].as_u64().unwrap();
            let before = last.insert(payout.clone(), place).unwrap_or(0);
            assert_eq!(place, before + 1, "{payout} out of order: {}", one.event["type"]);
        }
        last
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) -> ServerHandle {
    let shared = web::Data::from(shared);
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .app_data(web::PayloadConfig::new(1 << 20))
            .route("/hook", web::post().to(hear))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    actix_rt::spawn(server);
    handle
}

async fn hear(request: HttpRequest, body: web::Bytes, shared: web::Data<Shared>) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let answered = shared.answer.load(Ordering::SeqCst);
    shared.heard.lock().unwrap().push(Heard {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        event: serde_json::from_slice(&body).unwrap_or(Value::Null),
        body: body.to_vec(),
        answered,
    });
    HttpResponse::build(StatusCode::from_u16(answered).unwrap()).finish()
}
