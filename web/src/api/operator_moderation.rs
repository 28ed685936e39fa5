//! What is held, for operators: the incidents, the payouts, the money in doubt, and decisions about
//! a whole incident at once.

use super::cursor::Cursor;
use super::moderation_in::{Decision, ModerationDoc};
use super::parameters::{NoParameters, Parameters};
use crate::app::{AppState, Endpoints, last_piece};
use crate::auth::{Operator, ToDecide, ToView};
use crate::json::JsonBody;
use crate::problem::{Kind, Problem, ProblemOut};
use crate::render::{AmountOut, IncidentOut, OperatorPayoutOut, amounts};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::{IncidentId, PayoutId};
use engine::{Gateway, Refusal};
use futures_util::StreamExt;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 100;
/// Payouts of an incident that one request decides about; the next request goes on.
const DECIDED_AT_MOST: usize = 5_000;
/// Decided about at once.
const DECIDED_AT_ONCE: usize = 64;
/// Refusals that are shown one by one.
const REFUSALS_SHOWN: usize = 20;

/// What is held.
#[derive(Serialize, ToSchema)]
#[schema(as = ModerationPage)]
pub struct ModerationPageOut<'p> {
    /// Held payouts, the longest held first.
    data: Vec<OperatorPayoutOut<'p>>,
    /// The incidents that they are part of, the largest first.
    incidents: Vec<IncidentOut>,
    /// How many payouts are held in all.
    #[schema(example = 2)]
    held: usize,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `cursor` for it.
    next_cursor: Option<String>,
}

/// What came of a decision about an incident.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentDecision)]
pub struct IncidentDecisionOut {
    /// The incident.
    incident: String,
    /// Payouts for which it was carried out.
    #[schema(example = 512)]
    done: usize,
    /// Payouts for which it was refused; each stays as it was.
    #[schema(example = 0)]
    refused: usize,
    /// The first of the refusals.
    refusals: Vec<RefusedOut>,
    /// Payouts of the incident that are still held.
    remaining: u64,
}

/// A payout for which a decision was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusedPayout)]
pub struct RefusedOut {
    /// The payout.
    payout: String,
    /// Why.
    #[schema(example = "not_safe")]
    code: &'static str,
}

/// Money in doubt.
#[derive(Serialize, ToSchema)]
#[schema(as = Exposure)]
pub struct ExposureOut {
    /// By provider account, merchant and currency.
    data: Vec<ExposureRowOut>,
    /// The limits, and whether an account is over one.
    limits: Vec<ExposureLimitOut>,
}

/// Money in doubt at one provider account, of one merchant, in one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = ExposureRow)]
pub struct ExposureRowOut {
    /// The provider account.
    #[schema(example = "sandbox")]
    provider_account: String,
    /// The merchant's configured name, while a key of it is known.
    #[schema(example = "acme")]
    merchant: Option<String>,
    /// In what.
    #[schema(example = "EUR")]
    currency: String,
    /// How many payouts.
    count: u64,
    /// How much.
    amount: AmountOut,
}

/// The limits of one provider account.
#[derive(Serialize, ToSchema)]
#[schema(as = ExposureLimit)]
pub struct ExposureLimitOut {
    /// The provider account.
    #[schema(example = "sandbox")]
    provider_account: String,
    /// How much may be in doubt, by currency.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"EUR": "1000000.00"}))]
    limits: BTreeMap<String, AmountOut>,
    /// Over one of them: nothing is sent there until evidence has brought it down.
    stopped: bool,
}

/// What is held, with the incidents that it makes.
#[utoipa::path(
    get, path = "/v1/ops/moderation", tag = "operators", operation_id = "listModeration",
    params(
        ("incident" = Option<String>, Query, description = "Only the payouts of this incident"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "At most so many; 25"),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses((status = 200, description = "One page", body = ModerationPageOut)),
    security(("operator_key" = [])),
)]
pub(crate) async fn list(
    _: Operator<ToView>,
    mut given: Parameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let incident = given.parse::<IncidentId>("incident", "the id of an incident")?;
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let limit = given.take_with("limit", "a whole number from 1 to 100", limit)?;
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    let after = given.take_with("cursor", "the next_cursor of a page", Cursor::read)?;
    given.finish()?;
    let book = state.gateway.moderation()?;
    let after = after.map(|Cursor { created_at, id }| (created_at, id));
    let mut places = book.held(incident, after, limit + 1);
    let has_more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| has_more);
    let next = last.map(|(since, id)| Cursor { created_at: *since, id: *id }.write());
    let mut views = Vec::with_capacity(places.len());
    for (_, id) in places {
        views.extend(found(state.gateway.inspect(id).await)?);
    }
    let mut incidents = Vec::new();
    for one in book.incidents().into_iter().filter(|one| incident.is_none_or(|id| id == one.id)) {
        let mut sample = Vec::new();
        for id in &one.sample {
            sample.extend(found(state.gateway.inspect(*id).await)?);
        }
        incidents.push(IncidentOut::of(&one, &sample, &state));
    }
    Ok(HttpResponse::Ok().json(ModerationPageOut {
        data: views.iter().map(|view| OperatorPayoutOut::of(view, &state)).collect(),
        incidents,
        held: book.held_count(),
        has_more,
        next_cursor: next,
    }))
}

/// Decides about every payout of an incident.
#[utoipa::path(
    post, path = "/v1/ops/incidents/{id}/moderation", tag = "operators",
    operation_id = "moderateIncident",
    params(("id" = String, Path, description = "The incident's id")),
    request_body = ModerationDoc,
    responses(
        (status = 200, description = "What came of it; repeat it while some remain",
            body = IncidentDecisionOut),
        (status = 404, description = "No such incident, or nothing of it is held any more",
            body = ProblemOut, content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn moderate(
    operator: Operator<ToDecide>,
    _: NoParameters,
    request: HttpRequest,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let decision = Decision::read(&body)?;
    operator.must_be(decision.takes())?;
    let unknown = || Problem::plain(Kind::INCIDENT_NOT_FOUND);
    let id = last_piece(&request, "id").and_then(|text| text.parse::<IncidentId>().ok());
    let id = id.ok_or_else(unknown)?;
    let book = state.gateway.moderation()?;
    let members = book.held(Some(id), None, DECIDED_AT_MOST);
    if members.is_empty() {
        return Err(unknown());
    }
    tracing::info!(operator = %operator.name, incident = %id, action = decision.word(), "moderation");
    let decide = |payout: PayoutId| {
        let (operator, decision, gateway) = (&operator, &decision, &state.gateway);
        async move { (payout, decide(gateway, payout, decision, operator).await) }
    };
    let decided = futures_util::stream::iter(members.into_iter().map(|(_, payout)| decide(payout)))
        .buffer_unordered(DECIDED_AT_ONCE);
    let decided: Vec<(PayoutId, Result<(), Problem>)> = decided.collect().await;
    let refused = decided.iter().filter_map(|(payout, outcome)| {
        let problem = outcome.as_ref().err()?;
        Some(RefusedOut { payout: payout.to_string(), code: problem.code() })
    });
    let refused: Vec<RefusedOut> = refused.collect();
    Ok(HttpResponse::Ok().json(IncidentDecisionOut {
        incident: id.to_string(),
        done: decided.len() - refused.len(),
        refused: refused.len(),
        refusals: refused.into_iter().take(REFUSALS_SHOWN).collect(),
        remaining: book.incident(id).map_or(0, |incident| incident.count),
    }))
}

async fn decide(
    gateway: &Gateway,
    payout: PayoutId,
    decision: &Decision,
    operator: &Operator<ToDecide>,
) -> Result<(), Problem> {
    let seen = gateway.inspect(payout).await?;
    let deed = decision.about(&seen.payout)?;
    gateway.operate(payout, deed, operator.signed(&decision.reason)).await?;
    Ok(())
}

/// Money in doubt: held, and nobody can say where it is.
#[utoipa::path(
    get, path = "/v1/ops/exposure", tag = "operators", operation_id = "getExposure",
    responses((status = 200, description = "By provider account, merchant and currency", body = ExposureOut)),
    security(("operator_key" = [])),
)]
pub(crate) async fn exposure(
    _: Operator<ToView>,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let book = state.gateway.moderation()?;
    let adapters = state.gateway.adapters().ok_or(Refusal::NotReady)?;
    let data = book.exposure().into_iter().map(|row| ExposureRowOut {
        provider_account: row.account.into(),
        merchant: state.keys.merchant_name(row.merchant),
        currency: row.currency.code().to_owned(),
        count: row.count,
        amount: AmountOut(row.amount),
    });
    let limits = adapters.accounts().map(|handle| {
        let limits = book.limits(&handle.account).iter();
        ExposureLimitOut {
            provider_account: handle.account.to_string(),
            limits: amounts(limits.map(|(currency, most)| (*currency, most.value()))),
            stopped: book.is_stopped(&handle.account),
        }
    });
    let limits = limits.collect();
    Ok(HttpResponse::Ok().json(ExposureOut { data: data.collect(), limits }))
}

/// A payout that went while the page was being made is no fault.
fn found(view: Result<engine::View, Refusal>) -> Result<Option<engine::View>, Refusal> {
    match view {
        Ok(view) => Ok(Some(view)),
        Err(Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .get("/v1/ops/moderation", list)
        .post("/v1/ops/incidents/{id}/moderation", moderate)
        .get("/v1/ops/exposure", exposure);
}
