//! What a machine asks about the gateway itself: is it alive, is it ready, what does it count, which
//! version is it. No key: these say nothing about any payout.

use crate::app::{AppState, Endpoints};
use crate::metrics;
use crate::render::{AmountOut, TimeOut, amounts};
use actix_web::{HttpResponse, web};
use engine::orphans::{ListSeen, ListState};
use engine::quarantine::Quarantine;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use utoipa::ToSchema;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The front door.
#[derive(Serialize, ToSchema)]
#[schema(as = About)]
pub struct AboutOut {
    /// Always "bursar".
    #[schema(example = "bursar")]
    name: &'static str,
    /// The version of this gateway.
    version: &'static str,
    /// Where to go from here.
    links: LinksOut,
}

/// Where to go from the front door.
#[derive(Serialize, ToSchema)]
#[schema(as = Links)]
pub struct LinksOut {
    /// The API's description, for programs.
    openapi: &'static str,
    /// The same, for people.
    docs: &'static str,
    /// Whether it is ready.
    ready: &'static str,
}

/// The version of this gateway.
#[derive(Serialize, ToSchema)]
#[schema(as = Version)]
pub struct VersionOut {
    /// Always "bursar".
    name: &'static str,
    /// The version.
    version: &'static str,
    /// The versions of the API that it serves.
    #[schema(example = json!(["v1"]))]
    api: [&'static str; 1],
}

/// The process runs.
#[derive(Serialize, ToSchema)]
#[schema(as = Alive)]
pub struct AliveOut {
    /// Always true.
    alive: bool,
}

/// Whether the gateway takes payouts.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub struct ReadyOut {
    /// Recovery is through, and nobody has asked the gateway to stop.
    ready: bool,
    /// Payouts in memory.
    live_payouts: u64,
    /// Requests inside the engine.
    requests_in_flight: u64,
    /// The last durable record of the journal; none before recovery is through.
    journal_sequence: Option<u64>,
    /// What is held until a provider has said whether it was sent in a time that a restore has lost;
    /// null when there was no restore, or all of it is over.
    quarantine: Option<QuarantineOut>,
}

/// What is held for a restore.
#[derive(Serialize, ToSchema)]
#[schema(as = Quarantine)]
pub struct QuarantineOut {
    /// Which restore of this gateway it was, counted from 1.
    #[schema(example = 1)]
    epoch: u32,
    /// How many payouts are left to ask about.
    left: u64,
    /// How much they are, by currency.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"EUR": "250.80"}))]
    amounts: BTreeMap<String, AmountOut>,
    /// When all will have been asked about, at the pace that the provider accounts allow; null where a
    /// contract leaves it to a person.
    ends_at: Option<TimeOut>,
    /// Until then every new payout is asked about before it is sent; null when all keys of the lost
    /// time are known.
    asks_first_until: Option<TimeOut>,
    /// Payments of the lost time that a provider has and no payout here accounts for; `/v1/ops/orphans`
    /// has them.
    #[schema(example = 2)]
    orphans: u64,
    /// Whether the providers' lists of the lost time are still being read; until then there may be more.
    listing_under_way: bool,
    /// Provider accounts that offer no such list: what they paid in the lost time is not looked for.
    not_offered: Vec<String>,
    /// Provider accounts whose list does not reach back to the beginning of the lost time.
    cut_short: Vec<String>,
}

impl QuarantineOut {
    fn of(quarantine: Quarantine) -> QuarantineOut {
        let Quarantine { epoch, left, amounts: sums, ends_at, asks_first_until, orphans, lists } =
            quarantine;
        let accounts = |wanted: fn(&ListSeen) -> bool| {
            lists.iter().filter(|list| wanted(list)).map(|list| list.account.to_string()).collect()
        };
        QuarantineOut {
            epoch,
            left,
            amounts: amounts(sums.into_iter()),
            ends_at: ends_at.map(TimeOut),
            asks_first_until: asks_first_until.map(TimeOut),
            orphans,
            listing_under_way: lists.iter().any(|list| list.state == ListState::UnderWay),
            not_offered: accounts(|list| list.state == ListState::NotOffered),
            cut_short: accounts(|list| list.read.cut_short),
        }
    }
}

/// What this is.
#[utoipa::path(
    get, path = "/", tag = "operations", operation_id = "about",
    responses((status = 200, description = "Name, version and links", body = AboutOut)),
)]
pub(crate) async fn about() -> HttpResponse {
    let links = LinksOut { openapi: "/openapi.json", docs: "/docs", ready: "/readyz" };
    HttpResponse::Ok().json(AboutOut { name: "bursar", version: VERSION, links })
}

/// Which version this is.
#[utoipa::path(
    get, path = "/version", tag = "operations", operation_id = "version",
    responses((status = 200, description = "The version", body = VersionOut)),
)]
pub(crate) async fn version() -> HttpResponse {
    HttpResponse::Ok().json(VersionOut { name: "bursar", version: VERSION, api: ["v1"] })
}

/// The process runs and answers.
#[utoipa::path(
    get, path = "/livez", tag = "operations", operation_id = "livez",
    responses((status = 200, description = "It runs", body = AliveOut)),
)]
pub(crate) async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(AliveOut { alive: true })
}

/// The gateway takes payouts.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "readyz",
    responses(
        (status = 200, description = "It takes payouts", body = ReadyOut),
        (status = 503, description = "It is starting or stopping", body = ReadyOut),
    ),
)]
pub(crate) async fn readyz(state: web::Data<AppState>) -> HttpResponse {
    let (gateway, counters) = (&state.gateway, state.gateway.counters());
    let ready = gateway.is_ready();
    let mut answer = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(ReadyOut {
        ready,
        live_payouts: counters.live.load(Ordering::Relaxed),
        requests_in_flight: counters.in_flight.load(Ordering::Relaxed),
        journal_sequence: gateway.store().map(|store| metrics::durable_sequence(store)),
        // Before recovery is through nobody knows.
        quarantine: gateway.quarantine().ok().flatten().map(QuarantineOut::of),
    })
}

/// What the gateway counts, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")),
)]
pub(crate) async fn figures(state: web::Data<AppState>) -> HttpResponse {
    let page = metrics::page(&state).await;
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(page)
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .get("/livez", livez)
        .get("/readyz", readyz)
        .get("/metrics", figures)
        .get("/version", version)
        .get("/", about);
}
