//! What the world does to the gateway, as data: which faults are on, and every act of a client, an
//! operator or fate with its time. Apart from the world that plays it, so that a script can be printed,
//! kept as a file, made smaller, and played again.
//!
//! A script file is text: lines that begin with `#` are remarks, the first other line holds the seed and
//! the knobs as JSON, and every further line one act as JSON.

mod draw;
mod step_words;

pub use draw::draw;

use crate::agenda::Time;
use crate::tally::Point;
use domain::status::Status;
use domain::transition::Trigger;
use serde::{Deserialize, Serialize};

/// Everything that is needed to play it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// From which all draws are made that are no acts: delays, lies, fates.
    pub seed: u64,
    /// Which faults are on, and what was agreed with the providers.
    pub knobs: Knobs,
    /// What happens from outside, in order.
    #[serde(skip)]
    pub acts: Vec<Act>,
}

/// One act, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// The things that are done to the gateway. Numbers that pick something pick it among what there is by
/// then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A merchant wants a payout under a key, and asks until it is told.
    Create { merchant: u8, key: u16, body: u8 },
    /// The same request twice in the same moment.
    CreateTwice { merchant: u8, key: u16, body: u8 },
    /// A merchant's command about the payout of a key; under a key of its own.
    Command { merchant: u8, key: u16, order: Order, token: u8 },
    /// A merchant asks for a payout that is another's.
    Peek { merchant: u8, key: u16 },
    /// An operator looks at something that is held, and does what this number stands for.
    Operate { pick: u16, mood: u8, who: u8 },
    /// An operator holds a payout.
    Pause { pick: u16, who: u8 },
    /// The process is killed now, and started again after a while.
    Kill { down: Time },
    /// The process dies where it next comes to this point in a turn that makes this step; any turn if
    /// none is named.
    CrashAt {
        point: Point,
        #[serde(with = "step_words")]
        edge: Option<(Status, Trigger)>,
        skip: u8,
        down: Time,
    },
    /// The process dies once more while it reads this many records of its journal back.
    CrashReading { records: u16 },
    /// The disk does not take the next sync.
    SyncFails { down: Time },
    /// The disk has no room for so long.
    DiskFull { lasts: Time },
    /// A snapshot is taken; the process dies in the middle of it if that is wanted.
    Snapshot { dies: bool },
    /// A copy of the log is put aside.
    Copy,
    /// Everything is put back: to a copy, or to an earlier point of the log itself.
    Restore { copy: Option<u16>, back_permille: u16 },
    /// Somebody puts an older copy under the stopped gateway, and must be noticed.
    Swap { copy: u16 },
    /// A bit of the stopped gateway's log flips, and must be noticed.
    Flip { bit: u64 },
    /// The wall clock jumps.
    Jump { by: Time },
    /// The process stands still for so long.
    Freeze { lasts: Time },
}

/// A merchant's command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Send one that does not go by itself.
    Process,
    /// Complete a recipient.
    GiveDetails,
    /// Complete it with what the account does not serve.
    GiveUnservedDetails,
    /// Stop before it is sent.
    Terminate,
    /// Recall.
    Revoke,
    /// Undo.
    Cancel,
    /// Ask the provider.
    Reconcile,
}

/// Which faults are on. What is counted in thousandths is how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knobs {
    /// For how long there is chaos.
    pub days: u16,
    /// The provider accounts.
    pub accounts: Vec<AccountKnobs>,
    /// An answer to a client is lost.
    pub answer_lost: u16,
    /// Half of a write may be torn at a crash, instead of being there or not.
    pub tears: bool,
    /// A commit takes long.
    pub slow_disk: u16,
    /// A webhook is refused.
    pub webhook_refused: u16,
    /// The store of events is lost at a crash, and made anew.
    pub events_lost: u16,
    /// Submissions are noted in a ledger on another disk.
    pub ledger: bool,
}

/// What was agreed with a provider account, and how it lies all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountKnobs {
    /// First question after the last news, in seconds.
    pub poll_first: u32,
    /// Longest pause between questions, in seconds.
    pub poll_cap: u32,
    /// A person must look after so many seconds.
    pub give_up: u32,
    /// Recalls are taken.
    pub can_revoke: bool,
    /// Undoes are taken.
    pub can_cancel: bool,
    /// "Not found" is final so many seconds after the last send.
    pub not_found_final_after: Option<u32>,
    /// "Not found" means nothing for so many seconds.
    pub visibility_lag: u32,
    /// A reference that was seen is recognised, for ever.
    pub resend_is_safe: bool,
    /// Paid money may come back later.
    pub late_return: bool,
    /// Signed callbacks are believed, and are true.
    pub believed: bool,
    /// Calls in any window of so many seconds; 0 is no limit.
    pub calls: (u32, u32),
    /// How it lies.
    pub lies: Lies,
}

/// How often, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lies {
    /// A request never arrives, and nobody answers.
    pub swallows: u16,
    /// A request arrives hours or days after its sender has given up.
    pub arrives_late: u16,
    /// The connection is refused: provably nothing was sent.
    pub refuses_connection: u16,
    /// Turned away unread, with or without a time to come again.
    pub turns_away: u16,
    /// The provider refuses it, and means it.
    pub refuses: u16,
    /// Takes it and answers with an error.
    pub errs_after_taking: u16,
    /// Takes it and the answer is lost.
    pub answer_lost: u16,
    /// The answer is garbage.
    pub garbage: u16,
    /// Says that it knows the reference already when it does not say "accepted".
    pub duplicate: u16,
    /// A question is not answered.
    pub asked_in_vain: u16,
    /// "Not found", although it is there.
    pub hides: u16,
    /// Tells an earlier state than the present one.
    pub flaps: u16,
    /// A state that nobody knows.
    pub unmapped: u16,
    /// Another amount or currency than was paid.
    pub wrong_amount: u16,
    /// Answers later, by a callback.
    pub defers: u16,
    /// Says that it failed, and pays later.
    pub false_failure: u16,
    /// Says that it took a recall back, and pays.
    pub false_recall: u16,
    /// Calls back about a change.
    pub calls_back: u16,
    /// A callback comes twice.
    pub calls_twice: u16,
    /// A callback comes hours late, behind later ones.
    pub calls_late: u16,
    /// Somebody else calls back in its name.
    pub forged: u16,
    /// A callback tells of another payment.
    pub mistaken: u16,
    /// Is never done by itself.
    pub stuck: u16,
    /// Pays a part.
    pub part: u16,
    /// Fails.
    pub fails: u16,
    /// Holds it for a while.
    pub holds: u16,
    /// Gives it back after it was paid.
    pub returns: u16,
}

impl Script {
    /// As text, for a file.
    ///
    /// # Errors
    /// It cannot be written as JSON, which would be a fault of this crate's.
    pub fn to_text(&self, remarks: &[String]) -> Result<String, serde_json::Error> {
        let mut text: String = remarks.iter().map(|remark| format!("# {remark}\n")).collect();
        text.push_str(&serde_json::to_string(self)?);
        for act in &self.acts {
            text.push('\n');
            text.push_str(&serde_json::to_string(act)?);
        }
        text.push('\n');
        Ok(text)
    }

    /// From the text of a file.
    ///
    /// # Errors
    /// A line is neither a remark nor what belongs there; the line's number says which.
    pub fn from_text(text: &str) -> Result<Script, String> {
        let lines = text.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let bad = |number: usize, why: serde_json::Error| format!("line {}: {why}", number + 1);
        let (number, first) = lines.next().ok_or("the script is empty")?;
        let mut script: Script = serde_json::from_str(first).map_err(|why| bad(number, why))?;
        for (number, line) in lines {
            script.acts.push(serde_json::from_str(line).map_err(|why| bad(number, why))?);
        }
        Ok(script)
    }
}
