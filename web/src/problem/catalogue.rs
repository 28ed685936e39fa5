//! The kinds of problem by their stable codes: which status each has, and its title. Apart because
//! it is a list to look things up in, and because OpenAPI and the documentation print it.

use actix_web::http::StatusCode;

/// A kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// A stable word for programs.
    pub code: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// The same for every problem of the kind.
    pub title: &'static str,
}

macro_rules! kinds {
    ($( $name:ident = $status:ident, $code:literal, $title:literal; )*) => {
        impl Kind {
            $(
                #[doc = $title]
                pub const $name: Kind = Kind { code: $code, status: StatusCode::$status, title: $title };
            )*

            /// Every kind that has a name. Faults of single fields carry the field's own code.
            pub const NAMED: &[Kind] = &[ $( Kind::$name, )* ];
        }
    };
}

kinds! {
    INVALID_JSON = BAD_REQUEST, "invalid_json", "The body is not valid JSON";
    TOO_DEEP = BAD_REQUEST, "too_deep", "The body is nested too deeply";
    DUPLICATE_FIELD = BAD_REQUEST, "duplicate_field", "A field is given twice";
    UNKNOWN_PARAMETER = BAD_REQUEST, "unknown_parameter", "A query parameter is not known here";
    INVALID_PARAMETER = BAD_REQUEST, "invalid_parameter", "A query parameter is invalid";
    INVALID_REQUEST = BAD_REQUEST, "invalid_request", "The request cannot be understood";
    IDEMPOTENCY_KEY_REQUIRED = BAD_REQUEST, "idempotency_key_required", "An Idempotency-Key header is required";
    INVALID_IDEMPOTENCY_KEY = BAD_REQUEST, "invalid_idempotency_key", "The Idempotency-Key header is invalid";
    UNAUTHORIZED = UNAUTHORIZED, "unauthorized", "A valid API key is required";
    FORBIDDEN = FORBIDDEN, "forbidden", "This key may not do that";
    NOT_FOUND = NOT_FOUND, "not_found", "There is nothing at this address";
    PAYOUT_NOT_FOUND = NOT_FOUND, "payout_not_found", "There is no such payout";
    INCIDENT_NOT_FOUND = NOT_FOUND, "incident_not_found", "There is no such incident, or nothing of it is held";
    ORPHAN_NOT_FOUND = NOT_FOUND, "orphan_not_found", "There is no such orphan, or it is not open any more";
    PROVIDER_ACCOUNT_NOT_FOUND = NOT_FOUND, "provider_account_not_found", "There is no provider account of this name";
    SNAPSHOT_NOT_FOUND = NOT_FOUND, "snapshot_not_found", "There is no such snapshot";
    VERIFICATION_NOT_FOUND = NOT_FOUND, "verification_not_found", "No verification was ordered since the start";
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not take this HTTP method";
    SLOW_REQUEST = REQUEST_TIMEOUT, "request_timeout", "The request did not arrive in time";
    DUPLICATE_REFERENCE = CONFLICT, "duplicate_reference", "The reference is already used";
    NOT_ALLOWED = CONFLICT, "not_allowed", "The payout does not take this command now";
    HELD_FOR_MODERATION = CONFLICT, "held_for_moderation", "The payout is held for moderation";
    NOT_SUPPORTED = CONFLICT, "not_supported", "The provider account of this payout cannot do that";
    NOT_SAFE = CONFLICT, "not_safe", "The provider's contract does not make this safe";
    PAYOUT_CHANGED = CONFLICT, "payout_changed", "The payout is no longer what was decided about";
    NOTHING_PROPOSED = CONFLICT, "nothing_proposed", "There is no standing proposal";
    SECOND_PERSON_REQUIRED = CONFLICT, "second_person_required", "Somebody else has to decide about this";
    OUTCOME_UNFIT = CONFLICT, "outcome_unfit", "The outcome does not fit the payout";
    SNAPSHOT_UNDER_WAY = CONFLICT, "snapshot_under_way", "A snapshot is being taken or deleted already";
    VERIFICATION_UNDER_WAY = CONFLICT, "verification_under_way", "A verification is under way already";
    BODY_TOO_LARGE = PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body has a type that is not taken here";
    INVALID_FIELDS = UNPROCESSABLE_ENTITY, "invalid_fields", "A field of the request is invalid";
    IDEMPOTENCY_KEY_REUSED = UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The Idempotency-Key was used for another request";
    NO_ROUTE = UNPROCESSABLE_ENTITY, "no_route", "No provider account serves this payout";
    RATE_LIMITED = TOO_MANY_REQUESTS, "rate_limited", "Too many requests";
    INTERNAL_ERROR = INTERNAL_SERVER_ERROR, "internal_error", "The gateway failed";
    OVERLOADED = SERVICE_UNAVAILABLE, "overloaded", "The gateway is at its limit";
    RATE_UNAVAILABLE = SERVICE_UNAVAILABLE, "rate_unavailable", "There is no rate for this pair at present";
    NOT_READY = SERVICE_UNAVAILABLE, "not_ready", "The gateway is not ready";
    SLOW_ANSWER = SERVICE_UNAVAILABLE, "request_timeout", "The answer was not ready in time";
    WEBHOOK_ENDPOINT_NOT_FOUND = NOT_FOUND, "webhook_endpoint_not_found", "There is no such webhook endpoint";
    WEBHOOK_EVENT_NOT_FOUND = NOT_FOUND, "webhook_event_not_found", "There is no such event";
    TOO_MANY_WEBHOOK_ENDPOINTS = CONFLICT, "too_many_webhook_endpoints", "There are too many webhook endpoints";
    WEBHOOK_ENDPOINT_DISABLED = CONFLICT, "webhook_endpoint_disabled", "The webhook endpoint is disabled";
    WEBHOOKS_OFF = SERVICE_UNAVAILABLE, "webhooks_off", "This gateway has no webhooks";
}
