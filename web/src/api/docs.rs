//! The API's description, for programs and for people. The page comes out of the binary and loads
//! nothing from elsewhere; its security policy makes sure of that.

use crate::app::{Endpoints, last_piece};
use crate::openapi;
use crate::problem::{Kind, Problem};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::Config;

/// Scripts and requests of this origin only. The page sets styles of its own while it runs, and
/// draws its icons from data addresses.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Made once: it is the same for everybody.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| openapi::document().to_pretty_json().unwrap_or_else(|_| "{}".to_owned()));

/// The API's description, for programs.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)),
)]
pub(crate) async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.as_str())
}

/// The API's description, for people.
#[utoipa::path(
    get, path = "/docs", tag = "operations", operation_id = "docs",
    responses((status = 308, description = "To the page itself")),
)]
pub(crate) async fn front() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/index.html")).finish()
}

/// A file of that page.
#[utoipa::path(
    get, path = "/docs/{file}", tag = "operations", operation_id = "docsFile",
    params(("file" = String, Path, description = "The name of the file", example = "index.html")),
    responses((status = 200, description = "The file", body = String, content_type = "text/html")),
)]
pub(crate) async fn file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = last_piece(&request, "file").unwrap_or_default();
    let config = Config::from("/openapi.json").validator_url("none").display_operation_id(true);
    let found = utoipa_swagger_ui::serve(name, Arc::new(config)).map_err(|error| {
        tracing::error!(%error, "a file of the documentation page cannot be made");
        Problem::plain(Kind::INTERNAL_ERROR)
    })?;
    let found = found.ok_or_else(|| Problem::plain(Kind::NOT_FOUND))?;
    let mut answer = HttpResponse::Ok();
    answer.content_type(found.content_type);
    answer.insert_header((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)));
    if found.gzpipped {
        answer.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(answer.body(found.bytes.into_owned()))
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/openapi.json", document).get("/docs", front).get("/docs/{file}", file);
}
