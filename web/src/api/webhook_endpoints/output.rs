//! Endpoints and their deliveries as the merchant sees them. A secret is shown where it was just made;
//! everywhere else there is a hint.

use crate::render::TimeOut;
use crate::webhooks::{Answer, Delivery, Endpoint, Scheme, SigningSecret};
use serde::Serialize;
use utoipa::ToSchema;

/// One endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct EndpointOut<'e> {
    /// Its id.
    #[schema(example = "whk_3k8z2m5v7q9x1c4b6n8d0f2g4h")]
    id: String,
    /// Always "webhook_endpoint".
    #[schema(example = "webhook_endpoint")]
    object: &'static str,
    /// Made with a live key.
    livemode: bool,
    /// Where messages go.
    #[schema(example = "https://shop.example.com/webhooks/bursar")]
    url: &'e str,
    /// For your own eyes.
    description: Option<&'e str>,
    /// Exact types, `payout.*` or `*`; none: all.
    events: &'e [String],
    /// hmac or ed25519.
    #[schema(example = "hmac")]
    signature: &'static str,
    /// The new secret, in the answer that made it and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: Option<&'e str>,
    /// What messages are signed with, newest first.
    secrets: Vec<SecretOut>,
    /// Whether it is sent anything.
    enabled: bool,
    /// Why not: merchant, gone (it answered 410) or failing (nothing reached it for days).
    #[schema(example = json!(null))]
    disabled_reason: Option<&'static str>,
    /// When it was made.
    created_at: TimeOut,
}

/// A signing secret, without the secret.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub struct SecretOut {
    /// How it begins; null for Ed25519.
    #[schema(example = "whsec_C2FV…")]
    hint: Option<String>,
    /// What signatures are verified with; null for HMAC.
    public_key: Option<String>,
    /// When it was made.
    created_at: TimeOut,
    /// From when it signs no more.
    expires_at: Option<TimeOut>,
}

/// All endpoints of a merchant.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoints)]
pub struct EndpointsOut<'e> {
    /// Oldest first.
    pub data: Vec<EndpointOut<'e>>,
}

/// What an endpoint made of a test message.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub struct TestOut<'a> {
    /// Always "webhook_test".
    #[schema(example = "webhook_test")]
    object: &'static str,
    /// The id that the message had.
    #[schema(example = "evt_3k8z2m5v7q9x1c4b6n8d0f2g4h")]
    event: &'a str,
    /// Whether it was answered with 2xx.
    delivered: bool,
    /// The HTTP status, if there was an answer.
    #[schema(example = 204)]
    status: Option<u16>,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// Why there was no answer.
    error: Option<&'static str>,
}

/// Events that are being sent again.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookReplay)]
pub struct ReplayOut {
    /// Always "webhook_replay".
    #[schema(example = "webhook_replay")]
    pub object: &'static str,
    /// The events after this sequence.
    pub after: u64,
    /// Up to this one.
    pub until: u64,
}

/// One attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryOut<'d> {
    /// The event's id, which the message had.
    event: &'d str,
    /// The event's type.
    #[serde(rename = "type")]
    #[schema(example = "payout.processed")]
    kind: &'d str,
    /// The event's sequence; 0 for a test message.
    sequence: u64,
    /// Which attempt at this event it was, from 1.
    attempt: u32,
    /// When it began.
    at: TimeOut,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// Whether it was answered with 2xx.
    delivered: bool,
    /// The HTTP status, if there was an answer.
    #[schema(example = 204)]
    status: Option<u16>,
    /// Why there was none: address_refused, unknown_host, not_connected, timed_out, broken_off.
    error: Option<&'d str>,
    /// What was sent; null for a test message, and while it cannot be had.
    request_body: Option<&'d str>,
    /// The beginning of what was answered.
    response_body: &'d str,
    /// Asked for by hand: a test or a replay.
    manual: bool,
    /// The event is given up: this was the last attempt.
    dead_lettered: bool,
    /// When the next attempt comes, at the latest.
    next_attempt_at: Option<TimeOut>,
}

/// One page of attempts, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveries)]
pub struct DeliveriesOut<'d> {
    /// The attempts.
    pub data: Vec<DeliveryOut<'d>>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

impl<'e> EndpointOut<'e> {
    /// The endpoint without its secret.
    pub fn of(endpoint: &'e Endpoint) -> EndpointOut<'e> {
        let Endpoint {
            id,
            merchant: _,
            livemode,
            url,
            description,
            events,
            signature,
            secrets,
            enabled,
            disabled_reason,
            created_at,
            starts_after: _,
        } = endpoint;
        EndpointOut {
            id: id.to_string(),
            object: "webhook_endpoint",
            livemode: *livemode,
            url,
            description: description.as_deref(),
            events: events.words(),
            signature: signature.word(),
            secret: None,
            secrets: secrets.iter().map(|secret| SecretOut::of(secret, *signature)).collect(),
            enabled: *enabled,
            disabled_reason: disabled_reason.map(|reason| reason.word()),
            created_at: TimeOut(*created_at),
        }
    }

    /// The endpoint with its newest secret, for the one answer that may show it.
    pub fn with_secret(endpoint: &'e Endpoint) -> EndpointOut<'e> {
        let secret = endpoint.secrets.first().and_then(SigningSecret::shown_once);
        EndpointOut { secret, ..EndpointOut::of(endpoint) }
    }
}

impl SecretOut {
    fn of(secret: &SigningSecret, scheme: Scheme) -> SecretOut {
        SecretOut {
            // The hint of a private key would help nobody to anything good.
            hint: (scheme == Scheme::Hmac).then(|| secret.hint()),
            public_key: secret.public_key(),
            created_at: TimeOut(secret.created_at),
            expires_at: secret.expires_at.map(TimeOut),
        }
    }
}

impl<'a> TestOut<'a> {
    /// What came of the message with this id.
    pub fn of(event: &'a str, answer: &Answer) -> TestOut<'a> {
        let outcome = answer.outcome.as_ref();
        TestOut {
            object: "webhook_test",
            event,
            delivered: answer.is_delivered(),
            status: outcome.ok().map(|said| said.status),
            duration_ms: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
            error: outcome.err().map(|none| none.word()),
        }
    }
}

impl<'d> DeliveryOut<'d> {
    /// A row with what was sent.
    pub fn of(row: &'d Delivery, request_body: Option<&'d str>) -> DeliveryOut<'d> {
        let Delivery {
            number: _,
            event,
            kind,
            sequence,
            attempt,
            at,
            duration_ms,
            status,
            error,
            answer,
            manual,
            delivered,
            dead_lettered,
            next_attempt_at,
        } = row;
        DeliveryOut {
            event,
            kind,
            sequence: *sequence,
            attempt: *attempt,
            at: TimeOut(*at),
            duration_ms: *duration_ms,
            delivered: *delivered,
            status: *status,
            error: error.as_deref(),
            request_body,
            response_body: answer,
            manual: *manual,
            dead_lettered: *dead_lettered,
            next_attempt_at: next_attempt_at.map(TimeOut),
        }
    }
}
