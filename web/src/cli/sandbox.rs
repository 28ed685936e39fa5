//! `bursar sandbox`: the sandbox provider as a process of its own, whose ledger outlives a gateway that
//! is killed. It keeps nothing on disk: a new process is a new bank.

use super::{Failure, Output};
use crate::config::Config;
use crate::serve::{allow_open_files, sandbox_options};
use crate::shutdown::Shutdown;
use serde_json::json;

/// Serves the sandbox until a signal.
pub fn run(config: &Config, output: &Output) -> Result<(), Failure> {
    crate::telemetry::start(&config.log);
    actix_rt::System::new().block_on(async {
        let mut shutdown = Shutdown::listen().map_err(Failure::failed)?;
        allow_open_files(config);
        let bind = config.sandbox.bind;
        let server = adapters::sandbox::serve(sandbox_options(config)).await;
        let server =
            server.map_err(|error| Failure::failed(format!("cannot listen on {bind}: {error}")))?;
        let url = server.url();
        output.say(&format!("sandbox on {url}"), &json!({ "event": "sandbox", "url": url }));
        shutdown.asked().await;
        shutdown.at_once_from_now();
        server.stop().await;
        Ok(())
    })
}
