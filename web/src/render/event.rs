//! An event as its readers see it: the same body in the list, in the stream and in a webhook, with
//! the payout as it was when the event happened.

use super::{PayoutOut, TimeOut, payout};
use domain::event::place_in_life;
use engine::{Event, View};
use serde::Serialize;
use utoipa::ToSchema;

/// One event.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventOut<'p> {
    /// The event's id, the same however often it is sent.
    #[schema(example = "evt_0000000000008r3k2m5v7q9x1c")]
    pub id: String,
    /// Always "event".
    #[schema(example = "event")]
    pub object: &'static str,
    /// `payout.` and the status in lower case, or `payout.moderation_required`,
    /// `payout.moderation_released`, `payout.statement`.
    #[serde(rename = "type")]
    #[schema(example = "payout.processed")]
    pub kind: &'static str,
    /// Its place in the merchant's sequence: 1, 2, 3 … without gaps.
    #[schema(example = 17)]
    pub sequence: u64,
    /// Its place among the events of its payout: 1, 2, 3 … without gaps.
    #[schema(example = 4)]
    pub payout_sequence: u32,
    /// When it happened.
    pub created_at: TimeOut,
    /// What it is about.
    pub data: EventDataOut<'p>,
}

/// What an event is about.
#[derive(Serialize, ToSchema)]
#[schema(as = EventData)]
pub struct EventDataOut<'p> {
    /// The payout as it was then.
    pub payout: PayoutOut<'p>,
}

/// Renders an event; `then` is the payout as it was when it happened.
pub fn event<'p>(event: &Event, then: &'p View) -> EventOut<'p> {
    let Event { sequence, kind, payout: _, version, nth, at } = event;
    EventOut {
        id: event.id().to_string(),
        object: "event",
        kind: kind.word(),
        sequence: *sequence,
        payout_sequence: place_in_life(&then.payout, *version, *nth),
        created_at: TimeOut(*at),
        data: EventDataOut { payout: payout(then) },
    }
}
