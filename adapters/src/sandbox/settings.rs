//! What can be set about the sandbox, on both of its sides: the provider that it plays, and the
//! account that the gateway has there. Apart from the gateway's config file, which fills it.

use super::world::faults::Faults;
use crate::provider::{Caps, Limits, Lists};
use domain::method::Method;
use domain::schedule::{Policy, PollPlan, ReturnWatch};
use secrecy::SecretString;
use std::time::Duration;

/// Settings of the sandbox. Both sides must be given the same secrets.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// The account's name in payouts and in callback addresses.
    pub account: Box<str>,
    /// How hard the account may be asked, and how long one call may take.
    pub limits: Limits,
    /// When its payouts are asked about.
    pub poll: PollPlan,
    /// How long a lookup may miss a payout that exists.
    pub visibility_lag: Duration,
    /// A signed callback that names our reference, amount and currency is believed without asking.
    pub believe_signed_callbacks: bool,
    /// How long a paid payout is watched for its money coming back without a word.
    pub late_return: Option<ReturnWatch>,
    /// Virtual time from acceptance to settlement.
    pub settle_after: Duration,
    /// With the reference, decides every fault.
    pub seed: u64,
    /// What goes wrong by chance; nothing, unless asked for.
    pub faults: Faults,
    /// Names the gateway to the sandbox.
    pub client_id: Box<str>,
    /// Its proof.
    pub client_secret: SecretString,
    /// Signs callbacks.
    pub callback_secret: SecretString,
}

impl Default for SandboxSettings {
    fn default() -> SandboxSettings {
        SandboxSettings {
            account: "sandbox".into(),
            limits: Limits {
                calls: 5_000,
                per: Duration::from_secs(1),
                verify_share: 25,
                concurrency: 64,
                timeout: Duration::from_secs(2),
                queue: 1_000_000,
                in_doubt_max: Vec::new(),
            },
            poll: PollPlan {
                first: Duration::from_secs(1),
                factor: 2,
                cap: Duration::from_secs(60),
                give_up: Duration::from_secs(24 * 60 * 60),
            },
            visibility_lag: Duration::from_secs(2),
            believe_signed_callbacks: false,
            late_return: Some(ReturnWatch {
                first: Duration::from_secs(60 * 60),
                factor: 2,
                window: Duration::from_secs(30 * 24 * 60 * 60),
            }),
            settle_after: Duration::from_millis(200),
            seed: 1,
            faults: Faults::default(),
            // Known to everyone: no money hangs on them, and a sandbox in a process of its own must
            // agree with the gateway without being told.
            client_id: "bursar".into(),
            client_secret: "sandbox-client-secret".into(),
            callback_secret: "sandbox-callback-secret".into(),
        }
    }
}

impl SandboxSettings {
    /// The account's finality contract.
    pub fn caps(&self) -> Caps {
        Caps {
            account: self.account.clone(),
            methods: Method::ALL.to_vec(),
            policy: Policy {
                poll: self.poll.clone(),
                can_revoke: true,
                can_cancel: true,
                // A submission may still be under way when a lookup misses it, for as long as
                // anything hangs: the sandbox never promises that "not found" is final.
                not_found_final_after: None,
                visibility_lag: self.visibility_lag,
                resend_is_safe: true,
                late_return: self.late_return.clone(),
                believe_signed_callbacks: self.believe_signed_callbacks,
            },
            limits: self.limits.clone(),
            lists: Some(Lists { visibility_lag: self.hidden_for(), reaches_back: None }),
        }
    }

    /// How long a payment may be hidden, by its recipient's wish or by chance.
    fn hidden_for(&self) -> Duration {
        let by_chance = self.faults.visibility_lag.map_or(Duration::ZERO, |span| span.0);
        self.visibility_lag.max(by_chance)
    }
}
