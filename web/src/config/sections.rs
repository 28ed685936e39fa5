//! The sections of the configuration as types. What a key is for, and its default, stand in
//! `config.default.toml`, which is the operator's manual; a test holds the two together.

use super::duration;
use super::faults::FaultsSection;
use super::log_archive::LogArchiveSection;
use super::rates::RatesSection;
use super::secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a configuration")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct Config {
    pub server: ServerSection,
    pub engine: EngineSection,
    pub store: StoreSection,
    pub snapshots: SnapshotsSection,
    pub log_archive: LogArchiveSection,
    pub scrub: ScrubSection,
    pub payouts: PayoutsSection,
    pub rates: RatesSection,
    pub sandbox: SandboxSection,
    pub log: LogSection,
    pub merchants: BTreeMap<String, MerchantSection>,
    pub webhooks: WebhooksSection,
}

/// The HTTP side.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct ServerSection {
    pub bind: SocketAddr,
    #[serde(with = "empty_is_none")]
    pub public_url: Option<String>,
    pub workers: usize,
    pub max_connections: usize,
    pub backlog: u32,
    #[serde(with = "duration")]
    pub head_timeout: Duration,
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    #[serde(with = "duration")]
    pub keep_alive: Duration,
    #[serde(with = "duration")]
    pub unread_timeout: Duration,
    #[serde(with = "duration")]
    pub stop_timeout: Duration,
    pub body_limit: usize,
    pub rate_per_second: u32,
    pub rate_burst: u32,
}

/// Where payouts live.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct EngineSection {
    pub partitions: usize,
    pub in_flight_max: u64,
    pub live_max: u64,
    #[serde(with = "duration")]
    pub passivate_after: Duration,
    pub snapshot_every: u64,
}

/// What survives.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct StoreSection {
    pub data_dir: PathBuf,
    #[serde(with = "empty_is_none")]
    pub anchor: Option<String>,
    pub durability: Durability,
    pub segment_bytes: u64,
    pub frame_bytes: usize,
    pub queue: usize,
    pub sled_cache_bytes: u64,
    pub mirror_segments: usize,
    pub archive_cache_bytes: u64,
    #[serde(with = "duration")]
    pub open_deadline: Duration,
    #[serde(with = "empty_is_none")]
    pub intent_ledger: Option<String>,
    #[serde(with = "duration")]
    pub ask_first_after_restore: Duration,
}

/// When snapshots are taken, and which are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct SnapshotsSection {
    #[serde(with = "duration")]
    pub every: Duration,
    pub keep: usize,
    pub keep_hourly: usize,
    pub keep_daily: usize,
}

/// Reading everything again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct ScrubSection {
    #[serde(with = "duration")]
    pub every: Duration,
    pub bytes_per_second: u64,
}

/// What "durable" means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// On disk.
    Fsync,
    /// With the kernel only: for measurements.
    None,
}

/// What holds for payouts that do not say otherwise.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct PayoutsSection {
    #[serde(with = "duration")]
    pub expires_in: Duration,
}

/// The sandbox provider, both sides of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct SandboxSection {
    pub enabled: bool,
    pub transport: Transport,
    pub bind: SocketAddr,
    #[serde(with = "empty_is_none")]
    pub url: Option<String>,
    #[serde(with = "duration")]
    pub timeout: Duration,
    pub calls: u32,
    #[serde(with = "duration")]
    pub per: Duration,
    pub verify_share: u8,
    pub concurrency: usize,
    pub queue: usize,
    #[serde(with = "duration")]
    pub visibility_lag: Duration,
    #[serde(with = "duration")]
    pub settle_after: Duration,
    #[serde(with = "duration")]
    pub poll_first: Duration,
    pub poll_factor: u32,
    #[serde(with = "duration")]
    pub poll_cap: Duration,
    #[serde(with = "duration")]
    pub poll_give_up: Duration,
    pub believe_signed_callbacks: bool,
    #[serde(with = "duration")]
    pub return_check_first: Duration,
    #[serde(with = "duration")]
    pub return_window: Duration,
    pub client_id: String,
    pub client_secret: Secret,
    pub callback_secret: Secret,
    pub seed: u64,
    pub in_doubt_max: BTreeMap<String, String>,
    pub faults: FaultsSection,
}

/// How the sandbox is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Like any provider.
    Http,
    /// By a function call: for measurements.
    Inline,
}

/// What is written about the gateway's own doings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct LogSection {
    pub format: LogFormat,
    pub level: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// One merchant.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct MerchantSection {
    pub livemode: bool,
}

/// Telling merchants.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct WebhooksSection {
    pub enabled: bool,
    #[serde(with = "duration")]
    pub timeout: Duration,
    pub window: usize,
    pub concurrency: usize,
    pub loopback_in_test_mode: bool,
    pub allowed_networks: Vec<String>,
    #[serde(with = "duration")]
    pub disable_after: Duration,
}

/// TOML has no word for nothing; an empty text is ours.
pub(super) mod empty_is_none {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option, reason = "serde hands the field by reference")]
    pub fn serialize<S: Serializer>(value: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.as_deref().unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        Ok(Some(String::deserialize(from)?).filter(|text| !text.is_empty()))
    }
}
