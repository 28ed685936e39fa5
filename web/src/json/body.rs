//! A JSON body as an extractor: of the right type, of the right size, and not yet understood. The
//! tree borrows from it, so the handler holds the one and then reads the other.

use super::Node;
use crate::limits::{check_length, read_at_most};
use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

/// A JSON body.
pub struct JsonBody(Bytes);

impl JsonBody {
    /// The body as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The body as a tree.
    pub fn read(&self) -> Result<Node<'_>, Problem> {
        Node::read(&self.0)
    }

    /// The body as a tree; no body at all is an empty object.
    pub fn read_or_empty(&self) -> Result<Node<'_>, Problem> {
        if self.0.is_empty() { Ok(Node::Object(Vec::new())) } else { self.read() }
    }
}

impl FromRequest for JsonBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<JsonBody, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (fits, is_json) = (check_length(request), check_type(request.headers()));
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read_at_most(&request, payload, fits?).await?;
            // Nothing has no type; whoever needs a body misses it by its content.
            if !bytes.is_empty() {
                is_json?;
            }
            Ok(JsonBody(bytes))
        })
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |why| Err(Problem::new(Kind::UNSUPPORTED_MEDIA_TYPE, why));
    let encoded = headers.get(header::CONTENT_ENCODING);
    if encoded.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refused("the body is taken uncompressed only");
    }
    let declared = headers.get(header::CONTENT_TYPE);
    // As nearly everybody spells it.
    if declared.is_some_and(|value| value.as_bytes() == b"application/json") {
        return Ok(());
    }
    let declared = declared.and_then(|value| value.to_str().ok());
    let (essence, parameters) = match declared.unwrap_or_default().split_once(';') {
        Some((essence, parameters)) => (essence, parameters),
        None => (declared.unwrap_or_default(), ""),
    };
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return refused("the body is taken as application/json only");
    }
    if parameters.split(';').filter_map(charset).any(|one| !one.eq_ignore_ascii_case("utf-8")) {
        return refused("the body is taken in UTF-8 only");
    }
    Ok(())
}

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}
