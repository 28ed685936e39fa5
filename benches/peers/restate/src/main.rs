//! The same life on Restate: a virtual object for each payout, whose key is the idempotency key.
//!
//!     peer-restate --bind 127.0.0.1:9080 --metrics 127.0.0.1:9081
//!
//! Restate keeps the object's state, runs its handlers one at a time and exactly once, and calls again what
//! did not end. `counter` only tells how many are through.

mod counter;
mod object;

use object::Payout;
use payout::Sandbox;
use restate_sdk::prelude::*;
use std::{
    error::Error,
    sync::{Arc, atomic::AtomicU64},
};
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the handlers share.
#[derive(Default)]
pub struct Shared {
    pub sandbox: Sandbox,
    /// Payouts that are PROCESSED.
    pub finished: AtomicU64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |name: &str, default: &str| {
        let given = std::env::args().skip_while(|one| one != name).nth(1);
        given.unwrap_or_else(|| default.to_owned())
    };
    let bind = argument("--bind", "127.0.0.1:9080");
    let metrics = argument("--metrics", "127.0.0.1:9081");
    let threads = argument("--threads", "2").parse()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let shared = Arc::new(Shared::default());
        tokio::spawn(counter::serve(TcpListener::bind(metrics).await?, shared.clone()));
        let listener = TcpListener::bind(&bind).await?;
        println!("listening on http://{bind}");
        let endpoint = Endpoint::builder().bind(Payout { shared }).build();
        HttpServer::new(endpoint).serve(listener).await;
        Ok(())
    })
}
