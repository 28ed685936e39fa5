//! What a start on an image must be like: it works, knows all that others know, sends nothing a second time,
//! leaves nothing for a verification to find, and is the same the next time. Apart from the start itself,
//! which only tells what there is.

use crate::said::Known;
use crate::start::{Answers, start, store_options};
use domain::entry::Fact;
use domain::id::PayoutId;
use engine::ledger::Intended;
use snapshots::intent_ledger;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

/// What the recording came to in the end: what an image knows is a beginning of it.
pub type Truth = Answers;

/// What was worth counting about a start that is as it should be.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Which stores were set aside and made anew from the log.
    pub set_aside: Vec<String>,
    /// Whether the ledger of intents cannot be read: several lines that came to the disk together were
    /// torn inside, which nothing tells from damage.
    pub ledger_torn: bool,
}

/// Judges the image that lies in `dir`. An error names the promise that is broken.
pub fn judge(dir: &Path, known: &Known, truth: &Truth) -> Result<Verdict, String> {
    let wanted: Vec<PayoutId> = truth.payouts.keys().copied().collect();
    let begin = || actix_rt::System::new().block_on(start(dir, &wanted));
    let ledger_torn = hold_the_ledger(dir, known)?;
    let first = begin().map_err(|why| format!("the start is refused: {why}"))?;
    hold_against_known(&first, known)?;
    hold_against_truth(&first, known, truth)?;
    verify(dir).map_err(|what| format!("a verification behind the start finds: {what}"))?;
    let second = begin().map_err(|why| format!("the second start is refused: {why}"))?;
    goes_on(&first, &second)?;
    Ok(Verdict { set_aside: set_aside(dir), ledger_torn })
}

fn hold_against_known(first: &Answers, known: &Known) -> Result<(), String> {
    for (id, version) in &known.payouts {
        let Some(entries) = first.payouts.get(id) else {
            return Err(format!("I-18: {id} was acknowledged at {version} and is gone"));
        };
        let last = entries.len();
        if last < *version as usize {
            return Err(format!("I-18: {id} was shown at version {version} and is at {last}"));
        }
    }
    for (id, attempt) in known.orders.keys() {
        let entries = first.payouts.get(id).map(Vec::as_slice).unwrap_or_default();
        let sent = entries.iter().any(|entry| match &entry.fact {
            Fact::Invoked(intent) | Fact::Adopted(intent) => intent.attempt == *attempt,
            _ => false,
        });
        if !sent {
            return Err(format!("I-4: attempt {attempt} of {id} had left, and there is no intent"));
        }
        if first.sent.contains(&(*id, *attempt)) {
            return Err(format!("I-2: attempt {attempt} of {id} is sent a second time"));
        }
    }
    for id in &known.events {
        let place = id.sequence();
        let found = first.events.get(place as usize - 1);
        if found != Some(&(place, *id)) {
            return Err(format!("I-34: event {place} was told as {id}, and is {found:?}"));
        }
    }
    let (told, there) = (known.endpoints.len(), first.endpoints);
    if there < told {
        return Err(format!("I-18: of {told} accepted endpoints there are {there}"));
    }
    Ok(())
}

/// A restore reads it when the log is lost: it has all that had left. It may say that it is torn, never less.
fn hold_the_ledger(dir: &Path, known: &Known) -> Result<bool, String> {
    let Some(log_id) = log_id(dir) else { return Ok(false) };
    let kept = match intent_ledger::read(&dir.with_file_name("ledger"), log_id) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) if error.to_string().ends_with(TORN) => return Ok(true),
        kept => kept.map_err(|error| format!("I-24: the ledger of intents is refused: {error}"))?,
    };
    let mut left: BTreeSet<(PayoutId, u8)> = known.orders.keys().copied().collect();
    for line in kept.iter().flat_map(|kept| &kept.lines) {
        let line = Intended::read(line).map_err(|error| format!("I-24: a line: {error}"))?;
        left.remove(&(line.payout, line.intent.attempt));
    }
    match left.first() {
        None => Ok(false),
        Some((id, attempt)) => {
            Err(format!("I-24: attempt {attempt} of {id} had left, and is not in the ledger"))
        }
    }
}

/// The words of a ledger of which a line is not what was written, though later ones are.
const TORN: &str = "a line does not match its checksum";

/// From the begin of the log's first segment, if there is one.
fn log_id(dir: &Path) -> Option<u64> {
    let first = dir.join("log/00000000000000000001.seg");
    let bytes = std::fs::read(first).ok()?;
    Some(u64::from_le_bytes(bytes.get(12..20)?.try_into().ok()?))
}

/// Histories that others have seen are those that happened; events have no gap.
fn hold_against_truth(first: &Answers, known: &Known, truth: &Truth) -> Result<(), String> {
    for (id, version) in &known.payouts {
        let seen = *version as usize;
        let (here, there) = (&first.payouts[id], truth.payouts.get(id));
        if there.and_then(|entries| entries.get(..seen)) != here.get(..seen) {
            return Err(format!("I-11: {id} has another history up to version {version}"));
        }
    }
    for (nth, (place, id)) in (1..).zip(&first.events) {
        if *place != nth {
            return Err(format!("I-33: event {nth} is missing before {id}"));
        }
    }
    Ok(())
}

/// The second start knows all that the first one knew.
fn goes_on(first: &Answers, second: &Answers) -> Result<(), String> {
    let ahead = |(id, entries): (&PayoutId, &Vec<_>)| {
        second.payouts.get(id).and_then(|now| now.get(..entries.len())) != Some(entries)
    };
    if let Some((id, _)) = first.payouts.iter().find(|one| ahead(*one)) {
        return Err(format!("I-27: the second start knows {id} otherwise"));
    }
    if second.events.get(..first.events.len()) != Some(&first.events) {
        return Err("I-27: the second start tells other events".to_owned());
    }
    if let Some((id, attempt)) = second.sent.intersection(&first.sent).next() {
        return Err(format!("I-2: the second start sends attempt {attempt} of {id} again"));
    }
    if (first.keys, first.endpoints) != (second.keys, second.endpoints) {
        return Err("I-27: the second start has other keys or endpoints".to_owned());
    }
    Ok(())
}

/// The first divergence, if there is one.
fn verify(dir: &Path) -> Result<(), String> {
    match web::verification::whole(&store_options(dir), &Default::default()) {
        Ok(report) if report.is_sound() => Ok(()),
        Ok(report) => Err(web::verification::line(&web::render::report(&report).told[0])),
        Err(error) => Err(error.to_string()),
    }
}

/// Stores that a start has replaced lie beside their successors.
fn set_aside(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let stores = names.filter_map(|name| Some(name.split_once(".damaged")?.0.to_owned()));
    let counted: BTreeSet<String> = stores.collect();
    counted.into_iter().collect()
}
