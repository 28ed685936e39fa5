//! Room for sockets: the number of files this process may have open, raised as far as the system lets it.
//! Apart because the limit is a relic of `select`, and the first thing a busy gateway would run into.

use crate::config::Config;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The store's own files, and whatever else is open for a moment.
const OTHERS: u64 = 512;

/// Raises the soft limit to the hard one, and says so if that is too little for what is configured.
pub fn allow(config: &Config) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    // No limit at all is none to run into.
    let (Some(limit), wanted) = (limit, wanted(config)) else { return };
    if limit < wanted {
        tracing::warn!(limit, wanted, "this process may not open as many files as it may need");
    }
}

/// Both ends of a call to an embedded sandbox are in this process.
fn wanted(config: &Config) -> u64 {
    let calls = 2 * config.sandbox.concurrency as u64;
    // Each connection is held a second time, to be shut down when its client sends nothing any more.
    2 * config.server.max_connections as u64 + calls + OTHERS
}
