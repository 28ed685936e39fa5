//! The sandbox's status words. Apart from the domain's, on purpose: a provider has its own, and the
//! adapter's map is only worth something if it has to translate.

/// A status word of the sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is its word on the wire")]
pub enum Word {
    Accepted,
    Queued,
    Processing,
    Held,
    Settled,
    Failed,
    Returned,
    Revoking,
    Revoked,
    Reversing,
    Reversed,
    Expired,
    Rejected,
    /// In nobody's documentation.
    Frobnicated,
}

impl Word {
    /// As it is spelled on the wire.
    pub const fn text(self) -> &'static str {
        match self {
            Word::Accepted => "accepted",
            Word::Queued => "queued",
            Word::Processing => "processing",
            Word::Held => "held",
            Word::Settled => "settled",
            Word::Failed => "failed",
            Word::Returned => "returned",
            Word::Revoking => "revoking",
            Word::Revoked => "revoked",
            Word::Reversing => "reversing",
            Word::Reversed => "reversed",
            Word::Expired => "expired",
            Word::Rejected => "rejected",
            Word::Frobnicated => "frobnicated",
        }
    }

    /// Whether the money is still here and may be called back.
    pub const fn is_recallable(self) -> bool {
        match self {
            Word::Accepted | Word::Queued | Word::Processing | Word::Held => true,
            Word::Settled | Word::Failed | Word::Returned | Word::Revoking | Word::Revoked => false,
            Word::Reversing
            | Word::Reversed
            | Word::Expired
            | Word::Rejected
            | Word::Frobnicated => false,
        }
    }
}
