//! Verifications as people and programs read them: what was looked at, what did not fit, and how far one
//! is that goes on. One form for the command line, beside a gateway and without one.

use super::TimeOut;
use engine::scrub::{Stage, Verification};
use engine::verify::{Divergence, Report};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A verification that somebody ordered.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
pub struct VerificationOut {
    /// running, done, or broken_off: then it says nothing, and the gateway's log says why.
    #[schema(example = "running")]
    state: &'static str,
    /// When it was ordered.
    started_at: TimeOut,
    /// When it ended; null while it goes on.
    finished_at: Option<TimeOut>,
    /// Who ordered it.
    #[schema(example = "ann")]
    by: String,
    /// Why, in their words.
    reason: String,
    /// How far it is; null once it has ended.
    progress: Option<ProgressOut>,
    /// Whether everything is as the log says; null until that is known.
    good: Option<bool>,
    /// What was looked at, and what did not fit; null until it has ended.
    report: Option<ReportOut>,
}

/// How far a verification is.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = VerificationProgress)]
pub struct ProgressOut {
    /// Records of the journal, states in snapshots and finished payouts that were read.
    #[schema(example = 184_000)]
    pub read: u64,
    /// About how many there are to read; a long journal is read several times. 0 until it is known.
    #[schema(example = 420_000)]
    pub of: u64,
    /// Bytes of those that were read.
    pub bytes_read: u64,
}

/// What a verification found.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = VerificationReport)]
pub struct ReportOut {
    /// Whether everything is as the log says.
    pub sound: bool,
    /// The log was read up to this record.
    pub last_sequence: u64,
    /// How far the anchor has seen the log; null beside a running gateway, which moves it.
    pub anchored: Option<u64>,
    /// What was looked at.
    pub checked: CheckedOut,
    /// How often the log was read, so that the payouts folded at once fit into memory.
    pub passes: u64,
    /// What is no divergence and still worth knowing.
    pub notes: Vec<String>,
    /// How many divergences there are.
    pub divergences: u64,
    /// The first of them, at most about a thousand.
    pub told: Vec<DivergenceOut>,
}

/// How much was looked at.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = VerificationChecked)]
pub struct CheckedOut {
    /// Frames of the log.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Entries of payouts that were folded.
    pub entries: u64,
    /// Payouts that they make.
    pub payouts: u64,
    /// Decisions of operators about the gateway.
    pub decisions: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// States in them.
    pub snapshot_states: u64,
    /// Frames of sled's mirror; only while no gateway runs.
    pub mirrored: u64,
    /// Finished payouts in the archive.
    pub archived: u64,
    /// Index rows of the archive; only while no gateway runs.
    pub index_rows: u64,
    /// Events.
    pub events: u64,
    /// Payouts in memory; only beside a running gateway.
    pub live: u64,
}

/// Something that is not as the log says.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Divergence)]
pub struct DivergenceOut {
    /// A file and the byte where the bad region begins, or a store and a key.
    #[schema(example = "bursar-data/log/00000000000000000001.seg, byte 400")]
    pub place: String,
    /// The payout that it is about, if it is about one.
    pub payout: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// Renders a verification.
pub fn verification(seen: &Verification) -> VerificationOut {
    let Verification { started_at, by, reason, stage } = seen;
    let mut out = VerificationOut {
        state: "running",
        started_at: TimeOut(*started_at),
        finished_at: None,
        by: by.to_string(),
        reason: reason.to_string(),
        progress: None,
        good: None,
        report: None,
    };
    match stage {
        Stage::Running { read, of, bytes } => {
            out.progress = Some(ProgressOut { read: *read, of: *of, bytes_read: *bytes });
        }
        Stage::Done { at, report: found } => {
            (out.state, out.finished_at) = ("done", Some(TimeOut(*at)));
            (out.good, out.report) = (Some(found.is_sound()), Some(report(found)));
        }
        Stage::BrokenOff { at } => {
            (out.state, out.finished_at) = ("broken_off", Some(TimeOut(*at)));
        }
    }
    out
}

/// Renders what was found.
pub fn report(report: &Report) -> ReportOut {
    ReportOut {
        sound: report.is_sound(),
        last_sequence: report.last_sequence,
        anchored: report.anchored,
        checked: CheckedOut {
            frames: report.frames,
            bytes: report.bytes,
            entries: report.entries,
            payouts: report.payouts,
            decisions: report.decisions,
            snapshots: report.snapshots,
            snapshot_states: report.snapshot_states,
            mirrored: report.mirrored,
            archived: report.archived,
            index_rows: report.index_rows,
            events: report.events,
            live: report.live,
        },
        passes: report.passes,
        notes: report.notes.clone(),
        divergences: report.divergences,
        told: report.told.iter().map(divergence).collect(),
    }
}

fn divergence(one: &Divergence) -> DivergenceOut {
    let Divergence { place, payout, what } = one;
    DivergenceOut {
        place: place.clone(),
        payout: payout.map(|id| id.to_string()),
        what: what.clone(),
    }
}
