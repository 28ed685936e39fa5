//! What is known about a key besides its hash: whose it is, what it may do, since when. This much
//! may be listed and printed.

use super::{KeyError, secret};
use domain::id::MerchantId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One key, as it may be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyRecord {
    /// `key_` and 16 characters; what `revoke` takes and what logs name.
    pub id: String,
    /// Whose it is.
    #[serde(flatten)]
    pub owner: Owner,
    /// How the key begins: enough to tell two apart.
    pub hint: String,
    /// When it was made.
    pub created_at: jiff::Timestamp,
    /// When it was ended.
    pub revoked_at: Option<jiff::Timestamp>,
    /// It is for trying things out: it stands readable in a file, and ends where it can be called from elsewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub for_trials: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Whose a key is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Owner {
    /// A merchant, in test or in live mode.
    Merchant {
        /// The configured name.
        name: String,
        /// Live or test.
        livemode: bool,
    },
    /// An operator.
    Operator {
        /// Who it is; written down with everything they do.
        name: String,
        /// What they may do.
        roles: Vec<Role>,
    },
}

/// The merchant behind a key. Test and live are two merchants to the engine, so that no test key
/// reaches real money and no reference or idempotency key is shared between the two.
pub fn merchant_id(name: &str, livemode: bool) -> MerchantId {
    // No name contains a colon, so no live merchant can be called like somebody's test mode.
    if livemode {
        MerchantId::from_name(name)
    } else {
        MerchantId::from_name(&format!("test:{name}"))
    }
}

impl Owner {
    /// How keys of this kind begin.
    pub const fn prefix(&self) -> &'static str {
        match self {
            Owner::Merchant { livemode: true, .. } => "sk_live_",
            Owner::Merchant { livemode: false, .. } => "sk_test_",
            Owner::Operator { .. } => "ok_",
        }
    }

    pub(super) fn check(&self) -> Result<(), KeyError> {
        let (Owner::Merchant { name, .. } | Owner::Operator { name, .. }) = self;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            return Err(KeyError::InvalidName);
        }
        match self {
            Owner::Operator { roles, .. } if roles.is_empty() => Err(KeyError::NoRoles),
            _ => Ok(()),
        }
    }
}

impl KeyRecord {
    pub(super) fn new(owner: Owner, secret: &str) -> Result<KeyRecord, KeyError> {
        let shown = owner.prefix().len() + 4;
        Ok(KeyRecord {
            id: format!("key_{}", secret::random_hex(8)?),
            hint: format!("{}…", secret.chars().take(shown).collect::<String>()),
            owner,
            created_at: jiff::Timestamp::now(),
            revoked_at: None,
            for_trials: false,
        })
    }
}

/// What an operator may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything.
    Viewer,
    /// Release and resubmit, and change how providers are used.
    Operator,
    /// Approve what another operator proposed.
    Approver,
    /// Everything an operator may, and snapshots and settings.
    Admin,
}

impl Role {
    /// All four.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Approver, Role::Admin];

    /// The word as spelled in files and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Approver => "approver",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Role, UnknownRole> {
        Role::ALL.into_iter().find(|role| role.word() == word).ok_or(UnknownRole)
    }
}

/// Not one of the four words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a role is one of viewer, operator, approver, admin")]
pub struct UnknownRole;

/// Several roles at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Roles(u8);

impl Roles {
    /// These.
    pub fn of(roles: &[Role]) -> Roles {
        Roles(roles.iter().fold(0, |bits, role| bits | 1 << (*role as u8)))
    }

    /// Whether what asks for `needed` may be done. Whoever has any role may look. Approving is not
    /// part of any other role: the second pair of eyes must be given on purpose.
    pub const fn allow(self, needed: Role) -> bool {
        match needed {
            Role::Viewer => self.0 != 0,
            Role::Operator => self.has(Role::Operator) || self.has(Role::Admin),
            Role::Approver | Role::Admin => self.has(needed),
        }
    }

    const fn has(self, role: Role) -> bool {
        self.0 & (1 << (role as u8)) != 0
    }
}
