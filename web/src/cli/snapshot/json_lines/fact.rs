//! The words of what happened, as the lines spell them. Apart because they are a list, and total: a new
//! kind of fact must be given its word here.

use domain::entry::Fact;

/// The word.
pub fn word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Created(_) => "created",
        Fact::DetailsGiven(_) => "details_given",
        Fact::DetailsRejected(_) => "details_rejected",
        Fact::ProcessAsked => "process_asked",
        Fact::Moved => "moved",
        Fact::Invoked(_) => "invoked",
        Fact::Learned(_) => "learned",
        Fact::UndoSent => "undo_sent",
        Fact::Held(_) => "held",
        Fact::Released => "released",
        Fact::ResubmitAsked => "resubmit_asked",
        Fact::Commanded { .. } => "commanded",
        Fact::Operated(_) => "operated",
        Fact::Quoted(_) => "quoted",
        Fact::RateMissed(_) => "rate_missed",
        Fact::Adopted(_) => "adopted",
    }
}
