//! What the five kinds of call have in common: each has an answer for "we did not call" and for "we
//! gave up", and all but a list say something about the provider.

use crate::circuit_breaker::Verdict;
use crate::provider::{ListOutcome, Quote};
use domain::failure::{Failure, Origin};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use std::time::Duration;

/// The answer to a call to a provider.
pub(super) trait Answer {
    /// The answer when we saw none: always "it may have happened".
    fn unseen(why: Failure) -> Self;

    /// The answer when we did not call.
    fn unsent(why: Failure, retry_after: Option<Duration>) -> Self;

    /// What it says about the provider; nothing where it says nothing about payouts.
    fn verdict(&self) -> Option<Verdict>;
}

impl Answer for SubmitOutcome {
    fn unseen(why: Failure) -> SubmitOutcome {
        SubmitOutcome::Ambiguous { why }
    }

    fn unsent(why: Failure, retry_after: Option<Duration>) -> SubmitOutcome {
        SubmitOutcome::NotSent { why, retry_after }
    }

    fn verdict(&self) -> Option<Verdict> {
        Some(match self {
            SubmitOutcome::Accepted { .. } | SubmitOutcome::Duplicate { .. } => Verdict::Well,
            SubmitOutcome::Refused { why }
            | SubmitOutcome::NotSent { why, .. }
            | SubmitOutcome::Ambiguous { why } => Verdict::on(Some(why)),
        })
    }
}

impl Answer for FetchOutcome {
    fn unseen(why: Failure) -> FetchOutcome {
        FetchOutcome::Unknown { why, retry_after: None }
    }

    fn unsent(why: Failure, retry_after: Option<Duration>) -> FetchOutcome {
        FetchOutcome::Unknown { why, retry_after }
    }

    fn verdict(&self) -> Option<Verdict> {
        Some(match self {
            // Why a payout failed is no news about the provider.
            FetchOutcome::Found(_) | FetchOutcome::NotFound | FetchOutcome::Deferred { .. } => {
                Verdict::Well
            }
            FetchOutcome::Unknown { why, .. } => Verdict::on(Some(why)),
        })
    }
}

impl Answer for UndoOutcome {
    fn unseen(why: Failure) -> UndoOutcome {
        UndoOutcome::Ambiguous { why }
    }

    /// There is no word for it here, and "refused" would be final.
    fn unsent(why: Failure, _: Option<Duration>) -> UndoOutcome {
        UndoOutcome::Ambiguous { why }
    }

    fn verdict(&self) -> Option<Verdict> {
        Some(match self {
            // An account may be barred from recalls and still be allowed to pay.
            UndoOutcome::Done | UndoOutcome::Pending | UndoOutcome::Refused { .. } => Verdict::Well,
            UndoOutcome::Ambiguous { why } => Verdict::on(Some(why)),
        })
    }
}

impl Answer for ListOutcome {
    fn unseen(why: Failure) -> ListOutcome {
        ListOutcome::Unknown { why, retry_after: None }
    }

    fn unsent(why: Failure, retry_after: Option<Duration>) -> ListOutcome {
        ListOutcome::Unknown { why, retry_after }
    }

    /// A key may pay and not read the account's statement, and a statement may come while nobody answers
    /// for a single payment: neither is news about payouts.
    fn verdict(&self) -> Option<Verdict> {
        None
    }
}

impl Answer for Result<Quote, Failure> {
    fn unseen(why: Failure) -> Result<Quote, Failure> {
        Err(why)
    }

    fn unsent(why: Failure, _: Option<Duration>) -> Result<Quote, Failure> {
        Err(why)
    }

    fn verdict(&self) -> Option<Verdict> {
        Some(Verdict::on(self.as_ref().err()))
    }
}

/// The provider did not answer in time.
pub(super) fn no_answer_in_time() -> Failure {
    Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport)
}

/// The provider is being left alone.
pub(super) fn not_reachable() -> Failure {
    Failure::new(Resolution::ConnectionError, Origin::Transport)
}

/// Something on our own side was in the way.
pub(super) fn our_own_fault() -> Failure {
    Failure::new(Resolution::GeneralError, Origin::Platform)
}
