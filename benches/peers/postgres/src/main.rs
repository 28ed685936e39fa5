//! A payout service on PostgreSQL as a good team would build it in a week: rows, a history, an outbox, and a
//! worker that takes what is due with SKIP LOCKED.
//!
//!     peer-postgres --socket DIR --bind 127.0.0.1:8081 --key SECRET
//!
//! `create` is the merchant's side, `worker` the provider's, `schema.sql` what both stand on.

mod create;
mod database;
mod worker;

use actix_web::{App, HttpResponse, HttpServer, web};
use database::Database;
use payout::Sandbox;
use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the threads share.
pub struct Shared {
    /// The merchant's key.
    pub key: String,
    pub sandbox: Sandbox,
    /// Payouts that are PROCESSED.
    pub finished: AtomicU64,
    /// Something waits to be sent.
    pub due: Notify,
}

/// What can be tuned; the defaults are what was best on two processors.
struct Tuning {
    http_workers: usize,
    /// For each HTTP worker, which has its own: a connection never wakes another thread.
    connections: usize,
    senders: usize,
    batch: i64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |name: &str| std::env::args().skip_while(|one| one != name).nth(1);
    let number = |name: &str, default: usize| {
        argument(name).map_or(Ok(default), |text| text.parse::<usize>())
    };
    let tuning = Tuning {
        http_workers: number("--http-workers", 2)?,
        connections: number("--connections", 16)?,
        senders: number("--senders", 2)?,
        batch: i64::try_from(number("--batch", 200)?)?,
    };
    let socket = argument("--socket").ok_or("--socket DIR: where PostgreSQL's socket is")?;
    let bind = argument("--bind").unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let shared = Arc::new(Shared {
        key: argument("--key").ok_or("--key SECRET: the merchant's key")?,
        sandbox: Sandbox::default(),
        finished: AtomicU64::new(0),
        due: Notify::new(),
    });
    actix_web::rt::System::new().block_on(serve(Database { socket }, bind, shared, tuning))
}

async fn serve(
    database: Database,
    bind: String,
    shared: Arc<Shared>,
    tuning: Tuning,
) -> Result<(), Box<dyn Error>> {
    database.make_schema().await?;
    worker::ask_about_open(&database, &shared).await?;
    for _ in 0..tuning.senders {
        let (database, shared) = (database.clone(), shared.clone());
        actix_web::rt::spawn(async move {
            if let Err(error) = worker::run(&database, &shared, tuning.batch).await {
                eprintln!("the worker ended: {error}");
                std::process::exit(1);
            }
        });
    }
    let app = move || {
        let pool = database.pool(tuning.connections);
        App::new()
            .app_data(web::Data::from(shared.clone()))
            .app_data(web::Data::new(pool))
            .route("/v1/payouts", web::post().to(create::create))
            .route("/v1/payouts/{id}", web::get().to(create::get))
            .route("/metrics", web::get().to(metrics))
    };
    println!("listening on http://{bind}");
    Ok(HttpServer::new(app).workers(tuning.http_workers).bind(bind)?.run().await?)
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    let finished = shared.finished.load(Ordering::Relaxed);
    HttpResponse::Ok().body(format!("payouts_finished_total {finished}\n"))
}
