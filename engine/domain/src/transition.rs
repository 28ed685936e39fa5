//! The heart: where a payout in one status goes when something happens. One table, live and at
//! replay, with proofs that the compiler runs. Apart from `decide.rs`, which finds out *what*
//! happened; nothing else in the code base knows a transition.

use crate::status::Status::{self, *};
use bincode::{Decode, Encode};

/// What happened to a payout, stripped of all data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
#[repr(u8)]
pub enum Trigger {
    /// The recipient's details are complete and accepted.
    DetailsAccepted,
    /// The details, or every route for them, were refused.
    DetailsRejected,
    /// The merchant or the recipient stopped it.
    TerminateAsked,
    /// Its deadline passed.
    DeadlinePassed,
    /// The permit is granted and the intent durable.
    InvokeSent,
    /// Proof that nothing reached the provider.
    NothingSent,
    /// The provider's explicit refusal of the submission.
    ProviderRefused,
    /// The provider accepted the submission.
    ProviderAccepted,
    /// The provider has it and waits.
    ProviderQueued,
    /// Verified paid in full.
    ProviderPaid,
    /// Verified paid in part.
    ProviderPaidPart,
    /// Verified failed after the provider had it.
    ProviderFailed,
    /// The provider gave the money back by itself.
    ProviderReturned,
    /// A recall of a payout in flight is durable and will be sent.
    RevokeSent,
    /// An undo of a success is durable and will be sent.
    CancelSent,
    /// The recall or undo worked.
    UndoDone,
    /// The recall or undo was refused, or the payment was faster.
    UndoRefused,
}

use Trigger::*;

impl Trigger {
    /// Every trigger, in the order of a life.
    pub const ALL: [Trigger; 17] = [
        DetailsAccepted,
        DetailsRejected,
        TerminateAsked,
        DeadlinePassed,
        InvokeSent,
        NothingSent,
        ProviderRefused,
        ProviderAccepted,
        ProviderQueued,
        ProviderPaid,
        ProviderPaidPart,
        ProviderFailed,
        ProviderReturned,
        RevokeSent,
        CancelSent,
        UndoDone,
        UndoRefused,
    ];

    /// The word used in histories and in the status table.
    pub const fn word(self) -> &'static str {
        match self {
            DetailsAccepted => "details_accepted",
            DetailsRejected => "details_rejected",
            TerminateAsked => "terminate_asked",
            DeadlinePassed => "deadline_passed",
            InvokeSent => "invoke_sent",
            NothingSent => "nothing_sent",
            ProviderRefused => "provider_refused",
            ProviderAccepted => "provider_accepted",
            ProviderQueued => "provider_queued",
            ProviderPaid => "provider_paid",
            ProviderPaidPart => "provider_paid_part",
            ProviderFailed => "provider_failed",
            ProviderReturned => "provider_returned",
            RevokeSent => "revoke_sent",
            CancelSent => "cancel_sent",
            UndoDone => "undo_done",
            UndoRefused => "undo_refused",
        }
    }
}

/// Where a payout in `from` goes when `on` happens. `None`: refused, nothing changes.
#[rustfmt::skip]
pub const fn next(from: Status, on: Trigger) -> Option<Status> {
    Some(match (from, on) {
        // Ours alone: no provider has heard of it.
        (Created,                           DetailsAccepted)  => Ready,
        (Created,                           DetailsRejected)  => CreateFailed,
        (Created | Ready,                   TerminateAsked)   => Terminated,
        (Created | Ready,                   DeadlinePassed)   => Expired,
        (Ready,                             InvokeSent)       => Invoking,
        // Proof that no byte left gives it back to us; without proof these three are not taken.
        (Invoking,                          NothingSent)      => Ready,
        (Invoking,                          TerminateAsked)   => Terminated,
        (Invoking,                          DeadlinePassed)   => Expired,
        // The provider may have it. Its word may skip a step, but never goes back one.
        (Invoking,                          ProviderRefused)  => InvokeFailed,
        (Invoking,                          ProviderAccepted) => Processing,
        (Invoking | Processing,             ProviderQueued)   => Pending,
        (Invoking | Processing | Pending,   ProviderPaid)     => Processed,
        (Invoking | Processing | Pending,   ProviderPaidPart) => PartiallyProcessed,
        (Invoking | Processing | Pending,   ProviderFailed)   => ProcessFailed,
        // Taken back: revoked before it is paid, cancelled after.
        (Processing | Pending,              RevokeSent)       => Revoking,
        (Revoking,                          UndoDone)         => Revoked,
        (Revoking,                          UndoRefused)      => RevokeFailed,
        (Processed | PartiallyProcessed,    CancelSent)       => Cancelling,
        (Processed | PartiallyProcessed,    ProviderReturned) => Cancelled,
        (Cancelling,                        UndoDone)         => Cancelled,
        (Cancelling,                        UndoRefused)      => CancelFailed,
        _ => return None,
    })
}

/// Proved while compiling, so that the wildcard in `next` can hide nothing forgotten.
const _: () = {
    let mut reached = [false; Status::ALL.len()];
    let mut taken = [false; Trigger::ALL.len()];
    reached[Created as usize] = true;
    let mut s = 0;
    while s < Status::ALL.len() {
        let (mut exits, mut t) = (0, 0);
        while t < Trigger::ALL.len() {
            if let Some(to) = next(Status::ALL[s], Trigger::ALL[t]) {
                reached[to as usize] = true;
                taken[t] = true;
                exits += 1;
            }
            t += 1;
        }
        assert!(Status::ALL[s].is_final() == (exits == 0), "final means that nothing leaves");
        s += 1;
    }
    let mut i = 0;
    while i < reached.len() {
        assert!(reached[i], "no step reaches some status");
        i += 1;
    }
    let mut i = 0;
    while i < taken.len() {
        assert!(taken[i], "no status takes some trigger");
        i += 1;
    }
};

/// The table as text, one line per status: what README prints and a test compares.
pub fn grid() -> String {
    let mut text = String::from("| status | final | what leaves it |\n| --- | --- | --- |\n");
    for from in Status::ALL {
        let exits: Vec<String> = Trigger::ALL
            .into_iter()
            .filter_map(|on| next(from, on).map(|to| format!("{} → {to}", on.word())))
            .collect();
        let exits = if exits.is_empty() { "nothing".to_owned() } else { exits.join(", ") };
        let last = if from.is_final() { "yes" } else { "no" };
        text.push_str(&format!("| {from} | {last} | {exits} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps as the design's table lists them, written a second time by hand: a change of
    /// either side must be made twice.
    const PUBLISHED: &[(Status, Trigger, Status)] = &[
        (Created, DetailsAccepted, Ready),
        (Created, DetailsRejected, CreateFailed),
        (Created, TerminateAsked, Terminated),
        (Created, DeadlinePassed, Expired),
        (Ready, TerminateAsked, Terminated),
        (Ready, DeadlinePassed, Expired),
        (Ready, InvokeSent, Invoking),
        (Invoking, NothingSent, Ready),
        (Invoking, TerminateAsked, Terminated),
        (Invoking, DeadlinePassed, Expired),
        (Invoking, ProviderRefused, InvokeFailed),
        (Invoking, ProviderAccepted, Processing),
        (Invoking, ProviderQueued, Pending),
        (Invoking, ProviderPaid, Processed),
        (Invoking, ProviderPaidPart, PartiallyProcessed),
        (Invoking, ProviderFailed, ProcessFailed),
        (Processing, ProviderQueued, Pending),
        (Processing, ProviderPaid, Processed),
        (Processing, ProviderPaidPart, PartiallyProcessed),
        (Processing, ProviderFailed, ProcessFailed),
        (Processing, RevokeSent, Revoking),
        (Pending, ProviderPaid, Processed),
        (Pending, ProviderPaidPart, PartiallyProcessed),
        (Pending, ProviderFailed, ProcessFailed),
        (Pending, RevokeSent, Revoking),
        (Processed, ProviderReturned, Cancelled),
        (Processed, CancelSent, Cancelling),
        (PartiallyProcessed, ProviderReturned, Cancelled),
        (PartiallyProcessed, CancelSent, Cancelling),
        (Cancelling, UndoDone, Cancelled),
        (Cancelling, UndoRefused, CancelFailed),
        (Revoking, UndoDone, Revoked),
        (Revoking, UndoRefused, RevokeFailed),
    ];

    #[test]
    fn every_pair_is_as_published() {
        for from in Status::ALL {
            for on in Trigger::ALL {
                let published = PUBLISHED.iter().find(|row| row.0 == from && row.1 == on);
                assert_eq!(next(from, on), published.map(|row| row.2), "{from} on {}", on.word());
            }
        }
    }

    #[test]
    fn the_lists_are_numbered_as_declared() {
        for (index, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(status as usize, index);
        }
        for (index, trigger) in Trigger::ALL.into_iter().enumerate() {
            assert_eq!(trigger as usize, index);
        }
    }
}
