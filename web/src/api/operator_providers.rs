//! How the provider accounts stand, for operators. The figures are the adapters' own.

use super::moderation_in::judge_reason;
use super::parameters::NoParameters;
use crate::app::{AppState, Endpoints, last_piece};
use crate::auth::{Operator, ToOperate, ToView};
use crate::json::{Fields, JsonBody};
use crate::problem::{Faults, Kind, Problem, ProblemOut};
use crate::render::TimeOut;
use actix_web::{HttpRequest, HttpResponse, web};
use adapters::adapter_actor::AdapterHandle;
use adapters::adapter_actor::messages::{Health, Mode};
use adapters::provider::Limits;
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
    /// How hard it may be asked.
    limits: ProviderLimitsOut,
    /// Who set its mode last; null if nobody ever did.
    mode_set: Option<ModeSetOut>,
}

/// How hard a provider account may be asked.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderLimits)]
pub struct ProviderLimitsOut {
    /// Calls of any kind in any window of `per_seconds`; 0: any number.
    #[schema(example = 5000)]
    calls: u32,
    /// The window.
    per_seconds: f64,
    /// How many percent of the calls are kept for asking about payouts.
    verify_share: u8,
    /// Calls under way at once.
    concurrency: usize,
    /// Payouts that may wait for their turn.
    queue: usize,
}

/// Who set a mode, why and when.
#[derive(Serialize, ToSchema)]
#[schema(as = ModeSet)]
pub struct ModeSetOut {
    /// The mode.
    #[schema(example = "verify_only")]
    mode: String,
    /// Who.
    by: String,
    /// Why.
    reason: String,
    /// When.
    at: TimeOut,
}

/// What a provider account may be used for from now on.
#[derive(ToSchema)]
#[schema(as = ProviderRequest, example = json!({"mode": "verify_only", "reason": "maintenance"}))]
#[allow(dead_code, reason = "the form that the documentation shows")]
pub struct ProviderDoc<'n> {
    /// open: everything; verify_only: nothing new is sent, asking goes on; probe: one submission at a
    /// time; closed: not a byte.
    #[schema(example = "verify_only")]
    mode: &'n str,
    /// Why, for the record; 1 to 500 characters.
    reason: &'n str,
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
        data.push(ProviderOut::of(handle, &state).await);
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
    let name = last_piece(&request, "account").unwrap_or_default();
    let account = adapters.by_name(name);
    let account = account.ok_or_else(|| Problem::plain(Kind::PROVIDER_ACCOUNT_NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(ProviderOut::of(account.handle(), &state).await))
}

/// Changes what a provider account may be used for. It stays so over restarts.
#[utoipa::path(
    post, path = "/v1/ops/providers/{account}", tag = "operators", operation_id = "setProviderMode",
    params(("account" = String, Path, description = "The account's configured name")),
    request_body = ProviderDoc,
    responses(
        (status = 200, description = "The account as it is now", body = ProviderOut),
        (status = 404, description = "No such account", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn set(
    operator: Operator<ToOperate>,
    _: NoParameters,
    request: HttpRequest,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (mode, reason) = mode_wish(&body)?;
    let name = last_piece(&request, "account").unwrap_or_default();
    state.gateway.set_mode(name, mode, operator.signed(&reason)).await?;
    tracing::warn!(operator = %operator.name, account = name, mode = mode.word(), "mode set");
    let adapters = state.gateway.adapters().ok_or(Refusal::NotReady)?;
    let account = adapters.by_name(name).ok_or(Refusal::NoSuchAccount)?;
    Ok(HttpResponse::Ok().json(ProviderOut::of(account.handle(), &state).await))
}

fn mode_wish(body: &JsonBody) -> Result<(Mode, Box<str>), Problem> {
    let body = body.read()?;
    let mut faults = Faults::default();
    let wish = Fields::of_body(&body, &mut faults).and_then(|mut fields| {
        let mode = fields.required_text("mode", "a string", &mut faults);
        let reason = fields.required_text("reason", "a string", &mut faults);
        fields.finish(&mut faults);
        let reason = reason.and_then(|text| judge_reason(text, &mut faults));
        let found = Mode::ALL.into_iter().find(|one| Some(one.word()) == mode);
        if mode.is_some() && found.is_none() {
            let allowed = "a mode is open, verify_only, probe or closed";
            faults.add("mode", "invalid_mode", allowed);
        }
        found.zip(reason)
    });
    match wish {
        Some(wish) if faults.is_empty() => Ok(wish),
        _ => Err(Problem::fields(faults.into_vec())),
    }
}

impl ProviderOut {
    async fn of(handle: &AdapterHandle, state: &AppState) -> ProviderOut {
        let caps = handle.caps();
        let mode_set = state.gateway.mode_set(&caps.account).map(|set| ModeSetOut {
            mode: set.mode.into(),
            by: set.by.to_string(),
            reason: set.reason.into(),
            at: TimeOut(set.at),
        });
        ProviderOut {
            account: caps.account.to_string(),
            methods: caps.methods.iter().copied().map(Method::word).collect(),
            health: handle.health().await.map(HealthOut::of),
            limits: ProviderLimitsOut::of(&caps.limits),
            mode_set,
        }
    }
}

impl ProviderLimitsOut {
    fn of(limits: &Limits) -> ProviderLimitsOut {
        let Limits { calls, per, verify_share, concurrency, timeout: _, queue, in_doubt_max: _ } =
            limits;
        ProviderLimitsOut {
            calls: *calls,
            per_seconds: per.as_secs_f64(),
            verify_share: *verify_share,
            concurrency: *concurrency,
            queue: *queue,
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
    endpoints
        .get("/v1/ops/providers", list)
        .get("/v1/ops/providers/{account}", get)
        .post("/v1/ops/providers/{account}", set);
}
