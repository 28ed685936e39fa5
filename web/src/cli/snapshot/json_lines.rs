//! The journal as lines of JSON that anybody can check without us: what happened to each payout, where it
//! led, chained by SHA-256, and the totals at the end. No recipient, no description, no metadata.
//!
//! Each line ends in `"hash"`: SHA-256 in hex over the line's `prev` and the line as it stands without that
//! last member. `tests/check_export.py` is the other hand that reads it.

mod fact;

use super::export::of_log;
use super::progress::Progress;
use crate::cli::Failure;
use crate::render::{AmountOut, TallyRowOut, TimeOut, tally};
use domain::entry::{Entry, Fact};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::status::Status;
use engine::codec;
use engine::desk::DESK;
use engine::tally::Tally;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use snapshots::RecordRef;
use snapshots::log::{FrameSource, LogFrames};
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What the first line says that the lines are.
const FORMAT: &str = "bursar-journal-1";

/// What was written.
#[derive(Debug)]
pub struct Written {
    records: u64,
    payouts: usize,
    hash: String,
}

#[derive(Serialize)]
struct Header {
    format: &'static str,
    log_id: String,
    through: u64,
}

/// One journal record.
#[derive(Serialize)]
struct Line<'e> {
    sequence: u64,
    payout: Option<String>,
    version: u32,
    at: TimeOut,
    by: String,
    fact: &'static str,
    #[serde(flatten)]
    moved: Option<Moved>,
    #[serde(flatten)]
    created: Option<Created<'e>>,
    #[serde(flatten)]
    after: Option<After>,
}

#[derive(Serialize)]
struct Moved {
    from: Option<&'static str>,
    to: &'static str,
}

#[derive(Serialize)]
struct Created<'e> {
    amount: AmountOut,
    currency: &'e str,
    method: &'static str,
}

#[derive(Serialize)]
struct After {
    money: &'static str,
    amount_processed: Option<AmountOut>,
}

#[derive(Serialize)]
struct Totals {
    records: u64,
    payouts: usize,
    totals: Vec<TallyRowOut>,
}

/// Writes all records through a sequence to a new file.
///
/// # Errors
/// There is such a file, the log is damaged or does not make payouts, or the file system refuses; no file is
/// left then.
pub fn write(
    source: &mut LogFrames,
    through: u64,
    path: &Path,
    progress: &Progress,
) -> Result<Written, Failure> {
    let failed = |error: io::Error| Failure::failed(format!("{}: {error}", path.display()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut lines = Chained::new(BufWriter::new(file.map_err(failed)?));
    let written = write_all(source, through, &mut lines, progress).and_then(|written| {
        let file = lines.out.into_inner().map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).map_err(failed)?;
        Ok(written)
    });
    if written.is_err() {
        // What is incomplete must not be taken for an export.
        let _ = fs::remove_file(path);
    }
    written
}

fn write_all(
    source: &mut LogFrames,
    through: u64,
    lines: &mut Chained<impl Write>,
    progress: &Progress,
) -> Result<Written, Failure> {
    let log_id = format!("{:016x}", source.log_id());
    lines.put(&Header { format: FORMAT, log_id, through })?;
    let mut payouts: HashMap<PayoutId, Payout> = HashMap::new();
    let mut records = 0;
    while records < through {
        let Some(frame) = source.next_frame().map_err(of_log)? else {
            let what = format!("the log ends at {records}, before {through}");
            return Err(Failure::damaged(what));
        };
        for record in frame.records().filter(|record| record.sequence <= through) {
            lines.put(&line(record, &mut payouts)?)?;
            records = record.sequence;
        }
        progress.reached(records);
    }
    let mut sums = Tally::default();
    payouts.values().for_each(|payout| sums.add(payout));
    lines.put(&Totals { records, payouts: payouts.len(), totals: tally(&sums) })?;
    Ok(Written { records, payouts: payouts.len(), hash: lines.hash.clone() })
}

fn line<'e>(
    record: RecordRef<'_>,
    payouts: &'e mut HashMap<PayoutId, Payout>,
) -> Result<Line<'e>, Failure> {
    let sequence = record.sequence;
    let unreadable = |why: String| {
        Failure::damaged(format!("the journal's record {sequence} cannot be read: {why}"))
    };
    if record.payout == DESK {
        let decided =
            engine::desk::entry(record.body).map_err(|error| unreadable(error.to_string()))?;
        return Ok(Line {
            sequence,
            payout: None,
            version: decided.version,
            at: TimeOut(decided.at),
            by: format!("operator:{}", decided.by),
            fact: "desk",
            moved: None,
            created: None,
            after: None,
        });
    }
    let id = PayoutId(record.payout);
    let entry = codec::entry(record.body).map_err(|error| unreadable(error.to_string()))?;
    let from = payouts.get(&id).map(Payout::status);
    let Entry { version, at, ref by, moved, ref fact } = entry;
    let (by, word) = (by.word(), fact::word(fact));
    let is_creation = matches!(fact, Fact::Created(_));
    let to = if is_creation { Some(Status::Created) } else { moved.map(|step| step.to) };
    let payout = apply(payouts, id, entry).map_err(unreadable)?;
    let (request, standing) = (payout.request(), payout.standing());
    Ok(Line {
        sequence,
        payout: Some(id.to_string()),
        version,
        at: TimeOut(at),
        by,
        fact: word,
        moved: to.map(|to| Moved { from: from.map(Status::code), to: to.code() }),
        created: is_creation.then(|| Created {
            amount: AmountOut(request.amount.value()),
            currency: request.currency.code(),
            method: request.method.word(),
        }),
        after: Some(After {
            money: standing.money.word(),
            amount_processed: standing.amount_processed.map(|paid| AmountOut(paid.value())),
        }),
    })
}

fn apply(
    payouts: &mut HashMap<PayoutId, Payout>,
    id: PayoutId,
    entry: Entry,
) -> Result<&Payout, String> {
    use std::collections::hash_map::Entry as Place;
    match payouts.entry(id) {
        Place::Occupied(known) => {
            let payout = known.into_mut();
            payout.apply(entry).map_err(|error| error.to_string())?;
            Ok(payout)
        }
        Place::Vacant(place) => {
            Ok(place.insert(Payout::begin(id, entry).map_err(|error| error.to_string())?))
        }
    }
}

/// Lines of which each carries the hash of the one before.
struct Chained<W: Write> {
    out: W,
    hash: String,
}

impl<W: Write> Chained<W> {
    fn new(out: W) -> Chained<W> {
        Chained { out, hash: "0".repeat(64) }
    }

    fn put(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let line = WithPrev { line, prev: &self.hash };
        let text = serde_json::to_string(&line).map_err(Failure::failed)?;
        let digest = Sha256::new().chain_update(&self.hash).chain_update(&text).finalize();
        self.hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let open = text.strip_suffix('}').unwrap_or(&text);
        writeln!(self.out, "{open},\"hash\":\"{}\"}}", self.hash).map_err(Failure::failed)
    }
}

#[derive(Serialize)]
struct WithPrev<'l, L: Serialize> {
    #[serde(flatten)]
    line: &'l L,
    prev: &'l str,
}

impl Written {
    /// For people.
    pub fn text(&self, path: &Path) -> String {
        let Written { records, payouts, hash } = self;
        let path = path.display();
        format!("{path}: {records} records of {payouts} payouts; the last line's hash is {hash}")
    }

    /// For programs.
    pub fn json(&self, path: &Path) -> Value {
        let Written { records, payouts, hash } = self;
        let file = path.display().to_string();
        json!({ "file": file, "records": records, "payouts": payouts, "hash": hash })
    }
}
