//! What does not change while a world is played: the provider accounts' contracts, the merchants, and
//! what they ask for. Apart from the world because it is computed once.

use crate::agenda::{DAY, HOUR};
use crate::script::{AccountKnobs, Script};
use domain::entry::Request;
use domain::id::{Fingerprint, IdKey, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::schedule::{Policy, PollPlan, ReturnWatch};
use domain::time::Timestamp;
use std::time::Duration;

/// The names of the accounts.
pub(crate) const ACCOUNTS: [&str; 2] = ["alpha", "beta"];
/// This body waits for the recipient's details.
const WANTS_DETAILS: u8 = 6;
/// This one waits for the process command.
const BY_HAND: u8 = 7;

/// What is settled before anything happens.
pub(crate) struct Setting {
    pub policies: Vec<Policy>,
    /// What all accounts allow: for a payout that any of them may have had.
    pub weakest: Policy,
    pub currency: Currency,
    pub other_currency: Currency,
    pub id_key: IdKey,
    recipient: Recipient,
    incomplete: Recipient,
}

impl Setting {
    pub fn of(script: &Script) -> Setting {
        let policies: Vec<Policy> = script.knobs.accounts.iter().map(policy).collect();
        let weakest = policies.iter().cloned().reduce(Policy::of_either);
        let input = || RecipientInput {
            kind: Some("bank_account".into()),
            name: Some("Anna Schmidt".into()),
            country: Some("DE".into()),
            ..RecipientInput::default()
        };
        let whole = RecipientInput { iban: Some(IBAN.into()), ..input() };
        Setting {
            weakest: weakest.unwrap_or_else(|| unreachable!("a script has an account")),
            policies,
            currency: known("EUR"),
            other_currency: known("USD"),
            id_key: IdKey([7; 32]),
            recipient: recipient(whole),
            incomplete: recipient(input()),
        }
    }

    /// What the body with this number asks for.
    pub fn request(&self, merchant: u8, body: u8, now: Timestamp) -> Request {
        let minor = 1_000 + u128::from(body) * 137;
        let life = if body.is_multiple_of(3) { 5 * DAY } else { 2 * HOUR };
        let amount = Amount::from_minor_units(minor, self.currency);
        Request {
            merchant: merchant_id(merchant),
            livemode: true,
            body: Fingerprint::of(&[merchant, body]),
            amount: amount.unwrap_or_else(|_| unreachable!("small and more than zero")),
            currency: self.currency,
            method: Method::BankTransfer,
            recipient: match body {
                WANTS_DETAILS => self.incomplete.clone(),
                _ => self.recipient.clone(),
            },
            reference: None,
            description: None,
            metadata: Box::new([]),
            autoprocess: body != BY_HAND,
            expires_at: now.plus(Duration::from_micros(life.unsigned_abs())),
            // Some merchants choose the account.
            provider_account: match (body % 4, self.policies.len()) {
                (1, 2) => Some(ACCOUNTS[1].into()),
                _ => None,
            },
            max_slippage_bps: None,
        }
    }

    /// The details that are wanted.
    pub fn details() -> RecipientInput {
        RecipientInput { iban: Some(IBAN.into()), ..RecipientInput::default() }
    }

    /// The payout that a merchant makes under a key.
    pub fn payout(&self, merchant: u8, key: u16) -> PayoutId {
        PayoutId::derive(&self.id_key, merchant_id(merchant), &format!("key-{key}"))
    }

    /// The number of an account.
    pub fn account(name: &str) -> Option<usize> {
        ACCOUNTS.iter().position(|one| *one == name)
    }

    /// Where a payout went, or goes to next.
    pub fn account_of(payout: &Payout) -> usize {
        payout.account().and_then(Setting::account).unwrap_or(0)
    }

    /// What may be concluded about a payout.
    pub fn policy_of(&self, payout: &Payout) -> &Policy {
        if payout.is_sought() && payout.asked_of().is_none() {
            return &self.weakest;
        }
        &self.policies[Setting::account_of(payout)]
    }
}

const IBAN: &str = "DE89370400440532013000";

pub(crate) fn merchant_id(merchant: u8) -> MerchantId {
    MerchantId(100 + u64::from(merchant))
}

fn known(code: &str) -> Currency {
    code.parse().unwrap_or_else(|_| unreachable!("a currency of the standard"))
}

fn recipient(input: RecipientInput) -> Recipient {
    Recipient::build(input).unwrap_or_else(|_| unreachable!("as in the manual"))
}

fn policy(knobs: &AccountKnobs) -> Policy {
    let seconds = |count: u32| Duration::from_secs(u64::from(count));
    Policy {
        poll: PollPlan {
            first: seconds(knobs.poll_first),
            factor: 2,
            cap: seconds(knobs.poll_cap),
            give_up: seconds(knobs.give_up),
        },
        can_revoke: knobs.can_revoke,
        can_cancel: knobs.can_cancel,
        not_found_final_after: knobs.not_found_final_after.map(seconds),
        visibility_lag: seconds(knobs.visibility_lag),
        resend_is_safe: knobs.resend_is_safe,
        late_return: knobs.late_return.then(|| ReturnWatch {
            first: seconds(86_400),
            factor: 2,
            window: seconds(20 * 86_400),
        }),
        believe_signed_callbacks: knobs.believed,
    }
}
