//! What the model can be told to do wrong. A comparison that overlooks its mistakes would overlook the product's.

/// Mistakes that the model can be told to make, to see that somebody notices.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Slip {
    SendsAgainOnNotFound,
    BelievesOldNotFound,
    ForgetsWhenItWasRestored,
    BelievesTheSecondRefusal,
    FailsOnDuplicate,
    SendsWhatIsHeld,
    EvidenceFreesWhatAPersonHolds,
    ExpiresWhatWasSent,
    OneManApproves,
    ProposalsOutliveNews,
    TakesTooMuch,
    BelievesAnInlineUndo,
    TerminatesWhatWasRestored,
}

impl Slip {
    pub const ALL: [Slip; 13] = [
        Slip::SendsAgainOnNotFound,
        Slip::BelievesOldNotFound,
        Slip::ForgetsWhenItWasRestored,
        Slip::BelievesTheSecondRefusal,
        Slip::FailsOnDuplicate,
        Slip::SendsWhatIsHeld,
        Slip::EvidenceFreesWhatAPersonHolds,
        Slip::ExpiresWhatWasSent,
        Slip::OneManApproves,
        Slip::ProposalsOutliveNews,
        Slip::TakesTooMuch,
        Slip::BelievesAnInlineUndo,
        Slip::TerminatesWhatWasRestored,
    ];
}
