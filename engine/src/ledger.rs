//! A submission as the ledger of intents keeps it: everything that is needed to know of the payout
//! again, should the log be lost. Apart from the journal's entries because it must make sense alone.

use bincode::{Decode, Encode};
use domain::entry::{Intent, Request};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::recipient::Recipient;
use domain::time::Timestamp;
use snapshots::codec::{CodecError, Kind, open, seal};
use std::sync::Arc;

/// One submission, with the payout that it is of.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Intended {
    /// The payout.
    pub payout: PayoutId,
    /// When it was made.
    pub created_at: Timestamp,
    /// What its merchant asked for.
    pub request: Arc<Request>,
    /// To whom, with all details given by then.
    pub recipient: Arc<Recipient>,
    /// What was about to be sent.
    pub intent: Intent,
    /// When.
    pub at: Timestamp,
}

/// A ledger, as a restore reads it.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// It has every submission behind this sequence of the log, and says nothing of earlier ones.
    pub since: u64,
    /// The submissions, in order.
    pub intents: Vec<Intended>,
}

impl Intended {
    /// A submission of this payout.
    pub fn of(payout: &Payout, intent: &Intent, at: Timestamp) -> Intended {
        Intended {
            payout: payout.id(),
            created_at: payout.created_at(),
            request: payout.request().clone(),
            recipient: Arc::new(payout.recipient().clone()),
            intent: intent.clone(),
            at,
        }
    }

    /// As a line of the ledger.
    pub fn line(&self) -> Result<Vec<u8>, CodecError> {
        seal(Kind::Intended, self)
    }

    /// A line of the ledger, read.
    pub fn read(line: &[u8]) -> Result<Intended, CodecError> {
        open(Kind::Intended, line)
    }
}
