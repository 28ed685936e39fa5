//! A plan made true: the new log, with what is carried over, beside the old one. Apart from the plan
//! because this is the part that writes; it reads the source a second time and refuses one that has
//! changed.

use super::{Plan, RestoreError};
use crate::desk::{self, DESK, DeskEntry, DeskOrder, Restored, Signature};
use domain::time::Timestamp;
use snapshots::Record;
use snapshots::log::{FrameSource, LogCopy, LogSummary, sync_directory};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct Orders {
    /// The data directory to make. It must not exist, or be empty.
    pub into: PathBuf,
    /// Who restores, why, and from where.
    pub signed: Signature,
    /// When.
    pub now: Timestamp,
    /// How long after the restore a new payout may repeat a key of a lost time that nobody knows.
    pub ask_first_for: Duration,
    /// Size of a log segment.
    pub segment_bytes: u64,
    /// Files that lie beside the log: their names and what they hold.
    pub side_files: Vec<(String, Vec<u8>)>,
}

/// What was made.
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    /// The new log.
    pub log: LogSummary,
    /// How many of its records were added by the restore.
    pub added: u64,
}

/// Writes the new data directory: first under another name, and at the very end under its own.
///
/// # Errors
/// Something is in the way, the source is not the planned one, or the file system refuses. Nothing
/// then stands under the directory's name.
pub fn carry_out(
    source: &mut dyn FrameSource,
    plan: &Plan,
    orders: &Orders,
    progress: &mut dyn FnMut(u64),
) -> Result<Carried, RestoreError> {
    let Orders { into, .. } = orders;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| RestoreError::Io { path, source }
    };
    if fs::read_dir(into).is_ok_and(|mut inside| inside.next().is_some()) || into.is_file() {
        return Err(RestoreError::Occupied(into.clone()));
    }
    let draft = draft_of(into);
    if draft.exists() {
        // What a restore left behind that was interrupted; nobody else uses the name.
        fs::remove_dir_all(&draft).map_err(failed(&draft))?;
    }
    let made = write(source, plan, orders, &draft, progress)?;
    fs::rename(&draft, into).map_err(failed(into))?;
    let parent = into.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_directory(parent.unwrap_or(Path::new("."))).map_err(failed(into))?;
    Ok(made)
}

fn draft_of(into: &Path) -> PathBuf {
    let mut name = into.as_os_str().to_owned();
    name.push(".restoring");
    PathBuf::from(name)
}

fn write(
    source: &mut dyn FrameSource,
    plan: &Plan,
    orders: &Orders,
    draft: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Carried, RestoreError> {
    let failed = |source: io::Error| RestoreError::Io { path: draft.to_owned(), source };
    let log_dir = draft.join("log");
    make_private(&log_dir).map_err(failed)?;
    let mut log = LogCopy::begin(&log_dir, orders.segment_bytes).map_err(failed)?;
    let mut chain = None;
    while let Some(frame) = source.next_frame()? {
        if frame.last_sequence() > plan.through {
            break;
        }
        log.take(&frame).map_err(failed)?;
        chain = Some((frame.last_sequence(), frame.chain()));
        progress(frame.last_sequence());
        if frame.last_sequence() == plan.through {
            break;
        }
    }
    if chain != Some((plan.through, plan.chain)) {
        return Err(RestoreError::Changed);
    }
    let mut added = 0;
    for records in additions(plan, orders) {
        added = log.append(&records?).map_err(failed)? - plan.through;
    }
    for (name, bytes) in &orders.side_files {
        write_private(&draft.join(name), bytes).map_err(failed)?;
    }
    let log = log.finish(&draft.join("anchor")).map_err(failed)?;
    sync_directory(draft).map_err(failed)?;
    Ok(Carried { log, added })
}

/// What is added behind the frames that are kept, one frame each: the desk's record, and then payout
/// by payout what is carried over.
pub(crate) fn additions<'a>(
    plan: &'a Plan,
    orders: &'a Orders,
) -> impl Iterator<Item = Result<Vec<Record>, RestoreError>> + 'a {
    let desk = std::iter::once_with(|| Ok(vec![restored(plan, orders)?]));
    let carried = plan.carrying.entries.iter();
    desk.chain(carried.map(|(id, one)| one.records(*id, orders.now)))
}

/// The desk's own record of the restore.
fn restored(plan: &Plan, orders: &Orders) -> Result<Record, RestoreError> {
    let Signature { by, reason, from } = orders.signed.clone();
    // A clock that lies behind what was written is wrong, and would let the asking end too early.
    let at = orders.now.max(plan.lost_from);
    let order = DeskOrder::Restored(Restored {
        epoch: plan.epoch,
        log_id: plan.log_id,
        through: plan.through,
        chain: plan.chain,
        lost_from: plan.lost_from,
        known: plan.known,
        ask_first_until: at.plus(orders.ask_first_for),
    });
    let version = plan.desk_version + 1;
    let entry = DeskEntry { version, at, by, reason, from, order };
    let unreadable = |why: snapshots::codec::CodecError| RestoreError::Record {
        sequence: plan.through + 1,
        why: why.into(),
    };
    let body = desk::entry_body(&entry).map_err(unreadable)?;
    Ok(Record { payout: DESK, version, body })
}

fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
