//! `[log_archive]`: where the log is copied to. Apart from the other sections because it speaks of a
//! machine that is not this one, and whether an address makes sense only that side can say.

use super::check::Mistake;
use super::duration;
use super::secret::Secret;
use super::sections::empty_is_none;
use serde::{Deserialize, Serialize};
use snapshots::log_archive::{LogArchiveError, LogArchiveOptions, S3Options, check};
use std::time::Duration;

/// Where the log is copied to as it grows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a section")]
#[allow(missing_docs, reason = "each is explained in config.default.toml")]
pub struct LogArchiveSection {
    #[serde(with = "empty_is_none")]
    pub url: Option<String>,
    #[serde(with = "duration")]
    pub every: Duration,
    pub piece_bytes: u64,
    #[serde(with = "duration")]
    pub stop_timeout: Duration,
    pub allow_http: bool,
    #[serde(with = "empty_is_none")]
    pub endpoint: Option<String>,
    #[serde(with = "empty_is_none")]
    pub region: Option<String>,
    #[serde(with = "empty_is_none")]
    pub access_key_id: Option<String>,
    pub secret_access_key: Secret,
}

impl LogArchiveSection {
    /// As the store takes them; none while there is no address.
    pub fn options(&self) -> Option<LogArchiveOptions> {
        let secret = self.secret_access_key.expose();
        Some(LogArchiveOptions {
            url: self.url.clone()?,
            allow_http: self.allow_http,
            every: self.every,
            piece_bytes: self.piece_bytes,
            stop_within: self.stop_timeout,
            s3: S3Options {
                endpoint: self.endpoint.clone(),
                region: self.region.clone(),
                access_key_id: self.access_key_id.clone(),
                secret_access_key: (!secret.is_empty()).then(|| secret.into()),
            },
        })
    }
}

/// What the address, or what belongs to it, lacks.
pub(super) fn mistakes(section: &LogArchiveSection) -> Option<Mistake> {
    match check(&section.options()?).err()? {
        LogArchiveError::Option { key: "endpoint", reason } => {
            Some(("log_archive.endpoint", reason))
        }
        LogArchiveError::Option { key: "access_key_id", reason } => {
            Some(("log_archive.access_key_id", reason))
        }
        LogArchiveError::Option { reason, .. } => Some(("log_archive.url", reason)),
        other => Some(("log_archive.url", other.to_string())),
    }
}
