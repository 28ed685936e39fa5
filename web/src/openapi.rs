//! The OpenAPI document, made from the handlers and the types that they take and give. A test
//! compares it with the list of addresses that is served, in both directions.

mod recipient;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use recipient::RecipientDoc;

use crate::api::{
    callbacks, commands, docs, events, methods, operations, operator_audit, operator_moderation,
    operator_orphans, operator_payouts, operator_providers, operator_snapshots,
    operator_verification, payouts, rates, records, webhook_endpoints,
};
use crate::problem::{Kind, ProblemOut};
use crate::render::{EventOut, SampleOut};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Document, Ref, RefOr, Response};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bursar",
        description = "A payout gateway: it takes payouts, sends each to a payment provider once, finds \
            out what really happened to the money, and says so.\n\nEvery refusal is a problem as in \
            RFC 9457 with a stable `code`. Amounts are decimal strings. Unknown fields and parameters \
            are refused.",
    ),
    tags(
        (name = "payouts", description = "Made, read, listed; their history and evidence"),
        (name = "commands", description = "What can be asked of a payout that exists"),
        (name = "events", description = "What happened, in order: pages and a stream"),
        (name = "methods", description = "How the money can travel, and what it is converted by"),
        (name = "operators", description = "For operators' keys"),
        (name = "callbacks", description = "For providers"),
        (name = "operations", description = "About the gateway itself"),
        (name = "webhooks", description = "Where changes of payouts are told"),
    ),
    paths(
        payouts::create, payouts::list, payouts::get,
        commands::process, commands::details, commands::terminate, commands::revoke, commands::cancel,
        commands::reconcile,
        records::history, records::statements,
        events::list, events::follow,
        callbacks::take,
        methods::list,
        rates::get,
        operator_payouts::inspect, operator_payouts::moderate,
        operator_moderation::list, operator_moderation::moderate, operator_moderation::exposure,
        operator_providers::list, operator_providers::get, operator_providers::set,
        operator_orphans::list, operator_orphans::close,
        operator_audit::list,
        operator_snapshots::create, operator_snapshots::list, operator_snapshots::get,
        operator_snapshots::verify, operator_snapshots::prune,
        operator_verification::start, operator_verification::look,
        operations::livez, operations::readyz, operations::figures, operations::version,
        operations::about,
        docs::document, docs::front, docs::file,
        webhook_endpoints::create, webhook_endpoints::list, webhook_endpoints::get,
        webhook_endpoints::change, webhook_endpoints::delete,
        webhook_endpoints::requests::rotate, webhook_endpoints::requests::test,
        webhook_endpoints::requests::replay, webhook_endpoints::deliveries::list,
    ),
    components(schemas(ProblemOut, SampleOut, EventOut)),
    modifiers(&Keys, &Refusals),
)]
struct Api;

/// The document.
pub fn document() -> Document {
    Api::openapi()
}

/// The two kinds of key.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for (name, format) in [
            ("merchant_key", "A merchant's key, `sk_test_…` or `sk_live_…`"),
            ("operator_key", "An operator's key, `ok_…`"),
        ] {
            let scheme =
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(format)).build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// The refusals that every handler shares: written once here instead of at each of them.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut Document) {
        for item in document.paths.paths.values_mut() {
            // Whatever is posted is read, also where no body is wanted: none at all is fine, a large one is not.
            for operation in [&mut item.post, &mut item.patch].into_iter().flatten() {
                refuse_bodies(operation);
            }
            let all = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in all.into_iter().flatten() {
                let responses = &mut operation.responses.responses;
                let guarded = operation.security.as_ref().is_some_and(|needs| !needs.is_empty());
                let keyed = [Kind::UNAUTHORIZED, Kind::FORBIDDEN, Kind::RATE_LIMITED];
                let all = [Kind::INVALID_REQUEST, Kind::OVERLOADED];
                let shared = keyed.into_iter().filter(|_| guarded).chain(all);
                for kind in shared {
                    let status = kind.status.as_u16().to_string();
                    responses.entry(status).or_insert_with(|| refusal(kind).into());
                }
            }
        }
    }
}

fn refuse_bodies(operation: &mut Operation) {
    let of_any_type = match &operation.request_body {
        Some(RefOr::T(body)) => body.content.contains_key("*/*"),
        _ => false,
    };
    let by_type = Some(Kind::UNSUPPORTED_MEDIA_TYPE).filter(|_| !of_any_type);
    for kind in [Kind::BODY_TOO_LARGE].into_iter().chain(by_type) {
        let status = kind.status.as_u16().to_string();
        operation.responses.responses.entry(status).or_insert_with(|| refusal(kind).into());
    }
}

fn refusal(kind: Kind) -> Response {
    let mut response = Response::new(kind.title);
    let body = Content::new(Some(Ref::from_schema_name("Problem")));
    response.content.insert("application/problem+json".to_owned(), body.into());
    response
}
