//! The endpoints of all merchants: a file in the data directory, read once, replaced whole at every
//! change. Apart from the engine's journal because an endpoint is a setting and not an event, and
//! its secret has no place in a record that is kept for ever.

mod file;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use super::endpoint::{DisabledReason, Endpoint, EndpointId, Wanted};
use super::kinds::Filter;
use super::secret::NoRandomness;
use domain::id::MerchantId;
use domain::time::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// A merchant has at most so many endpoints.
pub const PER_MERCHANT_MAX: usize = 16;

/// The endpoints of one gateway.
pub struct EndpointStore {
    path: PathBuf,
    known: RwLock<Vec<Arc<Endpoint>>>,
    /// Held by whoever changes the file; readers never wait for a disk.
    changing: Mutex<()>,
}

/// What a merchant changes of an endpoint; nothing where it stays.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Where messages go.
    pub url: Option<String>,
    /// For the merchant's own eyes; an empty one removes it.
    pub description: Option<Option<String>>,
    /// Which events it wants.
    pub events: Option<Filter>,
    /// Whether it is sent anything.
    pub enabled: Option<bool>,
}

/// Why the endpoints are not as they were asked to be.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each has a sentence of its own")]
pub enum EndpointError {
    #[error("there is no such endpoint")]
    NotFound,
    #[error("a merchant has at most {PER_MERCHANT_MAX} endpoints")]
    TooMany,
    #[error("{path}: {error}", path = path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{path} is not a file of webhook endpoints: {why}", path = path.display())]
    Damaged { path: PathBuf, why: String },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl EndpointStore {
    /// How many endpoints the file holds; nothing is kept.
    pub(super) fn count(path: &Path) -> Result<usize, EndpointError> {
        Ok(file::read(path)?.len())
    }

    /// Opens the store at `path`. No file is as good as an empty one.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<EndpointStore, EndpointError> {
        let known = file::read(path)?.into_iter().map(Arc::new).collect();
        Ok(EndpointStore {
            path: path.to_owned(),
            known: RwLock::new(known),
            changing: Mutex::new(()),
        })
    }

    /// Makes an endpoint that is sent the events after `starts_after`.
    ///
    /// # Errors
    /// The merchant has too many, or the file cannot be written.
    pub fn create(
        &self,
        owner: (MerchantId, bool),
        wanted: Wanted,
        starts_after: u64,
        now: Timestamp,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        self.edit(|all| {
            if all.iter().filter(|one| one.merchant == owner.0).count() >= PER_MERCHANT_MAX {
                return Err(EndpointError::TooMany);
            }
            let endpoint = Arc::new(Endpoint::new(owner, wanted, starts_after, now)?);
            all.push(endpoint.clone());
            Ok(endpoint)
        })
    }

    /// A merchant's endpoints, oldest first.
    pub fn of(&self, merchant: MerchantId) -> Vec<Arc<Endpoint>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|one| one.merchant == merchant).cloned().collect()
    }

    /// One endpoint of this merchant; another's is as absent as one that never was.
    ///
    /// # Errors
    /// There is none.
    pub fn get(
        &self,
        merchant: MerchantId,
        id: EndpointId,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let found = self.find(id).filter(|one| one.merchant == merchant);
        found.ok_or(EndpointError::NotFound)
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn change(
        &self,
        merchant: MerchantId,
        id: EndpointId,
        changes: Changes,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let Changes { url, description, events, enabled } = changes;
        self.edit_one(
            id,
            |one| one.merchant == merchant,
            |one| {
                one.url = url.unwrap_or_else(|| std::mem::take(&mut one.url));
                one.description = description.unwrap_or_else(|| one.description.take());
                one.events = events.unwrap_or_else(|| std::mem::take(&mut one.events));
                if let Some(enabled) = enabled {
                    one.set_enabled(enabled, DisabledReason::Merchant);
                }
                Ok(())
            },
        )
    }

    /// Gives an endpoint a new secret; the old ones sign for as long as `overlap`.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn rotate(
        &self,
        merchant: MerchantId,
        id: EndpointId,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let owned = |one: &Endpoint| one.merchant == merchant;
        self.edit_one(id, owned, |one| one.rotate(overlap, now).map_err(EndpointError::from))
    }

    /// Removes an endpoint.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn delete(&self, merchant: MerchantId, id: EndpointId) -> Result<(), EndpointError> {
        self.edit(|all| {
            let before = all.len();
            all.retain(|one| !(one.id == id && one.merchant == merchant));
            if all.len() < before { Ok(()) } else { Err(EndpointError::NotFound) }
        })
    }

    /// The endpoint with this id, whosever it is: for the dispatcher.
    pub fn find(&self, id: EndpointId) -> Option<Arc<Endpoint>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|one| one.id == id).cloned()
    }

    /// Every endpoint: for the dispatcher.
    pub fn all(&self) -> Vec<Arc<Endpoint>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends an endpoint that nothing reaches: for the dispatcher.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn disable(&self, id: EndpointId, reason: DisabledReason) -> Result<(), EndpointError> {
        let ended = self.edit_one(
            id,
            |_| true,
            |one| {
                one.set_enabled(false, reason);
                Ok(())
            },
        );
        ended.map(drop)
    }

    fn edit_one(
        &self,
        id: EndpointId,
        may: impl Fn(&Endpoint) -> bool,
        edit: impl FnOnce(&mut Endpoint) -> Result<(), EndpointError>,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        self.edit(|all| {
            let found = all.iter_mut().find(|one| one.id == id && may(one));
            let found = found.ok_or(EndpointError::NotFound)?;
            edit(Arc::make_mut(found))?;
            Ok(found.clone())
        })
    }

    /// Changes a copy, writes it, and only then lets it be seen.
    fn edit<T>(
        &self,
        edit: impl FnOnce(&mut Vec<Arc<Endpoint>>) -> Result<T, EndpointError>,
    ) -> Result<T, EndpointError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all();
        let done = edit(&mut all)?;
        file::save(&self.path, &all)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(done)
    }
}
