//! The gateway is killed in place of a call by which it writes, for every such call of a first start, of payouts'
//! lives, of a start behind a crash, of a snapshot and of an orderly stop.

use crate::enumeration::{Places, all, even, is_derived, one_of_each, rounds, run};
use crate::round::Round;
use crate::strace::{self, Fault};
use crate::{in_full, rounds_at_most};

/// What acknowledgements, secrets and starts rest on: each must have been in the way of a kill. Not what sled does
/// when its own threads find the time; all of sled is made anew from the log.
const MUST: [(&str, &str); 15] = [
    ("pwrite64", "log/#.seg"),
    ("fdatasync", "log/#.seg"),
    ("pwrite64", "log/spare.tmp"),
    ("rename", "log/#.seg"),
    ("fsync", "log"),
    ("pwrite64", "anchor"),
    ("fdatasync", "anchor"),
    ("write", "ledger/intents-#.ledger"),
    ("fdatasync", "ledger/intents-#.ledger"),
    ("write", "identity.new"),
    ("rename", "identity"),
    ("write", "pepper.new"),
    ("rename", "pepper"),
    ("rename", "keys.json"),
    ("pwrite64", "sled/db"),
];

pub fn needs() -> Result<(), &'static str> {
    if strace::works() { Ok(()) } else { Err("strace") }
}

fn choose(places: &Places) -> Vec<Round> {
    if in_full() {
        let everything = rounds(all(places, |_| true), Fault::Kill);
        return even(&everything, rounds_at_most());
    }
    let truth = one_of_each(places, |target| !is_derived(target));
    let derived = even(&one_of_each(places, is_derived), 16);
    even(&rounds([truth, derived].concat(), Fault::Kill), rounds_at_most())
}

pub fn story() {
    let (places, tally) = run(choose);
    for (scene, targets) in &places {
        let derived = targets.iter().filter(|target| is_derived(target)).count();
        println!(
            "{scene:?}: {} places to be killed at, {derived} of them in databases",
            targets.len()
        );
    }
    tally.print();
    println!("{} kills, {} pairs, {} missed", tally.hits, tally.pairs().len(), tally.missed);
    let lacking = tally.lack(&MUST);
    assert!(lacking.is_empty() || rounds_at_most() < usize::MAX, "never hit: {lacking:?}");
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}
