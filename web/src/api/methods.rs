//! Which methods there are and what each needs: the declarations of the domain, as they are.

use super::parameters::NoParameters;
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::problem::Problem;
use actix_web::{HttpResponse, web};
use domain::method::{Currencies, FieldRule, Limit, Method, Rules};
use serde::Serialize;
use utoipa::ToSchema;

/// All methods.
#[derive(Serialize, ToSchema)]
#[schema(as = Methods)]
pub struct MethodsOut {
    data: Vec<MethodOut>,
}

/// One method.
#[derive(Serialize, ToSchema)]
#[schema(as = Method)]
pub struct MethodOut {
    /// The word for requests.
    #[schema(example = "bank_transfer")]
    method: &'static str,
    /// Whether a provider account serves it at present.
    available: bool,
    /// The one type of recipient that it pays to.
    #[schema(example = "bank_account")]
    recipient_type: &'static str,
    /// The recipient's fields.
    fields: Vec<FieldOut>,
    /// The ISO 4217 codes that it takes; null: every one.
    currencies: Option<&'static [&'static str]>,
    /// Limits per currency; a currency without a row has none.
    limits: Vec<LimitOut>,
}

/// One field of a recipient.
#[derive(Serialize, ToSchema)]
#[schema(as = RecipientField)]
pub struct FieldOut {
    /// Its name inside the recipient.
    #[schema(example = "iban")]
    name: &'static str,
    /// at_creation, before_sending or optional.
    #[schema(example = "before_sending")]
    required: &'static str,
    /// What goes in it.
    description: &'static str,
}

/// The least and the most in one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = MethodLimit)]
pub struct LimitOut {
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: &'static str,
    /// The least, in minor units.
    #[schema(value_type = Option<String>)]
    min_minor_units: Option<String>,
    /// The most, in minor units.
    #[schema(value_type = Option<String>)]
    max_minor_units: Option<String>,
}

/// The methods, with the fields that each needs.
#[utoipa::path(
    get, path = "/v1/methods", tag = "methods", operation_id = "listMethods",
    responses((status = 200, description = "All methods", body = MethodsOut)),
    security(("merchant_key" = [])),
)]
pub(crate) async fn list(
    _: Merchant,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let serves = |method: Method| {
        let adapters = state.gateway.adapters();
        adapters.is_some_and(|all| all.accounts().any(|one| one.caps().methods.contains(&method)))
    };
    let data =
        Method::ALL.into_iter().map(|method| MethodOut::of(method, serves(method))).collect();
    Ok(HttpResponse::Ok().json(MethodsOut { data }))
}

impl MethodOut {
    fn of(method: Method, available: bool) -> MethodOut {
        let Rules { currencies, limits } = method.rules();
        MethodOut {
            method: method.word(),
            available,
            recipient_type: method.recipient_kind().word(),
            fields: method.fields().iter().map(FieldOut::of).collect(),
            currencies: match currencies {
                Currencies::Any => None,
                Currencies::Only(codes) => Some(codes),
            },
            limits: limits.iter().map(LimitOut::of).collect(),
        }
    }
}

impl FieldOut {
    fn of(rule: &FieldRule) -> FieldOut {
        let FieldRule { field, required, description } = rule;
        FieldOut { name: field.name(), required: required.word(), description }
    }
}

impl LimitOut {
    fn of(limit: &Limit) -> LimitOut {
        let Limit { currency, min, max } = limit;
        let text = |bound: &Option<u128>| bound.map(|minor| minor.to_string());
        LimitOut { currency, min_minor_units: text(min), max_minor_units: text(max) }
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/methods", list);
}
