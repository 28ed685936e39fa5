//! What no provider has: the ledger, the clock and the count of calls, for tests and for the
//! curious. Open to all, because it moves no money. Apart from the provider's own routes.

use super::delivery::body;
use super::shared::Shared;
use crate::sandbox::clock::seconds;
use crate::sandbox::world::{PAGE_DEFAULT, Reply};
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Query, ServiceConfig, get, post};
use domain::id::PayoutId;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// All of them.
pub(super) fn all(service: &mut ServiceConfig) {
    service
        .route("/_sim/ledger", get().to(ledger))
        .route("/_sim/calls", get().to(calls))
        .route("/_sim/advance", post().to(advance));
}

/// Which part of a list.
#[derive(Deserialize)]
struct Part {
    payout: Option<String>,
    limit: Option<usize>,
    cursor: Option<usize>,
}

impl Part {
    /// Whose, from where, and how much of it. None when what is asked for is no payout.
    fn read(self) -> Option<(Option<PayoutId>, usize, usize)> {
        let payout = match self.payout {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        Some((payout, self.cursor.unwrap_or(0), self.limit.unwrap_or(PAGE_DEFAULT)))
    }
}

async fn ledger(shared: Data<Shared>, part: Query<Part>) -> HttpResponse {
    let Some((payout, cursor, limit)) = part.into_inner().read() else { return no_payout() };
    // Settlements that are due by now belong to what is true by now.
    shared.make_due_happen();
    let page = shared.world().ledger(payout, cursor, limit);
    HttpResponse::Ok().json(page)
}

async fn calls(shared: Data<Shared>, part: Query<Part>) -> HttpResponse {
    let Some((payout, cursor, limit)) = part.into_inner().read() else { return no_payout() };
    let page = shared.world().calls(payout, cursor, limit);
    HttpResponse::Ok().json(page)
}

/// How far to turn the clock.
#[derive(Deserialize)]
struct Advance {
    seconds: u32,
}

async fn advance(shared: Data<Shared>, sent: Bytes) -> HttpResponse {
    let Ok(Advance { seconds: by }) = serde_json::from_slice(&sent) else {
        return body(&Reply::problem(400, "invalid_request"));
    };
    shared.advance(Duration::from_secs(u64::from(by)));
    HttpResponse::Ok().json(json!({ "now": seconds(shared.now()) }))
}

fn no_payout() -> HttpResponse {
    body(&Reply::problem(400, "invalid_request"))
}
