//! Callbacks as they arrive: who sent this, and whom to ask about. Apart from `map.rs` because
//! nothing in a callback is evidence, but the answer to a question that we asked ourselves.

use super::map;
use super::signature::CallbackKey;
use super::wire::{CallbackBody, PayoutBody, SIGNATURE_HEADER};
use crate::provider::{CallbackOutcome, RawCallback};

/// The longest reference that is taken from a stranger.
const REFERENCE_MAX: usize = 64;

/// What a callback is worth.
pub fn read(key: &CallbackKey, raw: &RawCallback) -> CallbackOutcome {
    let body: Option<CallbackBody> = serde_json::from_slice(&raw.body).ok();
    let signature = raw.header(SIGNATURE_HEADER).ok_or("there is no signature");
    match signature.and_then(|header| key.verify(header, &raw.body, raw.received_at)) {
        Ok(()) => body.map_or(CallbackOutcome::Ignored, doorbell),
        Err(why) => {
            let reference = body.map(|body| body.reference);
            CallbackOutcome::Unauthenticated {
                why,
                reference: reference.filter(|text| text.len() <= REFERENCE_MAX),
            }
        }
    }
}

fn doorbell(body: CallbackBody) -> CallbackOutcome {
    let CallbackBody {
        event_id,
        reference,
        payout: _,
        status,
        amount,
        currency,
        token,
        settled_amount,
        code,
        origin,
    } = body;
    let told = PayoutBody {
        id: None,
        reference: reference.clone(),
        status,
        amount,
        currency,
        settled_amount,
        code,
        origin,
    };
    CallbackOutcome::Doorbell {
        reference,
        event: Some(event_id),
        token: token.map(String::into_boxed_str),
        found: Some(map::found(told)),
    }
}
