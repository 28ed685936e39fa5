//! What one call's end says about the provider, as opposed to about the payout. A payout that is
//! refused for its own faults is a provider at work.

use domain::failure::Failure;
use domain::resolution::Resolution;

/// What one call's end says about the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It works, whatever it thinks of the payout.
    Well,
    /// It cannot be reached, does not answer in time, or fails inside.
    Failing,
    /// It does not accept this account: every further payout would be refused.
    LockedOut,
}

impl Verdict {
    /// The verdict on a call that gave this failure, or none.
    pub fn on(why: Option<&Failure>) -> Verdict {
        match why.map(|why| why.resolution) {
            Some(
                Resolution::InvalidCredentials
                | Resolution::ForbiddenIp
                | Resolution::SignatureError
                | Resolution::AccessError,
            ) => Verdict::LockedOut,
            Some(
                Resolution::ConnectionError
                | Resolution::ConnectionTimeoutError
                | Resolution::ProviderInternalError,
            ) => Verdict::Failing,
            _ => Verdict::Well,
        }
    }
}
