//! One endpoint of a merchant: where messages go, which, and how they are signed. Apart from the
//! store, which keeps many of them in a file.

use super::kinds::Filter;
use super::secret::{NoRandomness, Scheme, SigningSecret};
use domain::id::{InvalidId, MerchantId, PayoutId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Names an endpoint: `whk_` and 26 characters, random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointId(pub [u8; 16]);

impl EndpointId {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn fresh() -> Result<EndpointId, NoRandomness> {
        random().map(EndpointId)
    }
}

pub(super) fn random() -> Result<[u8; 16], NoRandomness> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The same 26 characters that payouts are named with.
        write!(f, "whk_{}", PayoutId(self.0).base32())
    }
}

impl fmt::Debug for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EndpointId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<EndpointId, InvalidId> {
        let bare = text.strip_prefix("whk_").ok_or(InvalidId)?;
        PayoutId::from_base32(bare).map(|PayoutId(bytes)| EndpointId(bytes))
    }
}

impl From<EndpointId> for String {
    fn from(id: EndpointId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for EndpointId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<EndpointId, InvalidId> {
        text.parse()
    }
}

/// Why an endpoint gets nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// The merchant said so.
    Merchant,
    /// It answered 410: there is nobody any more.
    Gone,
    /// Nothing reached it for days.
    Failing,
}

impl DisabledReason {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            DisabledReason::Merchant => "merchant",
            DisabledReason::Gone => "gone",
            DisabledReason::Failing => "failing",
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its name.
    pub id: EndpointId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Made with a live key.
    pub livemode: bool,
    /// Where messages go; judged before every one of them.
    pub url: String,
    /// For the merchant's own eyes.
    pub description: Option<String>,
    /// Which events it wants.
    pub events: Filter,
    /// How messages are signed.
    pub signature: Scheme,
    /// What they are signed with, newest first.
    pub secrets: Vec<SigningSecret>,
    /// Whether it is sent anything.
    pub enabled: bool,
    /// Why not.
    pub disabled_reason: Option<DisabledReason>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The merchant's newest event then: only later ones are sent.
    pub starts_after: u64,
}

/// What a merchant chooses of an endpoint.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where messages go.
    pub url: String,
    /// For the merchant's own eyes.
    pub description: Option<String>,
    /// Which events it wants.
    pub events: Filter,
    /// How messages are signed.
    pub signature: Scheme,
    /// Whether it begins at once.
    pub enabled: bool,
}

impl Endpoint {
    pub(super) fn new(
        owner: (MerchantId, bool),
        wanted: Wanted,
        starts_after: u64,
        now: Timestamp,
    ) -> Result<Endpoint, NoRandomness> {
        let Wanted { url, description, events, signature, enabled } = wanted;
        let (merchant, livemode) = owner;
        Ok(Endpoint {
            id: EndpointId::fresh()?,
            merchant,
            livemode,
            url,
            description,
            events,
            signature,
            secrets: vec![SigningSecret::fresh(signature, now)?],
            enabled,
            disabled_reason: (!enabled).then_some(DisabledReason::Merchant),
            created_at: now,
            starts_after,
        })
    }

    /// A new secret in front; those before it sign for as long as `overlap`, or until they would
    /// have ended anyway.
    pub(super) fn rotate(&mut self, overlap: Duration, now: Timestamp) -> Result<(), NoRandomness> {
        let fresh = SigningSecret::fresh(self.signature, now)?;
        self.secrets.retain(|secret| secret.is_live(now));
        let end = now.plus(overlap);
        for secret in &mut self.secrets {
            secret.expires_at = Some(secret.expires_at.map_or(end, |before| before.min(end)));
        }
        self.secrets.insert(0, fresh);
        self.secrets.retain(|secret| secret.is_live(now));
        // A receiver tries every signature; more than these are a mistake of whoever rotates.
        self.secrets.truncate(SECRETS_MAX);
        Ok(())
    }

    pub(super) fn set_enabled(&mut self, enabled: bool, reason: DisabledReason) {
        if self.enabled != enabled {
            self.enabled = enabled;
            self.disabled_reason = (!enabled).then_some(reason);
        }
    }
}

/// Secrets that sign at once.
pub const SECRETS_MAX: usize = 4;
