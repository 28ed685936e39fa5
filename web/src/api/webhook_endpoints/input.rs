//! What a merchant says of an endpoint: read from JSON and judged field by field. Pure: a body and
//! the guard in, wishes or every fault out.

use crate::json::{Fields, Node};
use crate::problem::{Faults, Problem};
use crate::webhooks::{Changes, Filter, Guard, Mode, Scheme, Wanted, allowed_kinds};
use std::time::Duration;
use utoipa::ToSchema;

const DESCRIPTION_CHARS_MAX: usize = 500;
/// The old secret signs for a day unless the request says otherwise.
const OVERLAP_DEFAULT: u64 = 86_400;
const OVERLAP_MAX: u64 = 7 * 86_400;

/// An endpoint to be made.
#[derive(ToSchema)]
#[schema(as = WebhookEndpointRequest, example = json!({
    "url": "https://shop.example.com/webhooks/bursar", "description": "The shop's back end",
    "events": ["payout.processed", "payout.process_failed"], "signature": "hmac",
}))]
#[allow(dead_code, reason = "read field by field; the type documents it")]
pub struct EndpointIn {
    /// Where messages go: https and a public host; in test mode http too. At most 2,000 characters.
    #[schema(max_length = 2_000)]
    url: String,
    /// For your own eyes; at most 500 characters.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Exact types, `payout.*` or `*`; none: all.
    events: Option<Vec<String>>,
    /// hmac (the default) or ed25519.
    #[schema(example = "hmac")]
    signature: Option<String>,
    /// Whether it begins at once; true unless it says otherwise.
    enabled: Option<bool>,
}

/// Changes to an endpoint; what is absent stays.
#[derive(ToSchema)]
#[schema(as = WebhookEndpointChanges, example = json!({"enabled": true}))]
#[allow(dead_code, reason = "read field by field; the type documents it")]
pub struct ChangesIn {
    /// Where messages go.
    #[schema(max_length = 2_000)]
    url: Option<String>,
    /// For your own eyes; an empty one removes it.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Exact types, `payout.*` or `*`; an empty list: all.
    events: Option<Vec<String>>,
    /// Whether it is sent anything.
    enabled: Option<bool>,
}

/// A new secret.
#[derive(ToSchema)]
#[schema(as = RotateSecretRequest, example = json!({"overlap": 86_400}))]
#[allow(dead_code, reason = "read field by field; the type documents it")]
pub struct RotateIn {
    /// Seconds for which the old secret signs too; a day unless it says otherwise, at most a week.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap: Option<u64>,
}

/// Events to be sent again: one by its id, or a range of sequences.
#[derive(ToSchema)]
#[schema(as = ReplayRequest, example = json!({"after": 17, "until": 42}))]
#[allow(dead_code, reason = "read field by field; the type documents it")]
pub struct ReplayIn {
    /// The id of one event; not with the others.
    event: Option<String>,
    /// The events after this sequence.
    after: Option<u64>,
    /// Up to this one; the newest unless it says otherwise.
    until: Option<u64>,
}

/// What is to be sent again.
pub(super) enum ReplayWanted {
    One(String),
    Range { after: u64, until: Option<u64> },
}

impl EndpointIn {
    pub(super) fn read(body: &Node<'_>, guard: &Guard, mode: Mode) -> Result<Wanted, Problem> {
        read(body, |fields, faults| {
            let url = fields.required_text("url", "an address such as \"https://…\"", faults);
            let url = url.and_then(|text| judge_url(text, guard, mode, faults));
            let description = description(fields, faults).flatten();
            let events = events(fields, faults).unwrap_or_default();
            let signature = fields.text("signature", "hmac or ed25519", faults);
            let signature = signature.map_or(Some(Scheme::Hmac), |word| scheme(word, faults));
            let enabled = fields.flag("enabled", faults).unwrap_or(true);
            Some(Wanted { url: url?, description, events, signature: signature?, enabled })
        })
    }
}

impl ChangesIn {
    pub(super) fn read(body: &Node<'_>, guard: &Guard, mode: Mode) -> Result<Changes, Problem> {
        read(body, |fields, faults| {
            let url = fields.text("url", "an address such as \"https://…\"", faults);
            Some(Changes {
                url: url.and_then(|text| judge_url(text, guard, mode, faults)),
                description: description(fields, faults),
                events: events(fields, faults),
                enabled: fields.flag("enabled", faults),
            })
        })
    }
}

impl RotateIn {
    pub(super) fn read(body: &Node<'_>) -> Result<Duration, Problem> {
        read(body, |fields, faults| {
            let seconds =
                fields.whole_number("overlap", 0..=OVERLAP_MAX, "invalid_overlap", faults);
            Some(Duration::from_secs(seconds.unwrap_or(OVERLAP_DEFAULT)))
        })
    }
}

impl ReplayIn {
    pub(super) fn read(body: &Node<'_>) -> Result<ReplayWanted, Problem> {
        read(body, |fields, faults| {
            let event = fields.text("event", "an event's id such as \"evt_…\"", faults);
            let mut sequence =
                |name| fields.whole_number(name, 0..=u64::MAX >> 1, "invalid_sequence", faults);
            let (after, until) = (sequence("after"), sequence("until"));
            match (event, after, until) {
                (Some(event), None, None) => Some(ReplayWanted::One(event.to_owned())),
                (Some(_), _, _) => {
                    let detail = "give event, or after and until, not both";
                    faults.add("event", "conflicting_fields", detail);
                    None
                }
                (None, Some(after), until) if until.is_none_or(|until| until > after) => {
                    Some(ReplayWanted::Range { after, until })
                }
                (None, Some(_), _) => {
                    faults.add("until", "invalid_sequence", "until comes after after");
                    None
                }
                (None, None, _) => {
                    faults.add("event", "required", "give event, or after and until");
                    None
                }
            }
        })
    }
}

/// Reads a whole body with `fields`; what nobody named is refused.
fn read<'n, T>(
    body: &'n Node<'n>,
    fields: impl FnOnce(&mut Fields<'n, 'n>, &mut Faults) -> Option<T>,
) -> Result<T, Problem> {
    let mut faults = Faults::default();
    let given = Fields::of_body(body, &mut faults).and_then(|mut all| {
        let given = fields(&mut all, &mut faults);
        all.finish(&mut faults);
        given
    });
    match given {
        Some(given) if faults.is_empty() => Ok(given),
        _ => Err(Problem::fields(faults.into_vec())),
    }
}

fn judge_url(text: &str, guard: &Guard, mode: Mode, faults: &mut Faults) -> Option<String> {
    match guard.judge(text, mode) {
        Ok(_) => Some(text.to_owned()),
        Err(fault) => {
            faults.add("url", "invalid_url", fault.to_string());
            None
        }
    }
}

fn scheme(word: &str, faults: &mut Faults) -> Option<Scheme> {
    let read = word.parse::<Scheme>();
    read.map_err(|error| faults.add("signature", "invalid_signature", error.to_string())).ok()
}

/// An empty description is none.
fn description(fields: &mut Fields<'_, '_>, faults: &mut Faults) -> Option<Option<String>> {
    let text = fields.text("description", "a string", faults)?;
    if text.chars().count() > DESCRIPTION_CHARS_MAX || text.chars().any(char::is_control) {
        faults.add("description", "invalid_description", "at most 500 visible characters");
        return None;
    }
    Some((!text.is_empty()).then(|| text.to_owned()))
}

fn events(fields: &mut Fields<'_, '_>, faults: &mut Faults) -> Option<Filter> {
    let words = fields.text_list("events", "a list of types of event", faults)?;
    let read = Filter::read(words);
    read.map_err(|_| faults.add("events", "invalid_event_type", allowed_kinds())).ok()
}
