//! Going back in time without paying twice. A log is copied up to a point; what was sent in the time
//! that is lost by it is carried over, or asked about before anything is sent. Apart from recovery,
//! which continues where it was; here the provider has gone on without us.
//!
//! A restore is planned first and carried out then: the plan reads, and says what will be; nothing is
//! written before somebody has seen it.
//!
//! ← the command line / `snapshots::log` (frames in, a new log out) →

mod books;
mod carry_out;
mod carrying;

pub(crate) use carry_out::additions;
pub use carry_out::{Carried, Orders, carry_out};

use crate::codec::Unreadable;
use crate::desk::DESK;
use crate::ledger::Ledger;
use crate::tally::Tally;
use books::{Books, Kept, Lost};
use carrying::Carrying;
use domain::id::PayoutId;
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::log::{Frame, FrameSource, LogError};
use std::io;
use std::path::PathBuf;

/// Where to go back to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Point {
    /// The end of what there is.
    End,
    /// The last commit that reaches no further than this journal record.
    Sequence(u64),
    /// The last commit in which nothing was written later than this.
    Time(Timestamp),
}

/// What follows the last frame of the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beyond {
    /// Nothing: the gateway that wrote it has written nothing else.
    Nothing,
    /// Nobody knows: the source is an older copy, or damaged.
    Unknown,
}

/// What a restore will do. Sequences are those of the journal, the same in the old log and in the new.
#[derive(Debug)]
pub struct Plan {
    /// The log that it is cut from.
    pub log_id: u64,
    /// The last record that is kept, and what the log hashes to there.
    pub through: u64,
    /// See `through`.
    pub chain: [u8; 32],
    /// The last record that could be read.
    pub end: u64,
    /// When the last kept record was written: the lost time begins here.
    pub lost_from: Timestamp,
    /// Whether every submission of the lost time is known.
    pub known: bool,
    /// Why the source could not be read further, if it could not.
    pub damage: Option<String>,
    /// Payouts at the point, by status.
    pub kept: Tally,
    /// Payouts at the end of the source, by status.
    pub present: Tally,
    /// How many payouts have another status at the point than at the end.
    pub differing: u64,
    /// Some of them: the payout, its status at the point (none if it did not exist), and at the end.
    pub examples: Vec<(PayoutId, Option<Status>, Status)>,
    /// Which restore of this gateway it is: 1, 2, 3 …
    pub epoch: u32,
    desk_version: u32,
    carrying: Carrying,
}

/// Why a restore was not planned, or not carried out.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record that cannot be read, although its frame is intact.
    #[error("the journal's record {sequence} cannot be read: {why}")]
    Record {
        /// Where.
        sequence: u64,
        /// What is wrong.
        why: Unreadable,
    },
    /// The source ends before the point.
    #[error("the source can be read up to record {end} only; {asked} was asked for")]
    TooShort {
        /// Its last readable record.
        end: u64,
        /// The record asked for.
        asked: u64,
    },
    /// Nothing was written by then.
    #[error("nothing was written by that time")]
    BeforeAll,
    /// There is something where the restored data is to go.
    #[error("{} exists and is not empty; a restore never writes over anything", .0.display())]
    Occupied(PathBuf),
    /// The source is another one than was planned with.
    #[error("the source has changed since the plan was made")]
    Changed,
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// Reads the source, and says what a restore to the point will do; `progress` hears the sequences.
/// The ledger, if there is one, has every submission behind its beginning.
///
/// # Errors
/// The source cannot be read up to the point, or holds records that make no payouts.
pub fn plan(
    source: &mut dyn FrameSource,
    point: Point,
    beyond: Beyond,
    ledger: Option<&Ledger>,
    progress: &mut dyn FnMut(u64),
) -> Result<Plan, RestoreError> {
    let (mut then, mut lost, mut head) = (Books::default(), Lost::default(), Head::default());
    let damage = loop {
        let frame = match source.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => break None,
            Err(LogError::Damaged(damage)) => break Some(damage.to_string()),
            Err(error) => return Err(error.into()),
        };
        progress(frame.last_sequence());
        // From the first frame that is not kept on it is the lost time.
        if head.end == head.through && is_kept(&frame, point)? {
            then.take(&frame)?;
            head.keep(&frame);
        } else {
            lost.take(&frame, &then)?;
        }
        head.end = frame.last_sequence();
    };
    head.reaches(point)?;
    // A ledger that was begun behind the point has a gap before it.
    let all_noted = ledger.is_some_and(|ledger| ledger.since <= head.through);
    let whole = all_noted || beyond == Beyond::Nothing && damage.is_none();
    let known = whole && !lost.undoes_ignorance;
    let intents = ledger.map_or(&[][..], |ledger| &ledger.intents);
    let carrying = carrying::of(&then, &lost, intents, known);
    Ok(conclude(&then, &lost, head, carrying, known, damage))
}

/// Where the kept part ends, and where the source does.
#[derive(Default)]
struct Head {
    log_id: u64,
    chain: [u8; 32],
    through: u64,
    end: u64,
}

impl Head {
    fn keep(&mut self, frame: &Frame<'_>) {
        (self.log_id, self.chain) = (frame.log_id(), frame.chain());
        self.through = frame.last_sequence();
    }

    fn reaches(&self, point: Point) -> Result<(), RestoreError> {
        match point {
            _ if self.through == 0 => Err(RestoreError::BeforeAll),
            Point::Sequence(asked) if asked > self.end => {
                Err(RestoreError::TooShort { end: self.end, asked })
            }
            _ => Ok(()),
        }
    }
}

fn is_kept(frame: &Frame<'_>, point: Point) -> Result<bool, RestoreError> {
    Ok(match point {
        Point::End => true,
        Point::Sequence(last) => frame.last_sequence() <= last,
        Point::Time(last) => books::latest(frame)?.is_none_or(|at| at <= last),
    })
}

fn conclude(
    then: &Books,
    lost: &Lost,
    head: Head,
    carrying: Carrying,
    known: bool,
    damage: Option<String>,
) -> Plan {
    let Head { log_id, chain, through, end } = head;
    let status_then = |id| then.get(id).map(Kept::status);
    let changes = lost.touched().into_iter().map(|(id, now)| (id, status_then(id), now.status()));
    let differing: Vec<_> = changes.filter(|(_, was, is)| *was != Some(*is)).collect();
    Plan {
        log_id,
        through,
        chain,
        end,
        lost_from: then.last_at(),
        known,
        damage,
        kept: then.totals(),
        present: lost.totals_over(then),
        differing: differing.len() as u64,
        examples: differing.into_iter().take(EXAMPLES).collect(),
        epoch: then.desk().restores.last().map_or(0, |last| last.epoch) + 1,
        desk_version: then.desk().version,
        carrying,
    }
}

impl Plan {
    /// Payouts of the lost time whose submissions, or whose end before any, are carried over.
    pub fn carried(&self) -> &Tally {
        &self.carrying.carried
    }

    /// Those among them that did not exist at the point.
    pub fn orphans(&self) -> u64 {
        self.carrying.orphans
    }

    /// Payouts made in the lost time and never sent: they are forgotten. The same key makes them again.
    pub fn forgotten(&self) -> &Tally {
        &self.carrying.forgotten
    }

    /// Payouts held because a submission of theirs may be lost, until a provider has said.
    pub fn suspects(&self) -> &Tally {
        &self.carrying.suspects
    }

    /// Payouts that were sent by the point, and whose end is open: asked about as ever.
    pub fn in_doubt(&self) -> &Tally {
        &self.carrying.in_doubt
    }

    /// How many payouts wait for a provider's word before anything is sent.
    pub fn quarantined(&self) -> u64 {
        self.carrying.entries.values().filter(|added| added.is_held()).count() as u64
    }
}

/// How many differing payouts are shown.
const EXAMPLES: usize = 10;

/// Whether a record is the desk's and not a payout's.
fn is_desk(payout: [u8; 16]) -> bool {
    payout == DESK
}
