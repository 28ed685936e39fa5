//! How the provider accounts stand, for operators. The figures are the adapters' own.

use super::parameters::NoParameters;
use crate::app::{AppState, Endpoints};
use crate::auth::{Operator, ToView};
use crate::problem::{Kind, Problem, ProblemOut};
use actix_web::{HttpRequest, HttpResponse, web};
use adapters::adapter_actor::AdapterHandle;
use adapters::adapter_actor::messages::Health;
use domain::method::Method;
use engine::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

/// All provider accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = Providers)]
pub struct ProvidersOut {
    data: Vec<ProviderOut>,
}

/// One provider account.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub struct ProviderOut {
    /// Its configured name.
    #[schema(example = "sandbox")]
    account: String,
    /// The methods that it serves.
    #[schema(example = json!(["bank_transfer", "crypto"]))]
    methods: Vec<&'static str>,
    /// How it stands; null if its actor is gone.
    health: Option<HealthOut>,
}

/// How a provider account stands.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderHealth)]
pub struct HealthOut {
    /// open, verify_only, probe or closed.
    #[schema(example = "open")]
    mode: &'static str,
    /// New payouts wait because too much money is on its way already, whatever the mode.
    exposure_stopped: bool,
    /// Whether it is being left alone.
    #[schema(example = "closed")]
    breaker: &'static str,
    /// Payouts that wait for a permit.
    waiting_submits: usize,
    /// Status fetches, recalls and undoes that wait for their turn.
    waiting_fetches: usize,
    /// Permits that are out, and questions under way.
    in_flight: usize,
    /// Permits granted since the start.
    granted_total: u64,
    /// Times the breaker opened since the start.
    tripped_total: u64,
    /// How long calls take, the last ones weighing most.
    latency_micros: u64,
}

/// Every provider account.
#[utoipa::path(
    get, path = "/v1/ops/providers", tag = "operators", operation_id = "listProviders",
    responses((status = 200, description = "All accounts", body = ProvidersOut)),
    security(("operator_key" = [])),
)]
pub(crate) async fn list(
    _: Operator<ToView>,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let adapters = state.gateway.adapters().ok_or(Refusal::NotReady)?;
    let mut data = Vec::new();
    for handle in adapters.accounts() {
        data.push(ProviderOut::of(handle).await);
    }
    Ok(HttpResponse::Ok().json(ProvidersOut { data }))
}

/// One provider account.
#[utoipa::path(
    get, path = "/v1/ops/providers/{account}", tag = "operators", operation_id = "getProvider",
    params(("account" = String, Path, description = "The account's configured name")),
    responses(
        (status = 200, description = "The account", body = ProviderOut),
        (status = 404, description = "No such account", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn get(
    _: Operator<ToView>,
    _: NoParameters,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let adapters = state.gateway.adapters().ok_or(Refusal::NotReady)?;
    let name = request.match_info().get("account").unwrap_or_default();
    let account = adapters.by_name(name);
    let account = account.ok_or_else(|| Problem::plain(Kind::PROVIDER_ACCOUNT_NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(ProviderOut::of(account.handle()).await))
}

impl ProviderOut {
    async fn of(handle: &AdapterHandle) -> ProviderOut {
        let caps = handle.caps();
        ProviderOut {
            account: caps.account.to_string(),
            methods: caps.methods.iter().copied().map(Method::word).collect(),
            health: handle.health().await.map(HealthOut::of),
        }
    }
}

impl HealthOut {
    fn of(health: Health) -> HealthOut {
        let Health {
            account: _,
            mode,
            stopped,
            breaker,
            waiting_submits,
            waiting_fetches,
            in_flight,
            permits_out: _,
            granted_total,
            tripped_total,
            latency_micros,
        } = health;
        HealthOut {
            mode: mode.word(),
            exposure_stopped: stopped,
            breaker: breaker.word(),
            waiting_submits,
            waiting_fetches,
            in_flight,
            granted_total,
            tripped_total,
            latency_micros,
        }
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/ops/providers", list).get("/v1/ops/providers/{account}", get);
}
