//! The ledger of an inline sandbox, for whoever holds a gateway against it: without it nobody outside the
//! process could say what was truly paid. Apart from `account.rs` because it is a server, though a small one.

use crate::cli::Failure;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use adapters::sandbox::InlineSandbox;
use adapters::sandbox::wire::Page;
use domain::id::PayoutId;
use serde::Deserialize;
use std::net::{SocketAddr, TcpListener};

/// A ledger that can be read.
pub struct Ledger {
    /// Where.
    pub url: String,
    handle: ServerHandle,
}

/// Which part of it.
#[derive(Deserialize)]
struct Part {
    payout: Option<String>,
}

impl Ledger {
    /// Serves it.
    pub fn serve(bind: SocketAddr, sandbox: InlineSandbox) -> Result<Ledger, Failure> {
        let failed =
            |error| Failure::failed(format!("the sandbox cannot listen on {bind}: {error}"));
        let listener = TcpListener::bind(bind).map_err(failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let sandbox = web::Data::new(sandbox);
        let app = move || {
            App::new().app_data(sandbox.clone()).route("/_sim/ledger", web::get().to(ledger))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.listen(listener).map_err(failed)?.run();
        let handle = server.handle();
        actix_rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox's ledger ended");
            }
        });
        Ok(Ledger { url, handle })
    }

    /// Stops listening.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

/// All of it on one page: an inline sandbox is for measurements, which read it once, in their end.
async fn ledger(sandbox: web::Data<InlineSandbox>, part: web::Query<Part>) -> HttpResponse {
    let payout = part.payout.as_deref().map(str::parse::<PayoutId>);
    let Ok(payout) = payout.transpose() else { return HttpResponse::BadRequest().finish() };
    let data = sandbox.ledger(payout);
    HttpResponse::Ok().json(Page { data, has_more: false, next_cursor: None })
}
