//! What a verification looked at, and what did not fit. Apart from the looking, because an operator
//! reads this, and because every part of the walk reports in these words.

use domain::id::PayoutId;
use snapshots::Copied;
use snapshots::log::LogError;

/// Divergences told in full; more are only counted.
const TOLD: usize = 1_000;

/// Something that is not as the log says, or a log that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Where: a file and a byte, or a store and a key.
    pub place: String,
    /// The payout it is about, if it is about one.
    pub payout: Option<PayoutId>,
    /// What is wrong.
    pub what: String,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The log was read up to this sequence.
    pub last_sequence: u64,
    /// How far the anchor has seen the log; not looked at while the gateway runs.
    pub anchored: Option<u64>,
    /// Frames of the log whose checksums and place in the chain were compared.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Entries of payouts that were folded.
    pub entries: u64,
    /// Payouts that they make.
    pub payouts: u64,
    /// Decisions of the desk.
    pub decisions: u64,
    /// Snapshots that were read whole.
    pub snapshots: u64,
    /// States in them that were compared with the log.
    pub snapshot_states: u64,
    /// Frames of sled's mirror that were compared with the log.
    pub mirrored: u64,
    /// Archived payouts that were compared with the log.
    pub archived: u64,
    /// Index rows of the archive that were compared with its payouts.
    pub index_rows: u64,
    /// Events that were compared with the log.
    pub events: u64,
    /// Payouts in memory that were compared with the log; only while the gateway runs.
    pub live: u64,
    /// How often the log was read, so that the payouts folded at once fit into memory.
    pub passes: u64,
    /// What is no divergence and still worth knowing.
    pub notes: Vec<String>,
    /// What was copied to be read.
    pub copied: Copied,
    /// How many divergences there are.
    pub divergences: u64,
    /// The first of them, in the order in which they were found.
    pub told: Vec<Divergence>,
}

impl Report {
    /// Whether everything is as the log says.
    pub fn is_sound(&self) -> bool {
        self.divergences == 0
    }

    pub(crate) fn amiss(
        &mut self,
        place: impl Into<String>,
        payout: Option<PayoutId>,
        what: impl Into<String>,
    ) {
        self.divergences += 1;
        if self.told.len() < TOLD {
            self.told.push(Divergence { place: place.into(), payout, what: what.into() });
        }
    }

    /// A log that cannot be read to its end: with file and offset, where it says so.
    pub(crate) fn log_amiss(&mut self, error: &LogError) {
        match error {
            LogError::Damaged(damage) => {
                self.amiss(at(&damage.file, damage.offset), None, damage.reason.clone());
            }
            other => self.amiss("log", None, other.to_string()),
        }
    }
}

/// A place in a segment of the log.
pub(crate) fn at(file: &std::path::Path, offset: u64) -> String {
    format!("{}, byte {offset}", file.display())
}
