//! What happened to a merchant's payouts, in order: pages to catch up with, and a stream to stay on.
//! Both read the one gapless sequence that webhooks are sent from, so each can take over from the
//! other.
//!
//! → `engine::events`

use super::parameters::Parameters;
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::limits::StreamPlace;
use crate::problem::{Kind, Problem};
use crate::render::{self, EventOut};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use engine::{Event, Gateway, MerchantDoor, Refusal};
use futures_util::stream;
use serde::Serialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::ToSchema;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 100;
/// Events that a stream reads at once.
const BURST: usize = 64;
/// A stream that has nothing to say says so this often, so that both sides notice a dead connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends after this time and is taken up by the next one: a key that was revoked meanwhile opens
/// none.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// A stream looks this often whether the gateway is stopping.
const LOOK: Duration = Duration::from_millis(500);

/// One page of events.
#[derive(Serialize, ToSchema)]
#[schema(as = EventPage)]
pub struct EventPageOut<'e> {
    /// The events in order, the oldest first.
    data: Vec<EventOut<'e>>,
    /// Whether there are more by now.
    has_more: bool,
    /// What to give as `after` for what follows.
    #[schema(example = 42)]
    next_after: u64,
}

/// The merchant's events behind a place in their sequence.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "listEvents",
    params(
        ("after" = Option<u64>, Query, description = "Only events behind this place; 0: from the first"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "At most so many; 25"),
    ),
    responses((status = 200, description = "One page, the oldest first", body = EventPageOut)),
    security(("merchant_key" = [])),
)]
pub(crate) async fn list(
    merchant: Merchant,
    mut given: Parameters,
) -> Result<HttpResponse, Problem> {
    let after = given.parse::<u64>("after", "the sequence of an event, or 0")?.unwrap_or(0);
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let limit = given.take_with("limit", "a whole number from 1 to 100", limit)?;
    given.finish()?;
    let events = merchant.door.events(after, limit.unwrap_or(PAGE_DEFAULT))?;
    let next_after = events.last().map_or(after, |event| event.sequence);
    let mut then = Vec::with_capacity(events.len());
    for event in &events {
        then.push(merchant.door.as_told(event).await?);
    }
    let data = events.iter().zip(&then).map(|(event, then)| render::event(event, then)).collect();
    let has_more = merchant.door.newest_event()? > next_after;
    Ok(HttpResponse::Ok().json(EventPageOut { data, has_more, next_after }))
}

/// The merchant's events as they happen, as server-sent events. Each carries its sequence as `id`, so
/// that a client that was cut off goes on with `Last-Event-ID`.
#[utoipa::path(
    get, path = "/v1/events/stream", tag = "events", operation_id = "streamEvents",
    params(
        ("after" = Option<u64>, Query, description = "Begin behind this place; without it, with what happens from now on"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The same, as browsers send it; it wins"),
    ),
    responses((status = 200, description = "A stream of events", body = String,
        content_type = "text/event-stream")),
    security(("merchant_key" = [])),
)]
pub(crate) async fn follow(
    merchant: Merchant,
    mut given: Parameters,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let after = given.parse::<u64>("after", "the sequence of an event, or 0")?;
    given.finish()?;
    let after = match last_event_id(&request)? {
        Some(last) => last,
        None => match after {
            Some(after) => after,
            None => merchant.door.newest_event_of_all()?,
        },
    };
    let place = state.options.streams.take(merchant.door.merchant()).ok_or_else(|| {
        let detail = "too many streams are open; close one, or read GET /v1/events";
        Problem::new(Kind::RATE_LIMITED, detail).retry_after(HEARTBEAT.as_secs())
    })?;
    let news = merchant.door.news()?;
    let stream = Following {
        gateway: state.gateway.clone(),
        door: merchant.door,
        news,
        after,
        ends_at: Instant::now() + LIFETIME,
        place,
    };
    let body = stream::unfold(stream, |stream| async move {
        let (bytes, stream) = stream.next().await?;
        Some((Ok::<Bytes, Infallible>(bytes), stream))
    });
    let plain = HeaderValue::from_static("no-cache, no-transform");
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, plain))
        .insert_header(("x-accel-buffering", "no"))
        // Nothing times what would come behind it.
        .force_close()
        .streaming(body))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<u64>, Problem> {
    let Some(sent) = request.headers().get("last-event-id") else { return Ok(None) };
    let read = sent.to_str().ok().and_then(|text| text.trim().parse().ok());
    let wrong = || {
        let detail = "Last-Event-ID takes the sequence of an event";
        Problem::new(Kind::INVALID_PARAMETER, detail).at("Last-Event-ID")
    };
    read.map(Some).ok_or_else(wrong)
}

/// A stream on its way. Nothing is read ahead of the client: a slow one holds up only itself.
struct Following {
    gateway: Gateway,
    door: MerchantDoor,
    news: watch::Receiver<u64>,
    after: u64,
    ends_at: Instant,
    /// Given back with the stream.
    place: StreamPlace,
}

impl Following {
    /// The next events, or a sign of life; none when the gateway stops or fails.
    async fn next(mut self) -> Option<(Bytes, Following)> {
        let quiet_since = Instant::now();
        while self.gateway.is_ready() && self.place.is_open() && self.ends_at > Instant::now() {
            self.news.borrow_and_update();
            let events = self.door.events(self.after, BURST).ok()?;
            if let Some(last) = events.last() {
                let bytes = self.written(&events).await.ok()?;
                self.after = last.sequence;
                return Some((bytes, self));
            }
            if quiet_since.elapsed() >= HEARTBEAT {
                return Some((Bytes::from_static(b": nothing new\n\n"), self));
            }
            // News, or time to look around; a bell that is gone is noticed by the next look.
            let _ = tokio::time::timeout(LOOK, self.news.changed()).await;
        }
        None
    }

    async fn written(&self, events: &[Event]) -> Result<Bytes, Refusal> {
        let mut text = Vec::with_capacity(events.len() * 1_500);
        for event in events {
            let then = self.door.as_told(event).await?;
            let shown = render::event(event, &then);
            text.extend_from_slice(
                format!("id: {}\nevent: {}\ndata: ", shown.sequence, shown.kind).as_bytes(),
            );
            serde_json::to_writer(&mut text, &shown).map_err(|_| Refusal::Internal)?;
            text.extend_from_slice(b"\n\n");
        }
        Ok(Bytes::from(text))
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/events", list).get("/v1/events/stream", follow);
}
