//! The guard inside the connector: names are resolved here, and an answer that holds one address out
//! of bounds is refused whole. Apart from the guard, which knows rules and no network.

use super::guard::{Guard, Mode};
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Asks for the addresses of a name. A trait, so that a test can answer.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of the name.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why a name leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LookupFault {
    /// At least one of its addresses is out of bounds.
    #[error("the name leads to an address that is not public")]
    Refused,
    /// There is no such name, or nobody answers.
    #[error("the name cannot be resolved")]
    Unknown,
}

/// Resolves for one mode. Asked anew for every connection, so it sees what the connection will.
pub struct GuardedResolver {
    lookup: Arc<dyn Lookup>,
    guard: Arc<Guard>,
    mode: Mode,
}

impl GuardedResolver {
    /// A resolver for endpoints of this mode.
    pub fn new(lookup: Arc<dyn Lookup>, guard: Arc<Guard>, mode: Mode) -> GuardedResolver {
        GuardedResolver { lookup, guard, mode }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = self.lookup.addresses(name.as_str().to_owned());
        let (guard, mode) = (self.guard.clone(), self.mode);
        Box::pin(async move {
            let addresses = answer.await.unwrap_or_default();
            if addresses.is_empty() {
                return Err(LookupFault::Unknown.into());
            }
            // One good address beside a bad one is the usual form of the attack, so all or none.
            if !addresses.iter().all(|address| guard.may_reach(*address, mode)) {
                return Err(LookupFault::Refused.into());
            }
            let all = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(all) as Addrs)
        })
    }
}
