//! What a unit of a currency is worth in an asset at present: the rate that a payout made now would
//! note. It binds nobody; a payout is converted when it is sent.

use super::parameters::Parameters;
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::problem::{Faults, Kind, Problem, ProblemOut};
use crate::render::{AmountOut, TimeOut};
use actix_web::{HttpResponse, web};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use engine::Refusal;
use serde::Serialize;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;
use utoipa::ToSchema;

/// What one unit of a currency is worth.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrentRate)]
pub struct CurrentRateOut<'r> {
    /// Always "rate".
    #[schema(example = "rate")]
    object: &'static str,
    /// The currency, by its ISO 4217 code.
    #[schema(example = "EUR")]
    from: &'r str,
    /// The asset.
    #[schema(example = "BTC")]
    to: &'static str,
    /// Units of the asset for one unit of the currency.
    #[schema(value_type = String, example = "0.000016875")]
    value: AmountOut,
    /// Who says so.
    #[schema(example = "sandbox")]
    source: &'r str,
    /// Since when it holds.
    at: TimeOut,
    /// A rate that is older converts nothing; absent: rates of this source do not grow old.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 60)]
    max_age_seconds: Option<u64>,
}

/// The rate of one pair at present.
#[utoipa::path(
    get, path = "/v1/rates", tag = "methods", operation_id = "getRate",
    params(
        ("from" = String, Query, description = "The currency, by its ISO 4217 code", example = "EUR"),
        ("to" = String, Query, description = "The asset, by its ticker", example = "BTC"),
    ),
    responses(
        (status = 200, description = "The rate", body = CurrentRateOut),
        (status = 422, description = "No such currency, or no such asset", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 503, description = "There is no rate for this pair at present", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn get(
    _: Merchant,
    mut parameters: Parameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = (parameters.take("from")?, parameters.take("to")?);
    parameters.finish()?;
    let (from, to) = pair(from.as_deref(), to.as_deref())?;
    let source = state.gateway.rates().ok_or_else(nobody_knows)?;
    let rate = source.rate(from, to).await.map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().json(CurrentRateOut::of(&rate, source.max_age())))
}

impl CurrentRateOut<'_> {
    fn of(rate: &Rate, max_age: Option<Duration>) -> CurrentRateOut<'_> {
        let Rate { from, to, value, source, at } = rate;
        CurrentRateOut {
            object: "rate",
            from: from.code(),
            to: to.symbol(),
            value: AmountOut(*value),
            source,
            at: TimeOut(*at),
            max_age_seconds: max_age.map(|age| age.as_secs()),
        }
    }
}

/// Both at once, or what is wrong with either.
fn pair(from: Option<&str>, to: Option<&str>) -> Result<(Currency, Asset), Problem> {
    let mut faults = Faults::default();
    let from = read("from", from, "invalid_currency", &mut faults);
    let to = read("to", to, "invalid_asset", &mut faults);
    from.zip(to).ok_or_else(|| Problem::fields(faults.into_vec()))
}

fn read<T: FromStr<Err: Display>>(
    name: &'static str,
    text: Option<&str>,
    code: &'static str,
    faults: &mut Faults,
) -> Option<T> {
    let Some(text) = text else {
        faults.add(name, "required", "this parameter is required");
        return None;
    };
    text.parse().map_err(|error: T::Err| faults.add(name, code, error.to_string())).ok()
}

fn nobody_knows() -> Problem {
    Problem::new(Kind::RATE_UNAVAILABLE, "this gateway has no source of rates")
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/rates", get);
}
