//! The HTTP server: its settings, what every handler may reach, and how it is started. Which
//! addresses there are is `api.rs`; what happens around every one of them is `app/envelope.rs`.

mod connections;
mod deadline;
mod endpoints;
mod envelope;
mod paced;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use endpoints::Endpoints;
pub(crate) use endpoints::last_piece;
pub(crate) use envelope::Exchange;

use crate::api;
use crate::keys::KeyStore;
use crate::limits::{RateLimit, RateLimiter, Streams};
use crate::metrics::HttpMetrics;
use crate::webhooks::Webhooks;
use actix_http::{HttpService, KeepAlive};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{
    AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse, fn_service,
};
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error, HttpRequest, web};
use connections::Allowed;
use engine::Gateway;
use paced::Paced;
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often the key file is looked at for keys that another process made or revoked.
const KEYS_LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a connection that was told to close may take.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How the HTTP server is set up.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// Threads; 0: one for each core.
    pub workers: usize,
    /// Connections open at once, over all threads; more wait to be accepted.
    pub max_connections: usize,
    /// A request's head must be there within this time.
    pub head_timeout: Duration,
    /// A request must be read and answered within this time.
    pub request_timeout: Duration,
    /// An idle connection is closed after this time.
    pub keep_alive: Duration,
    /// A client that takes nothing of its answer for this long is hung up on.
    pub unread_timeout: Duration,
    /// At a stop, requests under way get this long to finish.
    pub stop_timeout: Duration,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// A payout that names no deadline expires after this time.
    pub expires_in: Duration,
    /// Requests that one merchant may make; none: as many as it likes.
    pub rate_limit: Option<RateLimit>,
    /// The event streams; whoever stops the server closes them first.
    pub streams: Streams,
    /// Where the files lie that are verified beside what the engine keeps; none: they are not.
    pub data_dir: Option<PathBuf>,
    /// Where the figures of the last restore drill are kept, for the metrics.
    pub drill_file: Option<PathBuf>,
}

impl Default for AppOptions {
    fn default() -> AppOptions {
        AppOptions {
            workers: 0,
            max_connections: 10_000,
            head_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(30),
            unread_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(5),
            body_limit: 64 * 1024,
            expires_in: Duration::from_secs(2 * 24 * 3_600),
            rate_limit: None,
            streams: Streams::default(),
            data_dir: None,
            drill_file: None,
        }
    }
}

/// What every handler may reach; one for all threads.
pub struct AppState {
    /// The engine.
    pub gateway: Gateway,
    /// Who may call.
    pub keys: Arc<KeyStore>,
    /// The settings.
    pub options: AppOptions,
    /// How often each merchant may call, if that is limited.
    pub limiter: Option<RateLimiter>,
    /// What the server counts.
    pub http: HttpMetrics,
    /// Where changes of payouts are told, if that is on.
    pub webhooks: Option<Webhooks>,
}

impl AppState {
    /// The state of one server.
    pub fn new(gateway: Gateway, keys: Arc<KeyStore>, options: AppOptions) -> AppState {
        let limiter = options.rate_limit.map(RateLimiter::new);
        let http = HttpMetrics::new(api::endpoints().paths());
        AppState { gateway, keys, options, limiter, http, webhooks: None }
    }

    /// The same with webhooks.
    pub fn with_webhooks(self, webhooks: Option<Webhooks>) -> AppState {
        AppState { webhooks, ..self }
    }

    /// The state that serves this request.
    pub fn of(request: &HttpRequest) -> Option<&AppState> {
        request.app_data::<web::Data<AppState>>().map(|state| state.get_ref())
    }
}

/// Everything that answers, inside the envelope. Also what tests call without a socket.
pub fn app(
    state: web::Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .wrap(actix_web::middleware::from_fn(envelope::envelope))
        .configure(|services| api::endpoints().register(services))
}

/// Starts to serve on the listener. The answer is the running server: await it to serve until it is
/// stopped, and take its `handle()` to stop it. Signals are the caller's business.
///
/// # Errors
/// The listener cannot be served from.
pub async fn run(
    listener: TcpListener,
    gateway: Gateway,
    keys: Arc<KeyStore>,
    options: AppOptions,
    webhooks: Option<Webhooks>,
) -> io::Result<Server> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if options.workers == 0 { cores() } else { options.workers };
    let state = AppState::new(gateway, keys.clone(), options.clone()).with_webhooks(webhooks);
    let state = web::Data::new(state);
    let allowed = Allowed {
        between: options.keep_alive + options.head_timeout,
        unread: options.unread_timeout,
    };
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(options.max_connections.div_ceil(workers).max(1))
        .shutdown_timeout(options.stop_timeout.as_secs().max(1))
        .disable_signals();
    let (address, stops) = (listener.local_addr()?, builder.graceful_shutdown_signal());
    // As `HttpServer` does it, but for the socket, which that does not let us choose.
    let server = builder.listen("http", listener, move || {
        let stops = stops.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stops = stops.clone();
                async move { stops.notified().await }
            })
            .on_connect_ext(move |socket, known| connections::note(socket, known, allowed))
            .keep_alive(KeepAlive::Timeout(options.keep_alive))
            .client_request_timeout(options.head_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .local_addr(address);
        let app = app(state.clone()).into_factory().map_err(|error| error.error_response());
        let http = http.h1(map_config(app, |_| AppConfig::default()));
        fn_service(move |socket: TcpStream| async move {
            // A socket on which that fails is slower, and will be found to be closed.
            let _ = socket.set_nodelay(true);
            let from = socket.peer_addr().ok();
            Ok((Paced::new(socket), from))
        })
        .and_then(http)
    })?;
    let server = server.run();
    actix_web::rt::spawn(watch_keys(Arc::downgrade(&keys)));
    Ok(server)
}

/// Looks at the key file now and then, for as long as somebody uses the keys.
async fn watch_keys(keys: Weak<KeyStore>) {
    loop {
        tokio::time::sleep(KEYS_LOOK_EVERY).await;
        let Some(keys) = keys.upgrade() else { return };
        match keys.reload_if_changed() {
            Ok(false) => {}
            Ok(true) => tracing::info!("the API keys were read again"),
            // The keys known so far go on working.
            Err(error) => tracing::warn!(%error, "the API keys cannot be read"),
        }
    }
}
