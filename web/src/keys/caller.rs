//! Who called, once a key was recognised. Apart from the record, which is what people read about a
//! key: this is what every request carries, so it is small and cheap to clone.

use super::record::{KeyRecord, Owner, Roles, merchant_id};
use domain::id::MerchantId;
use std::sync::Arc;

/// Who called.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A merchant's program.
    Merchant(Arc<MerchantCaller>),
    /// A person, or a tool of theirs.
    Operator(Arc<OperatorCaller>),
}

/// A merchant's program.
#[derive(Debug)]
pub struct MerchantCaller {
    /// The key's own id, for logs; never the key.
    pub key_id: Box<str>,
    /// The merchant's configured name.
    pub name: Box<str>,
    /// Whose payouts it sees.
    pub merchant: MerchantId,
    /// Made with a live key.
    pub livemode: bool,
}

/// An operator.
#[derive(Debug)]
pub struct OperatorCaller {
    /// The key's own id.
    pub key_id: Box<str>,
    /// Written down with everything they do.
    pub name: Arc<str>,
    /// What they may do.
    pub roles: Roles,
}

impl Caller {
    pub(super) fn of(record: &KeyRecord) -> Caller {
        let key_id = record.id.as_str().into();
        match &record.owner {
            Owner::Merchant { name, livemode } => Caller::Merchant(Arc::new(MerchantCaller {
                key_id,
                name: name.as_str().into(),
                merchant: merchant_id(name, *livemode),
                livemode: *livemode,
            })),
            Owner::Operator { name, roles } => Caller::Operator(Arc::new(OperatorCaller {
                key_id,
                name: name.as_str().into(),
                roles: Roles::of(roles),
            })),
        }
    }
}
