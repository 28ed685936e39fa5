//! How an answer reaches its caller, or fails to. Apart from the routes because the faults that
//! people test against are made here: silence, a broken connection, a page from somewhere else.

use super::shared::Shared;
use crate::sandbox::world::{Manner, Reply};
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;

/// From a callback that goes ahead of the answer to the answer: the callback must win the race.
const HEAD_START: Duration = Duration::from_millis(300);

/// What a caller gets who was let through to somebody's error page.
const PAGE: &str = "<!doctype html><title>Welcome</title><p>Your connection is almost ready.";

/// Gives the answer as it is to be given.
pub(super) async fn give(shared: &Shared, reply: Reply) -> HttpResponse {
    if !reply.delay.is_zero() {
        sleep(reply.delay).await;
    }
    match reply.manner {
        Manner::Plain => body(&reply),
        Manner::AfterCallbacks => {
            shared.make_due_happen();
            sleep(HEAD_START).await;
            body(&reply)
        }
        Manner::Silence => {
            sleep(shared.hold).await;
            HttpResponse::GatewayTimeout().finish()
        }
        Manner::Reset => HttpResponse::Ok().body(Broken),
        Manner::Page => HttpResponse::Ok().content_type("text/html").body(PAGE),
    }
}

/// The answer in full.
pub(super) fn body(reply: &Reply) -> HttpResponse {
    // Every status that the world gives is one.
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if let Some(seconds) = reply.retry_after {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    response.json(&reply.said)
}

/// A body that breaks before its first byte. The server closes the connection then and there, so
/// that of the head, which waits for the body, nothing is sent either.
struct Broken;

impl MessageBody for Broken {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(1)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, io::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}
