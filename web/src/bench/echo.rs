//! The yardstick: what HTTP and JSON cost before there is a gateway. A bare actix-web server with as many
//! threads as `serve` has, which reads the same request into types and answers with JSON of the same form
//! and length. It runs as a process of its own: the hidden command `bench-echo`.

mod payout;

use super::child::Child;
use super::client::Door;
use super::site::Site;
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::serve::cores;
use crate::shutdown::Shutdown;
use actix_web::{App, HttpResponse, HttpServer, web};
use payout::{Asked, answered, kept};
use serde_json::json;
use std::ffi::OsStr;
use std::net::TcpListener;

/// An echo that answers.
pub struct Echo {
    /// Where.
    pub door: Door,
    _child: Child,
}

impl Echo {
    /// Starts one.
    pub async fn start(site: &Site<'_>) -> Result<Echo, Failure> {
        let file = site.ground.fresh();
        let threads = format!("[server]\nworkers = {}\n", site.config.server.workers);
        std::fs::write(&file, threads).map_err(Failure::failed)?;
        let words = ["--config", "--bind", "127.0.0.1:0", "bench-echo"].map(OsStr::new);
        let args = [words[0], file.as_os_str(), words[1], words[2], words[3]];
        let mut child = Child::start(site, &args)?;
        let address = child.address("listening").await?;
        // As long as a key of the gateway, and looked at by nobody.
        Ok(Echo { door: Door::new(address, &"0".repeat(72)), _child: child })
    }
}

async fn create(asked: web::Json<Asked>) -> HttpResponse {
    HttpResponse::Created().json(answered(&asked))
}

async fn get(kept: web::Data<Asked>) -> HttpResponse {
    HttpResponse::Ok().json(answered(&kept))
}

/// The command: serves until a signal.
pub fn run(config: &Config, output: &Output) -> Result<(), Failure> {
    let threads = if config.server.workers == 0 { cores() } else { config.server.workers };
    actix_rt::System::new().block_on(async {
        let mut shutdown = Shutdown::listen().map_err(Failure::failed)?;
        let listener = TcpListener::bind(config.server.bind).map_err(Failure::failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(Failure::failed)?);
        let kept = web::Data::new(kept());
        let app = move || {
            App::new()
                .app_data(kept.clone())
                .route("/v1/payouts", web::post().to(create))
                .route("/v1/payouts/{id}", web::get().to(get))
        };
        let server = HttpServer::new(app).workers(threads).tcp_nodelay(true).disable_signals();
        let server = server.listen(listener).map_err(Failure::failed)?.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        output.say(&format!("listening on {url}"), &json!({ "event": "listening", "url": url }));
        shutdown.asked().await;
        handle.stop(false).await;
        Ok(())
    })
}
