//! Problems: every answer that is not what was asked for, in the form of RFC 9457. Apart from the
//! handlers so that one fault reads the same wherever it is met, and none repeats what was sent.

mod catalogue;
mod field_fault;
mod refusal;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use catalogue::Kind;
pub use field_fault::{Faults, FieldFault};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use utoipa::ToSchema;

/// Where the meaning of a code is written down; the code follows, with hyphens.
const TYPE_BASE: &str = "https://bursar.dev/problems/";

/// Why a request was not answered as it wished. Knows no request id: the envelope around every
/// handler adds that when it writes the body.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    detail: Cow<'static, str>,
    field: Option<String>,
    errors: Vec<FieldFault>,
    payout: Option<String>,
    payout_status: Option<&'static str>,
    command: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The body of a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemOut<'a> {
    /// The code as an address.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "https://bursar.dev/problems/invalid-amount")]
    type_: ProblemType<'a>,
    /// What kind of problem it is.
    #[schema(example = "A field of the request is invalid")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// A stable word for programs.
    #[schema(example = "invalid_amount")]
    code: &'a str,
    /// A sentence for a person. Never repeats what was sent.
    detail: &'a str,
    /// The field at fault, if it is one; the first of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "amount")]
    field: Option<&'a str>,
    /// Every field at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldFault>, required = false)]
    errors: &'a [FieldFault],
    /// The payout that carries the reference already.
    #[serde(skip_serializing_if = "Option::is_none")]
    payout: Option<&'a str>,
    /// The status in which the payout does not take the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    payout_status: Option<&'a str>,
    /// The command that was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    /// What to quote when asking for help.
    #[schema(example = "req_8f14e45fceea167a")]
    request_id: &'a str,
}

impl Problem {
    /// A problem of this kind with its own sentence.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem(Box::new(Inner {
            kind,
            detail: detail.into(),
            field: None,
            errors: Vec::new(),
            payout: None,
            payout_status: None,
            command: None,
            headers: Vec::new(),
        }))
    }

    /// A problem of this kind whose title says all there is to say.
    pub fn plain(kind: Kind) -> Problem {
        Problem::new(kind, kind.title)
    }

    /// The same, about this field.
    pub fn at(mut self, field: impl Into<String>) -> Problem {
        self.0.field = Some(field.into());
        self
    }

    /// The same with a header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Problem {
        self.0.headers.push((name, value));
        self
    }

    /// The same with the advice to come back after so many seconds.
    pub fn retry_after(self, seconds: u64) -> Problem {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Several fields are at fault; the first gives the problem its code.
    pub fn fields(errors: Vec<FieldFault>) -> Problem {
        let Some(first) = errors.first() else {
            // Nobody refuses a request without a fault; if it happens, it is ours.
            return Problem::plain(Kind::INTERNAL_ERROR);
        };
        let kind = Kind { code: first.code, ..Kind::INVALID_FIELDS };
        let mut problem = Problem::new(kind, first.detail.clone());
        // A fault of the whole body has no field.
        problem.0.field = Some(first.field.clone()).filter(|field| !field.is_empty());
        problem.0.errors = errors;
        problem
    }

    /// The same once more. Not `Clone`: only the envelope has a reason to.
    pub(crate) fn copy(&self) -> Problem {
        Problem(self.0.clone())
    }

    /// The stable word.
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// The field at fault, the first of several.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Every field at fault.
    pub fn errors(&self) -> &[FieldFault] {
        &self.0.errors
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The whole answer.
    pub fn answer(&self, request_id: &str) -> HttpResponse {
        let Inner { kind, detail, field, errors, payout, payout_status, command, headers } =
            &*self.0;
        let mut answer = HttpResponse::build(self.status_code());
        for header in headers {
            answer.insert_header(header.clone());
        }
        let body = ProblemOut {
            type_: ProblemType(kind.code),
            title: kind.title,
            status: kind.status.as_u16(),
            code: kind.code,
            detail,
            field: field.as_deref(),
            errors,
            payout: payout.as_deref(),
            payout_status: *payout_status,
            command: *command,
            request_id,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        answer.content_type("application/problem+json").body(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status
    }

    /// An empty answer: the envelope writes the body, because only it knows the request id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// A code as the address of its explanation.
struct ProblemType<'a>(&'a str);

impl Serialize for ProblemType<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{TYPE_BASE}{}", self.0.replace('_', "-")))
    }
}
