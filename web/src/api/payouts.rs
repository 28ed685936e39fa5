//! Payouts: made, read, listed. The first and the last step of a payout's journey through the code.
//!
//! → `engine::gateway`

use super::cursor::Cursor;
use super::idempotency::{REPLAYED, RequiredKey};
use super::parameters::{NoParameters, Parameters, PathId};
use super::payout_in::{self, Circumstances, PayoutIn};
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::json::{self, JsonBody};
use crate::problem::{Kind, Problem, ProblemOut};
use crate::render::{self, PayoutOut};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use domain::entry::Request;
use domain::money::Currency;
use domain::status::State;
use domain::time::Timestamp;
use engine::gateway::Created;
use engine::{ListQuery, Place, Refusal, View};
use serde::Serialize;
use utoipa::ToSchema;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 100;
/// What stands before the digits of an id in a payout's address.
const ADDRESS_LENGTH: usize = "/v1/payouts/po_".len();

/// One page of payouts, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = PayoutPage)]
pub struct PayoutPageOut<'p> {
    /// The payouts.
    data: Vec<PayoutOut<'p>>,
    /// Whether there are older ones.
    has_more: bool,
    /// The `cursor` of the next page.
    next_cursor: Option<String>,
}

/// Makes a payout, or finds the one that the same key made. The answer comes after it is durable.
#[utoipa::path(
    post, path = "/v1/payouts", tag = "payouts", operation_id = "createPayout",
    params(("Idempotency-Key" = String, Header, max_length = 255,
        description = "Names this payout; repeat it with every retry. Kept for the life of the payout.",
        example = "order-1001-payout")),
    request_body = PayoutIn,
    responses(
        (status = 201, description = "The payout, made now or under the same key before", body = PayoutOut,
            headers(("Idempotent-Replayed" = String, description = "true: this payout was made before"))),
        (status = 409, description = "The reference is already used", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 422, description = "Invalid fields, or the key was used for another request",
            body = ProblemOut, content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn create(
    merchant: Merchant,
    _: NoParameters,
    key: RequiredKey,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let around = Circumstances {
        merchant: merchant.door.merchant(),
        livemode: merchant.livemode,
        now: state.gateway.clock().now(),
        expires_in: state.options.expires_in,
    };
    if let Some(request) = payout_in::read_plain(body.bytes(), around) {
        return Ok(answer(make(&merchant, &key.0, request).await?));
    }
    let body = body.read()?;
    let created = match payout_in::read(&body, around) {
        Ok(request) => make(&merchant, &key.0, request).await?,
        // What was accepted once may be refused by now, a deadline for one: the same key is
        // answered as it was then.
        Err(faults) => match merchant.door.replay(&key.0, body.fingerprint()).await {
            Some(Ok(created)) => created,
            _ => return Err(Problem::fields(faults)),
        },
    };
    Ok(answer(created))
}

async fn make(merchant: &Merchant, key: &str, request: Request) -> Result<Created, Problem> {
    let chosen = request.provider_account.is_some();
    merchant.door.create(key, request).await.map_err(|refusal| match refusal {
        Refusal::NoRoute if chosen => Problem::from(refusal).at("provider_account"),
        _ => Problem::from(refusal),
    })
}

fn answer(created: Created) -> HttpResponse {
    let (view, replayed) = match created {
        Created::New(view) => (view, false),
        Created::Replayed(view) => (view, true),
    };
    let mut answer = HttpResponse::Created();
    let mut address = *b"/v1/payouts/po_00000000000000000000000000";
    address[ADDRESS_LENGTH..].copy_from_slice(&view.payout.id().digits());
    if let Ok(location) = HeaderValue::from_bytes(&address) {
        answer.insert_header((header::LOCATION, location));
    }
    if replayed {
        answer.insert_header((REPLAYED, "true"));
    }
    json::answer(&mut answer, &render::payout(&view))
}

/// One payout, now or as it was.
#[utoipa::path(
    get, path = "/v1/payouts/{id}", tag = "payouts", operation_id = "getPayout",
    params(
        ("id" = String, Path, description = "The payout's id"),
        ("at" = Option<String>, Query, description = "The payout as it was at this time (RFC 3339), \
            which must have passed. All of it is as of then, moderation included; next_check_at is null \
            for a time before the last change, because plans are not written down",
            example = "2026-11-20T09:30:00Z"),
    ),
    responses(
        (status = 200, description = "The payout", body = PayoutOut),
        (status = 404, description = "No such payout, or not yet at that time", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn get(
    merchant: Merchant,
    PathId(id): PathId,
    mut parameters: Parameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let at = parameters.time("at")?;
    parameters.finish()?;
    if at.is_some_and(|at| at > state.gateway.clock().now()) {
        let detail = "at takes a time that has passed; nobody knows a payout's future";
        return Err(Problem::new(Kind::INVALID_PARAMETER, detail).at("at"));
    }
    let view = merchant.door.get(id).await?;
    let view = match at {
        None => view,
        Some(at) => as_it_was(view, at).ok_or_else(|| {
            Problem::new(Kind::PAYOUT_NOT_FOUND, "at that time there was no such payout")
        })?,
    };
    Ok(json::answer(&mut HttpResponse::Ok(), &render::payout(&view)))
}

/// The merchant's payouts, newest first.
#[utoipa::path(
    get, path = "/v1/payouts", tag = "payouts", operation_id = "listPayouts",
    params(
        ("status" = Option<String>, Query, description = "Only this status", example = "PROCESSED"),
        ("state" = Option<String>, Query, description = "Only this state", example = "completed"),
        ("reference" = Option<String>, Query, description = "Only the payout with this reference"),
        ("currency" = Option<String>, Query, description = "Only this currency", example = "EUR"),
        ("method" = Option<String>, Query, description = "Only this method", example = "bank_transfer"),
        ("moderation_required" = Option<bool>, Query, description = "Only held ones, or only free ones"),
        ("created_after" = Option<String>, Query, description = "Made at or after this time"),
        ("created_before" = Option<String>, Query, description = "Made before this time"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "At most so many; 25"),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses((status = 200, description = "One page", body = PayoutPageOut)),
    security(("merchant_key" = [])),
)]
pub(crate) async fn list(
    merchant: Merchant,
    parameters: Parameters,
) -> Result<HttpResponse, Problem> {
    let page = merchant.door.list(&list_query(parameters)?).await?;
    let next = page.next.map(|Place { created_at, id }| Cursor { created_at, id }.write());
    let page = PayoutPageOut {
        data: page.views.iter().map(render::payout).collect(),
        has_more: next.is_some(),
        next_cursor: next,
    };
    Ok(json::answer_list(&mut HttpResponse::Ok(), page.data.len(), &page))
}

/// Everything that a list can be asked for.
fn list_query(mut given: Parameters) -> Result<ListQuery, Problem> {
    let state = |word: &str| State::ALL.into_iter().find(|state| state.word() == word);
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let reference = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let before = given.take_with("cursor", "the next_cursor of a page", Cursor::read)?;
    let query = ListQuery {
        status: given.parse("status", "one of the 18 status codes")?,
        state: given.take_with("state", "pending, processing, completed or failed", state)?,
        reference: given.take_with("reference", "a reference", reference)?,
        currency: given.parse::<Currency>("currency", "an ISO 4217 code")?,
        method: given.parse("method", "bank_transfer, mobile_money, card, wallet or crypto")?,
        moderation_required: given.parse("moderation_required", "true or false")?,
        created_after: given.time("created_after")?,
        created_before: given.time("created_before")?,
        limit: given
            .take_with("limit", "a whole number from 1 to 100", limit)?
            .unwrap_or(PAGE_DEFAULT),
        before: before.map(|Cursor { created_at, id }| Place { created_at, id }),
    };
    given.finish()?;
    Ok(query)
}

/// The payout as it was at a time; none if it was not yet made.
fn as_it_was(view: View, at: Timestamp) -> Option<View> {
    let View { payout, next_check_at } = view;
    let entries = payout.entries();
    let version = entries[..entries.partition_point(|entry| entry.at <= at)].last()?.version;
    if version == payout.version() {
        return Some(View { payout, next_check_at });
    }
    // What was planned then is not written down.
    Some(View { payout: payout.as_of(version), next_check_at: None })
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.post("/v1/payouts", create).get("/v1/payouts", list).get("/v1/payouts/{id}", get);
}
