//! The end, asked for by a signal: once in order, twice at once. Apart from `serve` because every command
//! that runs until it is stopped ends the same way.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for SIGTERM and SIGINT from the moment it is made.
pub struct Shutdown {
    terminate: Signal,
    interrupt: Signal,
}

impl Shutdown {
    /// Signals are kept from now on, even if nobody waits yet.
    ///
    /// # Errors
    /// The system does not let us listen.
    pub fn listen() -> io::Result<Shutdown> {
        Ok(Shutdown {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Resolves at the next signal.
    pub async fn asked(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// From now on a signal ends the process on the spot. Nothing durable is lost by that: the journal
    /// is ahead of every answer.
    pub fn at_once_from_now(mut self) {
        actix_rt::spawn(async move {
            self.asked().await;
            tracing::warn!("asked to stop a second time: ending at once");
            std::process::exit(1);
        });
    }
}
