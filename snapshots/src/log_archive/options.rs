//! What can be chosen about the archive of the log.
//!
//! Apart so that the choices and their reasons are one page.

use std::time::Duration;

use secrecy::SecretString;

/// Where the log is archived, and how.
#[derive(Clone, Debug)]
pub struct LogArchiveOptions {
    /// `file:///directory`, `s3://bucket/prefix`, `https://host/path` (WebDAV) or `http://…`.
    pub url: String,
    /// Whether an address without TLS may be used. Frames name recipients.
    pub allow_http: bool,
    /// How long new frames may wait before they are shipped.
    pub every: Duration,
    /// How much of the log one object holds at most, before it is packed; one frame more or less.
    pub piece_bytes: u64,
    /// How long the rest may take at an orderly stop.
    pub stop_within: Duration,
    /// For `s3://`.
    pub s3: S3Options,
}

/// How an S3-compatible store is reached.
#[derive(Clone, Debug, Default)]
pub struct S3Options {
    /// `https://…`; none for Amazon's own.
    pub endpoint: Option<String>,
    /// The bucket's region.
    pub region: Option<String>,
    /// None to take what the machine was given (its instance's role).
    pub access_key_id: Option<String>,
    /// Belongs to the key's id.
    pub secret_access_key: Option<SecretString>,
}

impl Default for LogArchiveOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            allow_http: false,
            every: Duration::from_secs(10),
            piece_bytes: 64 * 1024 * 1024,
            stop_within: Duration::from_secs(10),
            s3: S3Options::default(),
        }
    }
}
