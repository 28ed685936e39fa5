//! What came of an endpoint's messages: every attempt, newest first, with what was sent and what was
//! answered.

use super::output::{DeliveriesOut, DeliveryOut};
use super::path::EndpointPath;
use super::{blocking, webhooks};
use crate::api::parameters::Parameters;
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::problem::{Problem, ProblemOut};
use crate::webhooks::{DeliveryQuery, Event, Feed};
use actix_web::{HttpResponse, web};
use domain::id::MerchantId;
use std::collections::HashMap;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 100;
/// What is shown of a message.
const BODY_SHOWN_MAX: usize = 64 * 1024;

/// The attempts at an endpoint, newest first. The newest 10,000 are kept.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints/{id}/deliveries", tag = "webhooks",
    operation_id = "listWebhookDeliveries",
    params(
        ("id" = String, Path, description = "The endpoint's id"),
        ("event" = Option<String>, Query, description = "Only attempts at this event"),
        ("delivered" = Option<bool>, Query, description = "Only delivered ones, or only failed ones"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "At most so many; 25"),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses(
        (status = 200, description = "One page", body = DeliveriesOut),
        (status = 404, description = "No such endpoint", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn list(
    merchant: Merchant,
    path: EndpointPath,
    parameters: Parameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let found = path.find(&merchant, webhooks)?;
    let query = query(parameters)?;
    let (owner, id) = (found.merchant, found.id);
    let (page, events, feed) = blocking(webhooks, move |webhooks| {
        let (feed, page) = (webhooks.feed()?, webhooks.deliveries(id, &query)?);
        let mut events = HashMap::new();
        for row in &page.rows {
            if !events.contains_key(&row.event) {
                // The log is worth reading also while events cannot be had.
                let event = feed.source.find(owner, &row.event).unwrap_or_default();
                events.insert(row.event.clone(), event);
            }
        }
        Ok((page, events, feed))
    })
    .await?;
    let bodies = bodies(&feed, owner, events).await;
    let shown = |event: &str| bodies.get(event).map(String::as_str);
    Ok(HttpResponse::Ok().json(DeliveriesOut {
        data: page.rows.iter().map(|row| DeliveryOut::of(row, shown(&row.event))).collect(),
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|number| format!("{number:016x}")),
    }))
}

fn query(mut given: Parameters) -> Result<DeliveryQuery, Problem> {
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let event = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let query = DeliveryQuery {
        event: given.take_with("event", "an event's id", event)?,
        delivered: given.parse("delivered", "true or false")?,
        before: given.take_with("cursor", "the next_cursor of a page", read_cursor)?,
        limit: given
            .take_with("limit", "a whole number from 1 to 100", limit)?
            .unwrap_or(PAGE_DEFAULT),
    };
    given.finish()?;
    Ok(query)
}

fn read_cursor(text: &str) -> Option<u64> {
    let plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16).ok().filter(|_| plain)
}

/// What was sent, as it is shown. An event whose message cannot be had is left out.
async fn bodies(
    feed: &Feed,
    owner: MerchantId,
    events: HashMap<String, Option<Event>>,
) -> HashMap<String, String> {
    let mut bodies = HashMap::new();
    for (id, event) in events {
        let Some(event) = event else { continue };
        if let Ok(mut body) = feed.source.body(owner, event).await {
            body.truncate(BODY_SHOWN_MAX);
            bodies.insert(id, String::from_utf8_lossy(&body).into_owned());
        }
    }
    bodies
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/webhook-endpoints/{id}/deliveries", list);
}
