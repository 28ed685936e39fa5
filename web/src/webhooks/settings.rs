//! How webhooks are set up, in the dispatcher's own words; the configuration is read elsewhere.

use super::book::Limits;
use super::networks::Network;
use std::time::Duration;

/// How webhooks are set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long an endpoint may take to answer.
    pub timeout: Duration,
    /// How much work one endpoint may be.
    pub limits: Limits,
    /// An endpoint that nothing reached for so long is disabled.
    pub disable_after: Duration,
    /// Endpoints in test mode may be on this machine. Only right while the gateway itself listens
    /// on loopback alone.
    pub loopback_for_test: bool,
    /// Networks beside the public internet that endpoints may be in.
    pub allowed_networks: Vec<Network>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            timeout: Duration::from_secs(15),
            limits: Limits { window: 1_024, concurrency: 16 },
            disable_after: Duration::from_secs(5 * 86_400),
            loopback_for_test: false,
            allowed_networks: Vec::new(),
        }
    }
}
