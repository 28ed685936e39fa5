//! What the gateway writes about its own doings: lines on standard error. Apart from metrics, which are
//! counted and asked for; standard output belongs to what commands answer.

use crate::config::{LogFormat, LogSection};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

/// Others that say much at our levels. Whoever wants to hear them names them in `log.level`.
const QUIETER: &str = "fjall=warn,lsm_tree=error,sled=warn,actix_server=warn,actix_http=warn";

/// Starts writing. A second call in one process changes nothing.
pub fn start(log: &LogSection) {
    let filter = EnvFilter::try_new(format!("{QUIETER},{}", log.level));
    // The level was checked with the rest of the configuration.
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Json => set(lines.json().flatten_event(true).finish()),
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            set(lines.with_ansi(colours).finish())
        }
    };
    if started.is_err() {
        tracing::debug!("log lines were already being written");
    }
}

fn set(subscriber: impl Into<tracing::Dispatch>) -> Result<(), TryInitError> {
    use tracing_subscriber::util::SubscriberInitExt;
    subscriber.try_init()
}
