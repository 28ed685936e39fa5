//! What is known of one reference. Apart from `world.rs` because a benchmark makes millions of
//! them: what is here is paid for a million times.

use super::ID_PREFIX;
use super::behaviour::{Beat, Lookup, Undo};
use super::submission::Asked;
use super::word::Word;
use crate::sandbox::wire::{CallsRow, LedgerRow, PayoutBody};
use domain::id::PayoutId;
use domain::money::{Amount, Currency};
use domain::resolution::Resolution;
use domain::time::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

/// One reference: a payout, or the memory of a submission that made none.
#[derive(Clone)]
pub(super) struct Row {
    pub reference: Box<str>,
    pub callback_url: Option<Arc<str>>,
    pub life: &'static [Beat],
    /// When it was taken.
    pub taken_at: Timestamp,
    pub payout: PayoutId,
    amount: Amount,
    currency: Currency,
    /// The row of the same payout before this one.
    pub older: Option<u32>,
    pub submits: u32,
    pub fetches: u32,
    /// Events told so far.
    pub events: u32,
    pub paid: u16,
    pub returned: u16,
    pub revoked: u16,
    /// How much of the amount was paid.
    pub percent: u8,
    /// There is a payout.
    pub taken: bool,
    /// A mobile network carries it.
    pub by_phone: bool,
    pub word: Word,
    pub lookup: Lookup,
    pub undo: Undo,
    pub resolution: Resolution,
}

impl Row {
    /// A reference seen for the first time.
    pub fn new(asked: &Asked<'_>, older: Option<u32>) -> Row {
        Row {
            reference: asked.reference.into(),
            callback_url: None,
            life: &[],
            taken_at: Timestamp::default(),
            payout: asked.payout,
            amount: asked.amount,
            currency: asked.currency,
            older,
            submits: 0,
            fetches: 0,
            events: 0,
            paid: 0,
            returned: 0,
            revoked: 0,
            percent: 0,
            taken: false,
            by_phone: asked.recipient.number.is_some(),
            word: Word::Processing,
            lookup: Lookup::Plain,
            undo: Undo::Plain,
            resolution: Resolution::Ok,
        }
    }

    /// The payout as lookups tell it.
    pub fn body(&self) -> PayoutBody {
        let failed = matches!(self.word, Word::Failed);
        PayoutBody {
            id: self.taken.then(|| format!("{ID_PREFIX}{}", self.reference)),
            reference: self.reference.to_string(),
            status: Cow::Borrowed(self.word.text()),
            amount: self.amount.to_string(),
            currency: self.currency.code().to_owned(),
            settled_amount: (self.paid > 0).then(|| self.paid_amount().to_string()),
            code: failed.then(|| code_of(self.resolution)),
            origin: failed.then(|| Cow::Borrowed(self.origin())),
        }
    }

    /// The row of the ledger.
    pub fn ledger(&self) -> LedgerRow {
        let amount = if self.paid > 0 { self.paid_amount() } else { self.amount };
        LedgerRow {
            payout: self.payout.to_string(),
            reference: self.reference.to_string(),
            paid: self.paid.into(),
            returned: self.returned.into(),
            revoked: self.revoked.into(),
            amount: amount.to_string(),
            currency: self.currency.code().to_owned(),
        }
    }

    /// How often it was asked about.
    pub fn calls(&self) -> CallsRow {
        CallsRow {
            payout: self.payout.to_string(),
            reference: self.reference.to_string(),
            submits: self.submits,
            fetches: self.fetches,
        }
    }

    /// The share that was paid, to the nearest minor unit and never none.
    fn paid_amount(&self) -> Amount {
        if self.percent >= 100 {
            return self.amount;
        }
        let share = (self.amount.minor_units() * u128::from(self.percent) + 50) / 100;
        Amount::from_minor_units(share.max(1), self.currency).unwrap_or(self.amount)
    }

    /// Who is said to have failed it.
    pub fn origin(&self) -> &'static str {
        match self.resolution {
            Resolution::RecipientNotFound | Resolution::InvalidRecipient => "recipient",
            // Whatever fails behind the sandbox fails at the operator's, where there is one.
            _ if self.by_phone => "network",
            _ => "provider",
        }
    }
}

/// The sandbox's code for a resolution: the same word in small letters.
pub(super) fn code_of(resolution: Resolution) -> Cow<'static, str> {
    Cow::Owned(resolution.code().to_ascii_lowercase())
}
