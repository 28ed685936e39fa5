//! The provider accounts of this gateway, by name. Built once, at the start, by `main.rs`; who serves
//! a payout is decided here and nowhere else.

use crate::adapter_actor::AdapterHandle;
use domain::method::Method;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All provider accounts. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registry {
    accounts: Arc<BTreeMap<Arc<str>, AdapterHandle>>,
    /// Their names, in the order in which they were declared.
    declared: Arc<[Arc<str>]>,
}

/// Two accounts of the same name: callbacks and journals could mean either.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the provider account {0:?} is declared twice")]
pub struct DeclaredTwice(
    /// The name.
    pub Arc<str>,
);

impl Registry {
    /// These accounts, in the order in which payouts are offered to them.
    ///
    /// # Errors
    /// [`DeclaredTwice`] when two have the same name.
    pub fn new(
        handles: impl IntoIterator<Item = AdapterHandle>,
    ) -> Result<Registry, DeclaredTwice> {
        let (mut accounts, mut declared) = (BTreeMap::new(), Vec::new());
        for handle in handles {
            let name = handle.account.clone();
            if accounts.insert(name.clone(), handle).is_some() {
                return Err(DeclaredTwice(name));
            }
            declared.push(name);
        }
        Ok(Registry { accounts: Arc::new(accounts), declared: declared.into() })
    }

    /// The account of that name.
    pub fn get(&self, account: &str) -> Option<&AdapterHandle> {
        self.accounts.get(account)
    }

    /// The account that serves a payout of this method: the one that was wished for, if it serves
    /// the method, or else the first declared that does. A wish is never overruled.
    pub fn route(&self, method: Method, wished: Option<&str>) -> Option<&AdapterHandle> {
        let serves = |handle: &&AdapterHandle| handle.caps().methods.contains(&method);
        match wished {
            Some(account) => self.get(account).filter(serves),
            None => self.iter().find(serves),
        }
    }

    /// All accounts, in the order in which they were declared.
    pub fn iter(&self) -> impl Iterator<Item = &AdapterHandle> {
        self.declared.iter().filter_map(|name| self.accounts.get(name))
    }
}
