//! The sandbox as a server of its own, reached like any provider: bearer tokens, JSON, callbacks;
//! and `/_sim/…` for whoever tests against it. Apart from `world.rs`, which decides everything and
//! knows no sockets.

mod delivery;
mod gate;
mod routes;
mod shared;
mod sim;

use super::callbacks::callback_queue;
use super::settings::SandboxSettings;
use super::wire::LedgerRow;
use actix_web::dev::ServerHandle;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, rt, web};
use domain::id::PayoutId;
use shared::Shared;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// No request of the gateway is longer.
const BODY_MAX: usize = 64 * 1024;

/// How the sandbox is to be served.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// Where it listens; port 0 is any free one.
    pub bind: SocketAddr,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long an answer is held that is meant never to come.
    pub hold: Duration,
    /// What it does.
    pub settings: SandboxSettings,
}

impl Default for SandboxOptions {
    fn default() -> SandboxOptions {
        SandboxOptions {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            workers: 1,
            hold: Duration::from_secs(30),
            settings: SandboxSettings::default(),
        }
    }
}

/// A sandbox that is being served. Dropping it does not stop it.
pub struct SandboxServer {
    /// Where it listens.
    pub addr: SocketAddr,
    handle: ServerHandle,
    tasks: [JoinHandle<()>; 3],
    shared: Arc<Shared>,
}

/// Serves a new sandbox from within a running actix system.
///
/// # Errors
/// The address is taken, or no HTTP client for callbacks can be made.
pub async fn serve(options: SandboxOptions) -> io::Result<SandboxServer> {
    let listener = TcpListener::bind(options.bind)?;
    let addr = listener.local_addr()?;
    let (queue, sender) = callback_queue(&options.settings).map_err(io::Error::other)?;
    let shared = Arc::new(Shared::new(&options, queue));
    let data = web::Data::from(shared.clone());
    let app = move || {
        let body_limit = web::PayloadConfig::new(BODY_MAX);
        App::new()
            .app_data(data.clone())
            .app_data(body_limit)
            .configure(routes::all)
            .configure(sim::all)
    };
    let server = HttpServer::new(app)
        .workers(options.workers.max(1))
        .disable_signals()
        .keep_alive(Duration::from_secs(75))
        // A caller that has gone frees the handler that still holds its answer back.
        .h1_allow_half_closed(false)
        .listen(listener)?
        .run();
    let handle = server.handle();
    let again = shared.clone();
    let tasks = [
        rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox's server ended");
            }
        }),
        rt::spawn(sender.run(move |callback, pause| again.world().send_later(callback, pause))),
        rt::spawn(shared.clone().keep_time()),
    ];
    Ok(SandboxServer { addr, handle, tasks, shared })
}

impl SandboxServer {
    /// The address that a client is given.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Turns the sandbox's clock forward; callbacks that fall due are on their way when it returns.
    pub fn advance(&self, by: Duration) {
        self.shared.advance(by);
    }

    /// One payout's part of the ledger, oldest attempt first.
    pub fn ledger_of(&self, payout: PayoutId) -> Vec<LedgerRow> {
        self.shared.world().ledger(Some(payout), 0, usize::MAX).data
    }

    /// Stops listening and forgets every callback that is still to be sent.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        for task in self.tasks {
            task.abort();
        }
    }
}
