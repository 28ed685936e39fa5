//! The endpoint that a path names.

use crate::app::last_piece;
use crate::auth::Merchant;
use crate::problem::{Kind, Problem};
use crate::webhooks::{Endpoint, EndpointId, Webhooks};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::sync::Arc;

/// An id in the path. A text that is no id is as absent as an id that was never given.
pub struct EndpointPath(Option<EndpointId>);

impl EndpointPath {
    /// The merchant's endpoint of this id.
    pub fn find(&self, merchant: &Merchant, webhooks: &Webhooks) -> Result<Arc<Endpoint>, Problem> {
        let absent = || Problem::plain(Kind::WEBHOOK_ENDPOINT_NOT_FOUND);
        let id = self.0.ok_or_else(absent)?;
        Ok(webhooks.endpoints().get(merchant.door.merchant(), id)?)
    }
}

impl FromRequest for EndpointPath {
    type Error = Problem;
    type Future = Ready<Result<EndpointPath, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = last_piece(request, "id").and_then(|text| text.parse().ok());
        ready(Ok(EndpointPath(id)))
    }
}
