//! The HTTP listener: bound early, so that the address is known and callers are told 503 instead of being
//! turned away, and stopped first.

use crate::app::{self, AppOptions};
use crate::cli::Failure;
use crate::cli::restore::DRILL_FILE;
use crate::config::Config;
use crate::keys::KeyStore;
use crate::limits::{RateLimit, Streams};
use crate::webhooks::Webhooks;
use actix_web::dev::ServerHandle;
use engine::Gateway;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::net::TcpSocket;

/// A bound address that nobody serves yet.
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// An address that is being served.
pub struct Serving {
    handle: ServerHandle,
    streams: Streams,
}

/// Cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Listening {
    /// Binds the configured address.
    pub fn bind(config: &Config) -> Result<Listening, Failure> {
        let bind = config.server.bind;
        let failed = |error| Failure::failed(format!("cannot listen on {bind}: {error}"));
        let listener = listen(bind, config.server.backlog).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Listening { listener, address })
    }

    /// Only this machine can call.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Where callers on this machine find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where a provider account's callbacks go.
    pub fn callback_url(&self, config: &Config, account: &str) -> String {
        let base = config.server.public_url.clone().unwrap_or_else(|| self.local_url());
        format!("{}/v1/callbacks/{account}", base.trim_end_matches('/'))
    }

    /// "Every interface" is an address to listen on and none to call.
    fn local_url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }
}

impl Listening {
    /// Serves from it.
    pub async fn serve(
        self,
        config: &Config,
        gateway: Gateway,
        keys: Arc<KeyStore>,
        webhooks: Option<Webhooks>,
    ) -> Result<Serving, Failure> {
        let url = self.url();
        let options = app_options(config);
        let streams = options.streams.clone();
        let server = app::run(self.listener, gateway, keys, options, webhooks).await;
        let server =
            server.map_err(|error| Failure::failed(format!("cannot serve {url}: {error}")))?;
        let handle = server.handle();
        actix_rt::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the HTTP server ended");
            }
        });
        Ok(Serving { handle, streams })
    }
}

impl Serving {
    /// Takes no more connections, and lets those finish that have a request under way.
    pub async fn stop(self) {
        self.streams.close();
        self.handle.stop(true).await;
    }
}

/// The kernel keeps as many connections waiting as configured, not as many as it likes.
fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A gateway that was killed a moment ago must not keep its successor from the address.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)?.into_std()
}

fn app_options(config: &Config) -> AppOptions {
    let server = &config.server;
    let limit = RateLimit { per_second: server.rate_per_second, burst: server.rate_burst };
    AppOptions {
        data_dir: Some(config.store.data_dir.clone()),
        drill_file: Some(config.store.data_dir.join(DRILL_FILE)),
        workers: server.workers,
        max_connections: server.max_connections,
        head_timeout: server.head_timeout,
        request_timeout: server.request_timeout,
        keep_alive: server.keep_alive,
        unread_timeout: server.unread_timeout,
        stop_timeout: server.stop_timeout,
        body_limit: server.body_limit,
        expires_in: config.payouts.expires_in,
        rate_limit: (server.rate_per_second > 0).then_some(limit),
        streams: Streams::default(),
    }
}
