//! The yardstick: what HTTP and JSON cost before there is a gateway. A bare actix-web server with as many
//! threads as `serve` has, which reads the same request into types and answers with JSON of the same form
//! and length. It runs as a process of its own: the hidden command `bench-echo`.

use super::child::Child;
use super::client::Door;
use super::site::Site;
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::serve::cores;
use crate::shutdown::Shutdown;
use actix_web::{App, HttpResponse, HttpServer, web};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::TcpListener;

/// An echo that answers.
pub struct Echo {
    /// Where.
    pub door: Door,
    _child: Child,
}

impl Echo {
    /// Starts one.
    pub async fn start(site: &Site<'_>) -> Result<Echo, Failure> {
        let file = site.ground.fresh();
        let threads = format!("[server]\nworkers = {}\n", site.config.server.workers);
        std::fs::write(&file, threads).map_err(Failure::failed)?;
        let words = ["--config", "--bind", "127.0.0.1:0", "bench-echo"].map(OsStr::new);
        let args = [words[0], file.as_os_str(), words[1], words[2], words[3]];
        let mut child = Child::start(site, &args)?;
        let address = child.address("listening").await?;
        // As long as a key of the gateway, and looked at by nobody.
        Ok(Echo { door: Door::new(address, &"0".repeat(72)), _child: child })
    }
}

#[derive(Serialize, Deserialize)]
struct Recipient {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    iban: Option<String>,
    number: Option<String>,
    email: Option<String>,
    country: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Asked {
    #[serde(with = "rust_decimal::serde::str")]
    amount: Decimal,
    currency: String,
    method: String,
    recipient: Recipient,
    reference: Option<String>,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
    autoprocess: bool,
}

/// What the gateway says of itself beside what it was told.
#[derive(Serialize)]
struct Answered<'a> {
    id: &'static str,
    object: &'static str,
    livemode: bool,
    version: u32,
    status: &'static str,
    state: &'static str,
    money: &'static str,
    #[serde(flatten)]
    asked: &'a Asked,
    moderation_required: bool,
    details_required: [&'static str; 0],
    attempts: [&'static str; 0],
    #[serde(flatten)]
    nothing: Nothing,
    expires_at: &'static str,
    created_at: &'static str,
    updated_at: &'static str,
}

/// Fields that are null in a new payout.
#[derive(Default, Serialize)]
struct Nothing {
    resolution: Option<()>,
    amount_processed: Option<()>,
    fee: Option<()>,
    moderation: Option<()>,
    provider_account: Option<()>,
    quote: Option<()>,
    settlement: Option<()>,
    failure: Option<()>,
    next_check_at: Option<()>,
}

const NOW: &str = "2026-11-21T16:17:56.752710Z";

fn answered(asked: &Asked) -> Answered<'_> {
    Answered {
        id: "po_2v2v0rs9rdwm6g8knvejjnh6tv",
        object: "payout",
        livemode: false,
        version: 2,
        status: "READY",
        state: "pending",
        money: "not_sent",
        asked,
        moderation_required: false,
        details_required: [],
        attempts: [],
        nothing: Nothing::default(),
        expires_at: NOW,
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn create(asked: web::Json<Asked>) -> HttpResponse {
    HttpResponse::Created().json(answered(&asked))
}

async fn get(kept: web::Data<Asked>) -> HttpResponse {
    HttpResponse::Ok().json(answered(&kept))
}

/// A payout for whoever reads one.
fn kept() -> Asked {
    let text = |text: &str| Some(text.to_owned());
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Asked {
        amount: Decimal::new(12_540, 2),
        currency: "EUR".to_owned(),
        method: "bank_transfer".to_owned(),
        recipient: Recipient {
            kind: "bank_account".to_owned(),
            name: text("A*** S****** 00001"),
            iban: text("DE89**************3000"),
            number: None,
            email: None,
            country: text("DE"),
        },
        reference: text("order-create-000000000001"),
        description: text("Commission for September, thank you"),
        metadata: [pair("customer", "c-00000001"), pair("order", "000000000001")].into(),
        autoprocess: false,
    }
}

/// The command: serves until a signal.
pub fn run(config: &Config, output: &Output) -> Result<(), Failure> {
    let threads = if config.server.workers == 0 { cores() } else { config.server.workers };
    actix_rt::System::new().block_on(async {
        let mut shutdown = Shutdown::listen().map_err(Failure::failed)?;
        let listener = TcpListener::bind(config.server.bind).map_err(Failure::failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(Failure::failed)?);
        let kept = web::Data::new(kept());
        let app = move || {
            App::new()
                .app_data(kept.clone())
                .route("/v1/payouts", web::post().to(create))
                .route("/v1/payouts/{id}", web::get().to(get))
        };
        let server = HttpServer::new(app).workers(threads).tcp_nodelay(true).disable_signals();
        let server = server.listen(listener).map_err(Failure::failed)?.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        output.say(&format!("listening on {url}"), &json!({ "event": "listening", "url": url }));
        shutdown.asked().await;
        handle.stop(false).await;
        Ok(())
    })
}
