//! The provider's own API. Apart from `sim.rs`: what stands here is what a gateway may know of.

use super::delivery::{body, give};
use super::gate::Caller;
use super::shared::Shared;
use crate::sandbox::wire::{PayoutRequest, QuoteRequest, REVERSE, REVOKE, TokenRequest};
use crate::sandbox::world::{Asked, PageAsked, QuoteAsked, Reply};
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path, Query, ServiceConfig, get, post, route};
use domain::id::PayoutId;
use domain::money::{Amount, Asset, Currency};
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

/// The longest reference that is taken.
const REFERENCE_MAX: usize = 64;

/// All of them.
pub(super) fn all(service: &mut ServiceConfig) {
    service
        .route("/v1/token", post().to(token))
        .route("/v1/payouts", post().to(submit))
        .route("/v1/payouts", get().to(fetch))
        .route("/v1/payouts/{name}", get().to(fetch_by_name))
        .route(&format!("/v1/payouts/{{name}}/{REVOKE}"), post().to(revoke))
        .route(&format!("/v1/payouts/{{name}}/{REVERSE}"), post().to(reverse))
        .route("/v1/transactions", get().to(transactions))
        .route("/v1/quotes", post().to(quote))
        .route("/v1/rates", get().to(rate))
        .route("/v1/balance", get().to(balance))
        .default_service(route().to(nothing_here));
}

async fn token(shared: Data<Shared>, sent: Bytes) -> HttpResponse {
    let asked = serde_json::from_slice::<TokenRequest<'_>>(&sent).ok();
    match asked.and_then(|asked| shared.gate.issue(&asked, shared.now())) {
        Some(token) => HttpResponse::Ok().json(token),
        None => body(&Reply::problem(401, "invalid_credentials")),
    }
}

async fn submit(shared: Data<Shared>, _: Caller, sent: Bytes) -> HttpResponse {
    let reply = match serde_json::from_slice::<PayoutRequest<'_>>(&sent) {
        Ok(request) => {
            read_submission(&request).map(|asked| shared.world().submit(shared.now(), &asked))
        }
        Err(_) => Err("invalid_request"),
    };
    give(&shared, reply.unwrap_or_else(|code| Reply::problem(400, code))).await
}

fn read_submission<'a>(request: &'a PayoutRequest<'_>) -> Result<Asked<'a>, &'static str> {
    let reference = &*request.reference;
    if reference.is_empty() || reference.len() > REFERENCE_MAX {
        return Err("invalid_request");
    }
    let (amount, currency) = read_amount(&request.amount, &request.currency)?;
    Ok(Asked {
        payout: request.payout.parse().map_err(|_| "invalid_request")?,
        reference,
        amount,
        currency,
        recipient: &request.recipient,
        quote: request.quote.as_deref(),
        callback_url: request.callback_url.as_deref(),
    })
}

fn read_amount(amount: &str, currency: &str) -> Result<(Amount, Currency), &'static str> {
    let currency = Currency::parse(currency).map_err(|_| "invalid_request")?;
    Ok((Amount::parse(amount, currency).map_err(|_| "invalid_amount")?, currency))
}

/// The query of a lookup.
#[derive(Deserialize)]
struct ByReference {
    reference: String,
}

async fn fetch(shared: Data<Shared>, _: Caller, query: Query<ByReference>) -> HttpResponse {
    let reply = shared.world().fetch(shared.now(), &query.reference);
    give(&shared, reply).await
}

async fn fetch_by_name(shared: Data<Shared>, _: Caller, name: Path<String>) -> HttpResponse {
    let reply = shared.world().fetch(shared.now(), &name);
    give(&shared, reply).await
}

/// The query of a page of the list.
#[derive(Deserialize)]
struct ByTime {
    from: i64,
    to: i64,
    cursor: Option<usize>,
    limit: Option<usize>,
}

async fn transactions(shared: Data<Shared>, _: Caller, query: Query<ByTime>) -> HttpResponse {
    let ByTime { from, to, cursor, limit } = query.into_inner();
    let (from, until) = (Timestamp(from), Timestamp(to));
    let asked = PageAsked { from, until, cursor: cursor.unwrap_or(0), limit };
    let reply = shared.world().transactions(shared.now(), asked);
    give(&shared, reply).await
}

async fn revoke(shared: Data<Shared>, _: Caller, name: Path<String>) -> HttpResponse {
    let reply = shared.world().revoke(shared.now(), &name);
    give(&shared, reply).await
}

async fn reverse(shared: Data<Shared>, _: Caller, name: Path<String>) -> HttpResponse {
    let reply = shared.world().reverse(shared.now(), &name);
    give(&shared, reply).await
}

async fn quote(shared: Data<Shared>, _: Caller, sent: Bytes) -> HttpResponse {
    let reply = match serde_json::from_slice::<QuoteRequest<'_>>(&sent) {
        Ok(request) => read_wish(&request).map(|asked| shared.world().quote(shared.now(), &asked)),
        Err(_) => Err("invalid_request"),
    };
    give(&shared, reply.unwrap_or_else(|code| Reply::problem(400, code))).await
}

fn read_wish<'a>(request: &'a QuoteRequest<'_>) -> Result<QuoteAsked<'a>, &'static str> {
    let payout: PayoutId = request.payout.parse().map_err(|_| "invalid_request")?;
    let (amount, currency) = read_amount(&request.amount, &request.currency)?;
    Ok(QuoteAsked { payout, amount, currency, recipient: &request.recipient })
}

/// The query of a rate.
#[derive(Deserialize)]
struct ByPair {
    from: String,
    to: String,
}

async fn rate(shared: Data<Shared>, _: Caller, query: Query<ByPair>) -> HttpResponse {
    let pair = query.from.parse::<Currency>().ok().zip(query.to.parse::<Asset>().ok());
    let reply = match pair {
        Some((from, to)) => shared.world().rate(shared.now(), from, to),
        None => Reply::problem(400, "invalid_request"),
    };
    give(&shared, reply).await
}

/// The sandbox never runs out: a recipient that ends in 003 is how one sees that.
async fn balance(_: Caller) -> HttpResponse {
    HttpResponse::Ok()
        .json(json!({ "data": [{ "currency": "EUR", "available": "1000000000.00" }] }))
}

/// Not the word for an unknown payout: whoever hears this has the wrong address.
async fn nothing_here() -> HttpResponse {
    body(&Reply::problem(404, "no_such_address"))
}
